"""The report as one HTML file that opens offline: no script, nothing from outside."""

import math
import os
import re
from html import escape
from pathlib import Path

import numpy as np

import neuralcollapse
from neuralcollapse.plots.class_vectors import class_lengths, cosine_curves
from neuralcollapse.plots.clock import clock_circles
from neuralcollapse.plots.collapse import class_cosines

_MOST_IN_MATRIX = 256  # classes whose cosines are told apart as pixels
_MOST_ON_CIRCLE = 128  # classes whose numbers can be read
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #ddd; text-align: left; }
figure { margin: 2rem 0; }
figure svg { max-width: 100%; height: auto; }
figcaption { font-size: .9rem; color: #444; }
@media (prefers-color-scheme: dark) {
  body, figcaption { color: #ddd; background: #1a1a1a; }
  th, td { border-color: #444; }
  figure svg, figure svg image { filter: invert(1) hue-rotate(180deg); }
}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(findings):
    """Write findings as an HTML page.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    str
        A whole document. Tables are those of the reports, figures are inline SVG whose captions
        carry the numbers.
    """
    body = [findings.collapse._repr_html_()]
    if findings.cyclic is not None:
        body.append(findings.cyclic._repr_html_())
        body.append(f"<p>{escape(findings.layers)}</p>")
    if findings.code is not None:
        body.append(findings.code._repr_html_())
    if findings.notes:
        body.append("<h2>Notes</h2><ul>")
        body += [f"<li>{escape(note)}</li>" for note in findings.notes]
        body.append("</ul>")
    body += [_figure(plot, number) for number, plot in enumerate(figures(findings))]
    files = [findings.features, *([findings.weights] if findings.weights else [])]
    named = [escape(_file_name(name)) for name in files]
    listed = " and ".join(f"<code>{name}</code>" for name in named)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Neural collapse of {named[0]}</title>"
        f"<style>{_STYLE}</style></head><body>\n<h1>Neural collapse</h1>\n"
        f"<p>Measured in {listed} by neuralcollapse {neuralcollapse.__version__}.</p>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def figures(findings):
    """Draw what the findings allow.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    list of Plot
    """
    means, statistics = findings.means, findings.statistics
    present = statistics.present.numpy()
    tables = {"class means": means}
    if findings.rows is not None:
        tables["classifier"] = findings.rows
    tables = {name: rows for name, rows in tables.items() if np.abs(rows).max(axis=1).all()}
    plots = [class_lengths(means, statistics.class_variances().sqrt().numpy(), present)]
    if tables:
        plots.append(cosine_curves(tables))
        if len(means) <= _MOST_IN_MATRIX:
            plots.append(class_cosines(tables))
        if findings.cyclic is not None and len(means) <= _MOST_ON_CIRCLE and means.shape[1] > 1:
            plots.append(clock_circles(tables, _step(findings.cyclic)))
    return plots


def _step(report):
    """Residues from one point of the circle to the next: the inverse of the frequency."""
    frequency = report.dominant_frequency_weights
    if frequency is None or math.gcd(frequency, report.num_classes) != 1:
        return 1
    return pow(frequency, -1, report.num_classes)


def _file_name(path):
    """The last part of a path, with marks for bytes that are no text."""
    return Path(os.path.abspath(path)).name.encode(errors="replace").decode()


def _figure(plot, number):
    svg = plot.svg[plot.svg.index("<svg") :]  # without what only a file of its own needs
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\b(id="|href="#)|(url\(#)', rf"\g<0>figure-{number}-", svg)  # each id once
    alt = escape(plot.alt, quote=True)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{alt}"', 1)
    return f"<figure>{svg}<figcaption>{escape(plot.alt)}</figcaption></figure>"
