"""Theorems with ids of their own, and figures with the alt text their cell computed."""

import json
from pathlib import Path

from docutils import nodes


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


def setup(app):
    """Run both once a page is read."""
    app.connect("doctree-read", separate_theorem_ids)
    app.connect("doctree-read", add_alt_text)
