"""Theorems with ids of their own; figures with the alt text and the data their cell computed."""

import json
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes

_SOURCE = ".//{http://purl.org/dc/elements/1.1/}source"  # in the metadata of an SVG


def separate_theorem_ids(app, document):
    """Give each theorem's and proof's body its own id; sphinx-proof gives all of them one."""
    proofs = 0
    for node in document.findall(nodes.Element):
        if node.get("ids") == ["proof-content"]:
            node["ids"] = [f"{node.parent['label']}-content"]
        elif node.get("ids") == ["proof"]:
            proofs += 1
            node["ids"] = [f"proof-{proofs}"]


def add_alt_text(app, document):
    """Copy the alt text glued as ``<figure>-alt`` to the image of that figure."""
    store = Path(app.env.mystnb_config.output_folder) / f"{app.env.docname}.glue.json"
    glued = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    for figure in document.findall(nodes.figure):
        for name in figure["names"]:
            output = glued.get(f"{name}-alt")
            if output is None:
                continue
            text = next(iter(output["data"].values()))
            for image in figure.findall(nodes.image):
                image["alt"] = text


def lay_out_data(app, document):
    """Copy the data a figure carries in its SVG beside its image, where a script reads them.

    A page opened from a folder may not read other files, so the data have to be in the page.
    """
    outputs = Path(app.env.mystnb_config.output_folder).resolve()
    for image in list(document.findall(nodes.image)):
        path = Path(app.srcdir, image["uri"]).resolve()
        ours = path.suffix == ".svg" and outputs in path.parents
        data = carried_data(path) if ours else None
        if data is not None:
            text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
            kind = f"{next(iter(data))}-data"
            script = f'<script type="application/json" class="{kind}">{text}</script>'
            place = image.parent.index(image) + 1
            image.parent.insert(place, nodes.raw("", script, format="html"))


def carried_data(path):
    """Return the data that `Plot` wrote into an SVG, or None."""
    source = ElementTree.parse(path).find(_SOURCE)
    return None if source is None else json.loads(source.text)


def setup(app):
    """Run all once a page is read."""
    app.connect("doctree-read", separate_theorem_ids)
    app.connect("doctree-read", add_alt_text)
    app.connect("doctree-read", lay_out_data)
