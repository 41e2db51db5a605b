"""Solids of a small book in a browser with the network refused: they turn, and only when asked."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from neuralcollapse import plots
from neuralcollapse.geometry import orthoplex, simplex_etf

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LABEL = "</script> of 4 points"  # the worst a label can hold
SOLIDS = {"octahedron": orthoplex(3), LABEL: simplex_etf(4)}

PAGE = f"""\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Solids

```{{code-cell}} ipython3
:mystnb:
:  figure:
:    name: fig-solids
:    caption: Two codes.
from neuralcollapse import geometry, plots

solids = {{"octahedron": geometry.orthoplex(3), "{LABEL}": geometry.simplex_etf(4)}}
plots.polyhedra(solids).show("fig-solids")
```
"""

CONFIGURATION = """\
title: Small
only_build_toc_files: true
exclude_patterns: [".*", "_build"]
execute: {execute_notebooks: cache, timeout: 60, stderr_output: error, run_in_temp: true}
sphinx:
  local_extensions: {monograph: book/_ext}
  config:
    html_static_path: ["book/_static"]
    html_css_files: ["monograph.css"]
    SCRIPTS
    html_context: {default_mode: auto}
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A book of one page, built with the project's own extension, style sheet and script."""
    folder = tmp_path_factory.mktemp("solids")
    for name in ("_ext", "_static"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "book" / name, folder / "book" / name, ignore=ignored)
    scripts = re.search(r"html_js_files:.*", (ROOT / "_config.yml").read_text())[0]
    (folder / "_config.yml").write_text(CONFIGURATION.replace("SCRIPTS", scripts))
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/page\n")
    (folder / "book" / "page.md").write_text(PAGE)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "--all", "-q"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "lib")}
    finished = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    page = folder / "_build" / "html" / "book" / "page.html"
    assert page.exists(), finished.stderr
    return page.as_uri()


@pytest.fixture(scope="module")
def browser(address):
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine; .ci/run installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, address):
    """Open the page; at the end hold it to no error and to no request but for its own files."""
    problems, requests, contexts = [], [], []

    def opener(**options):
        contexts.append(browser.new_context(offline=True, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        if options.get("java_script_enabled", True):  # else the browser cancels what it preloads
            page.on("requestfailed", lambda request: problems.append(f"failed: {request.url}"))
        page.goto(address)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert problems == []
    assert {urlsplit(request).scheme for request in requests} <= {"file", "data"}


def drawing(page, place=0):
    return page.locator(".polyhedron svg").nth(place).inner_html()


def middle(page, place=0):
    solid = page.locator(".polyhedron svg").nth(place)
    solid.scroll_into_view_if_needed()
    box = solid.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def numbers(page, selector, *attributes):
    return page.locator(selector).evaluate_all(
        "(all, names) => all.map((e) => names.map((name) => +e.getAttribute(name)))",
        list(attributes),
    )


def test_the_script_draws_what_the_still_picture_shows(open_page):
    page = open_page()
    assert page.locator(".polyhedron").count() == 2
    first = ".polyhedron:first-child "
    plot = plots.polyhedra(SOLIDS)
    panel = plot.figure.axes[0]
    dots = np.concatenate([line.get_xydata() for line in panel.lines if len(line.get_xdata()) == 1])
    drawn = np.array(numbers(page, first + "circle", "cx", "cy")) * [1, -1]
    np.testing.assert_allclose(sorted(map(tuple, drawn)), sorted(map(tuple, dots)), atol=2e-4)
    shades = page.locator(first + ".face").evaluate_all(
        "all => all.map((face) => +getComputedStyle(face).fillOpacity)"
    )
    alphas = [patch.get_alpha() for patch in panel.patches]
    np.testing.assert_allclose(sorted(shades), sorted(alphas), atol=2e-3)
    fills = page.locator(first + ".face").evaluate_all(
        "all => all.map((face) => getComputedStyle(face).fill)"
    )
    assert set(fills) == {"rgb(0, 114, 178)"}
    assert page.locator(first + ".contact").count() == 12
    hidden = [line for line in panel.lines if line.get_linestyle() == "--"]
    assert page.locator(first + ".edge.behind").count() == len(hidden) > 0


def test_arrow_keys_turn_the_solid_that_has_the_focus(open_page):
    page = open_page(viewport={"width": 1000, "height": 400})
    still = drawing(page), drawing(page, 1)
    page.locator(".polyhedron svg").first.focus()
    page.wait_for_timeout(500)  # a browser scrolls smoothly to what gets the focus
    height = page.evaluate("scrollY")
    seen = {still[0]}
    for key in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
        seen.add(drawing(page))
    assert len(seen) == 6
    assert drawing(page, 1) == still[1]
    assert page.evaluate("scrollY") == height
    page.keyboard.press("Home")
    assert drawing(page) == still[0]
    page.keyboard.press("a")
    page.keyboard.press("Control+ArrowLeft")
    assert drawing(page) == still[0]
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert drawing(page) == still[0]
    assert drawing(page, 1) != still[1]


def test_the_front_turns_the_way_the_key_and_the_pointer_go(open_page):
    page = open_page()

    def read():
        return np.array(numbers(page, ".polyhedron:first-child .point:not(.behind)", "cx", "cy"))

    page.locator(".polyhedron svg").first.focus()
    before = read()
    near = np.linalg.norm(before, axis=1).argmin()
    page.keyboard.press("Shift+ArrowRight")
    assert read()[near][0] > before[near][0]
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowDown")
    assert read()[near][1] > before[near][1]  # SVG's y runs down
    page.keyboard.press("Home")
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3, y + 2)
    assert (read()[near] > before[near]).all()
    page.mouse.up()


def test_many_turns_keep_the_shape(open_page):
    page = open_page()
    still = numbers(page, "circle", "cx", "cy")
    page.locator(".polyhedron svg").first.focus()
    for key in ("ArrowLeft", "ArrowUp"):
        for _ in range(72):  # a full turn
            page.keyboard.press(key)
        np.testing.assert_allclose(numbers(page, "circle", "cx", "cy"), still, atol=1.5e-4)


def test_dragging_turns_until_the_pointer_is_let_go(open_page):
    page = open_page()
    still = drawing(page)
    x, y = middle(page)
    page.mouse.move(x - 20, y)
    assert drawing(page) == still  # passing over it is not dragging
    page.mouse.down()
    page.mouse.move(x + 300, y + 90)  # beyond its edge
    turned = drawing(page)
    assert turned != still
    page.mouse.up()
    page.mouse.move(x, y)
    assert drawing(page) == turned
    page.keyboard.press("Home")  # dragging gave it the focus
    assert drawing(page) == still


def test_a_finger_turns_sideways_and_scrolls_upwards(open_page):
    page = open_page(viewport={"width": 360, "height": 300}, has_touch=True, is_mobile=True)
    still = drawing(page)
    session = page.context.new_cdp_session(page)

    def swipe(right, down):
        x, y = middle(page)
        for kind, part in (("Start", 0), ("Move", 0.3), ("Move", 0.6), ("Move", 1), ("End", None)):
            at = [] if part is None else [{"x": x + part * right, "y": y + part * down}]
            session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})
        page.wait_for_timeout(100)

    height = page.evaluate("scrollY")
    swipe(60, 10)
    turned = drawing(page)
    assert turned != still
    middle(page)
    height = page.evaluate("scrollY")
    swipe(0, -90)
    assert page.evaluate("scrollY") > height


def test_nothing_moves_by_itself(open_page):
    page = open_page()
    page.evaluate("""() => {
        window.changes = 0;
        const watch = new MutationObserver((records) => (window.changes += records.length));
        watch.observe(document.querySelector(".polyhedra"), { childList: true, subtree: true });
    }""")
    page.wait_for_timeout(400)
    assert page.evaluate("window.changes") == 0
    page.locator(".polyhedron svg").first.press("ArrowLeft")
    assert page.evaluate("window.changes") == 1  # one drawing a key


def test_words_stay(open_page):
    page = open_page()
    image = page.locator("article img")
    alt = plots.polyhedra(SOLIDS).alt
    assert image.count() == 1
    assert image.get_attribute("alt") == alt
    assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    page.locator(".polyhedron svg").first.press("ArrowLeft")
    assert image.get_attribute("alt") == alt
    solid = page.locator(".polyhedron svg").nth(1)
    assert solid.get_attribute("role") == "application"
    assert solid.get_attribute("aria-label") == LABEL
    hint = page.locator(f"#{solid.get_attribute('aria-describedby')}")
    assert "arrow keys" in hint.inner_text()
    assert hint.is_visible()


def test_the_still_picture_is_there_without_a_script_and_in_print(open_page):
    page = open_page(java_script_enabled=False)
    assert page.locator(".polyhedron").count() == 0
    assert page.locator("article img").bounding_box()["width"] > 300
    page = open_page()
    assert page.locator("article img").bounding_box()["width"] <= 1
    page.emulate_media(media="print")
    assert not page.locator(".polyhedra").is_visible()
    assert not page.locator(".polyhedra-hint").is_visible()
    assert page.locator("article img").bounding_box()["width"] > 300


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits(open_page, width):
    page = open_page(viewport={"width": width, "height": 800})
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")
    boxes = [page.locator(".polyhedron").nth(place).bounding_box() for place in (0, 1)]
    assert all(120 < box["width"] < 260 for box in boxes)
    assert boxes[0]["y"] == boxes[1]["y"]


def test_light_and_dark(open_page):
    def look(page, selector, name):
        return page.locator(selector).first.evaluate(
            "(element, name) => getComputedStyle(element)[name]", name
        )

    light, dark = (open_page(color_scheme=scheme) for scheme in ("light", "dark"))
    for selector, name in ((".contact", "stroke"), (".point", "fill"), (".face", "fill")):
        assert look(light, selector, name) != look(dark, selector, name)
    shades = [
        page.locator(".polyhedron:first-child .face").evaluate_all(
            "all => all.map((face) => +getComputedStyle(face).fillOpacity)"
        )
        for page in (light, dark)
    ]
    np.testing.assert_allclose(np.sum(shades, axis=0), 1.1, atol=1e-3)
    for page in (light, dark):
        assert look(page, ".polyhedron svg", "outlineStyle") == "none"
        page.locator(".polyhedron svg").first.focus()
        assert look(page, ".polyhedron svg", "outlineStyle") == "solid"


def test_a_script_that_fails_would_be_seen(browser, tmp_path):
    page = browser.new_context(offline=True).new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    script = (ROOT / "book" / "_static" / "polyhedra.js").read_text()
    bad = tmp_path / "bad.html"
    data = '<img><script type="application/json" class="polyhedra-data">{}</script>'
    bad.write_text(f"{data}<script>{script}</script>")
    page.goto(bad.as_uri())
    page.context.close()
    assert problems
