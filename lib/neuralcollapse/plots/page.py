"""What a page hands to its text: figures with their alt text, and numbers by name."""

import io
import json
from dataclasses import dataclass
from functools import cached_property

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from neuralcollapse.plots.style import _STYLE

_GLUE = "application/papermill.record/"  # how the book's text finds a value glued by a cell


@dataclass(frozen=True)
class Plot:
    """A figure and the words that replace it for those who cannot see it.

    Attributes
    ----------
    figure : Figure
    alt : str
        One or two sentences that carry the computed numbers.
    data : dict, optional
        What a script of the book needs to draw the figure anew. It travels inside the SVG.
    """

    figure: Figure
    alt: str
    data: dict | None = None

    @cached_property
    def svg(self):
        """The figure as SVG text; drawn once, for each drawing moves the layout a little."""
        buffer = io.StringIO()
        metadata = {"Date": None, "Creator": None}
        if self.data is not None:
            metadata["Source"] = json.dumps(self.data, separators=(",", ":"))
        with matplotlib.rc_context(_STYLE):
            self.figure.savefig(buffer, format="svg", metadata=metadata)
        return buffer.getvalue()

    def show(self, name):
        """Display the figure and glue its alt text as ``<name>-alt``; returns nothing.

        Parameters
        ----------
        name : str
            Name of the figure in the cell's metadata.
        """
        display({"image/svg+xml": self.svg, "text/plain": f"[{name}]"}, raw=True)
        _glue(f"{name}-alt", self.alt)


def publish(**values):
    """Glue numbers for the text around the cell, each under its own name.

    Parameters
    ----------
    **values : int, float or str
        Underscores become hyphens: ``publish(final_nc1=0.01)`` is read as ``final-nc1``.

    Raises
    ------
    TypeError
        If a value is not a single number or a string.
    """
    for name, value in values.items():
        if isinstance(value, (np.generic, np.ndarray)):
            value = value.item()
        if not isinstance(value, (int, float, str)):
            raise TypeError(f"{name}: expected a number or a string, got {type(value).__name__}")
        _glue(name.replace("_", "-"), value)


def display(*arguments, **options):
    """IPython's display, imported when used: who draws for a file need not have IPython."""
    from IPython.display import display as show

    show(*arguments, **options)


def _glue(name, value):
    text = value if isinstance(value, str) else repr(value)
    display(
        {f"{_GLUE}text/plain": text},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": _GLUE}},
    )
