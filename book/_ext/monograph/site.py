"""MathJax from a package, and a last look at what was built.

Everything wrong is a warning with its cause in a sentence; under ``-W`` a warning fails the build.
"""

import os
import re
from importlib import import_module
from importlib.metadata import files
from pathlib import Path
from shutil import copyfile
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from jupyter_cache import get_cache
from sphinx.util import logging

from monograph import pages

LOGGER = logging.getLogger(__name__)
MATHJAX = "tex-svg-full.js"
_FONT_PRELOAD = re.compile(r'<link rel="preload" as="font"[^>]*>')
STATEMENTS = ("theorem", "lemma", "proposition", "corollary", "conjecture", "observation")


def use_local_mathjax(app, config):
    """Load MathJax from the book itself: no page needs the network."""
    config.mathjax_path = f"mathjax/{MATHJAX}"
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # kernels inherit it: one thread a page


def copy_mathjax(app):
    """Copy the one MathJax file the pages load."""
    source = next(f for f in files("sphinx-mathjax-offline") if f.name == MATHJAX)
    target = Path(app.outdir) / "_static" / "mathjax" / MATHJAX
    target.parent.mkdir(parents=True, exist_ok=True)
    copyfile(source.locate(), target)


def drop_thebe(app, pagename, templatename, context, doctree):
    """Leave out the scripts of Thebe, which Jupyter Book adds twice and this book does not use."""
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "thebe" not in f"{getattr(script, 'filename', script)}{vars(script)}".lower()
    ]


def drop_font_preloads(app, error):
    """Remove font preloads: a browser refuses them for a book opened from a folder."""
    if error or app.builder.name != "html":
        return
    for path in _built(Path(app.outdir)):
        text = path.read_text(encoding="utf-8")
        path.write_text(_FONT_PRELOAD.sub("", text), encoding="utf-8")


def check_site(app, error):
    """Warn of missing pages, dead links, images without alt text, changed outputs, lost claims."""
    if error or app.builder.name != "html":
        return
    checks = (missing_pages, dead_links, silent_images, changed_outputs, unledgered_statements)
    for check in checks:
        for problem in check(app):
            LOGGER.warning(problem)


def missing_pages(app):
    """Yield pages of ``book/`` that the table of contents leaves out or the build did not write."""
    root, out = Path(app.srcdir), Path(app.outdir)
    for page in pages.find_pages(root / "book"):
        name = page.relative_to(root).with_suffix("").as_posix()
        if name not in app.env.found_docs:
            yield f"{name}: the page is not in _toc.yml, so it is missing from the book"
        for target in (out / f"{name}.html", out / "_sources" / f"{name}.ipynb"):
            if name in app.env.found_docs and not target.exists():
                yield f"{name}: {target.relative_to(out)} is missing from the output"


def dead_links(app):
    """Yield links of built pages to files or anchors of the book that do not exist."""
    out = Path(app.outdir)
    trees = {path.resolve(): _parse(path) for path in _built(out)}
    anchors = {
        path: {tag.get("id") or tag.get("name") for tag in tree.find_all(_is_anchor)}
        for path, tree in trees.items()
    }
    for path, tree in trees.items():
        for tag in tree.find_all(["a", "link", "script", "img"]):
            link = urlsplit(tag.get("href") or tag.get("src") or "")
            if link.scheme or link.netloc or not (link.path or link.fragment):
                continue
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            where = path.relative_to(out.resolve())
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                yield f"{where}: dead link to {link.path}"
            elif link.fragment and target in anchors and _anchor(link) not in anchors[target]:
                yield f"{where}: dead link to #{link.fragment} in {target.name}"


def silent_images(app):
    """Yield images of articles without alt text."""
    for path in _built(Path(app.outdir)):
        for image in _parse(path).select("article img"):
            alt = image.get("alt", "").strip()
            if not alt or alt.startswith(("../", "_images", image.get("src", "?"))):
                yield f"{path.name}: image {image.get('src')} has no alt text"


def changed_outputs(app):
    """Yield differences between what the build executed and the references."""
    root = Path(app.srcdir)
    references = root / app.config.monograph_references
    cache = get_cache(app.config.nb_execution_cache_path)
    for page in pages.find_pages(root / "book"):
        name = page.relative_to(root).with_suffix("").as_posix()
        if name not in app.env.found_docs:
            continue
        try:
            expected = pages.read_reference(page, root / "book", references)
        except pages.StaleReferenceError as error:
            yield str(error)
            continue
        try:
            # The cache has what the cells displayed; the rendered notebook has lost glued values.
            _, executed = cache.merge_match_into_notebook(pages.read_page(page))
        except KeyError:
            yield f"{name}: was not executed to its end, so its outputs were not compared"
            continue
        ran = pages.code_cells(executed)
        for number, (cell, reference) in enumerate(zip(ran, expected, strict=True), 1):
            tolerance = cell.metadata.get("tolerance", pages.RELATIVE_TOLERANCE)
            for difference in pages.differences(cell.outputs, reference.outputs, tolerance):
                yield f"{name}: changed output of code cell {number}: {difference}"
    for orphan in pages.orphan_references(root / "book", references):
        yield f"{orphan.relative_to(root)}: orphan reference, no page has it; delete it"


def unledgered_statements(app):
    """Yield statements without a claim in the ledger, and claims that no page states."""
    module, _, name = app.config.monograph_ledger.partition(":")
    claims = {claim.identifier: claim for claim in getattr(import_module(module), name)}
    stated = getattr(app.env, "proof_list", {})
    for label, proof in stated.items():
        if proof["realtype"] in STATEMENTS and label not in claims:
            yield f"{proof['docname']}: {proof['realtype']} {label!r} has no entry in the ledger"
    for label, claim in claims.items():
        page = Path(app.outdir) / "book" / f"{claim.page}.html"
        if not page.exists() or not _parse(page).find(id=label):
            yield f"ledger: claim {label!r} is not stated on its page book/{claim.page}"


def _built(out):
    return sorted(p for p in out.rglob("*.html") if "_static" not in p.relative_to(out).parts)


def _parse(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def _is_anchor(tag):
    return tag.get("id") or tag.get("name")


def _anchor(link):
    return unquote(link.fragment)


def setup(app):
    """Copy before writing, check after everything else has finished."""
    app.connect("config-inited", use_local_mathjax)
    app.connect("builder-inited", copy_mathjax)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("build-finished", drop_font_preloads, priority=800)
    app.connect("build-finished", check_site, priority=900)
