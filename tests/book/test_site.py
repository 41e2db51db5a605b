"""Every page in a browser with the network refused: no error, no request, formulas and figures."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from filelock import FileLock

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
PAGES = sorted(
    page.relative_to(ROOT).with_suffix("")
    for page in (ROOT / "book").rglob("*.md")
    if not any(part.startswith("_") for part in page.relative_to(ROOT).parts)
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module", autouse=True)
def built():
    """The book, built here (a matter of seconds when it is cached) and left alone meanwhile."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "--all", "-q"]
    with FileLock(ROOT / ".build.lock"):
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        if not (SITE / "index.html").exists():
            pytest.fail("the book was not built; test_build.py says why")
        yield


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine; .ci/run installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def open_page(browser, address, **options):
    """Open an address with the network refused; return the page, its problems and its requests."""
    context = browser.new_context(offline=True, **options)
    page = context.new_page()
    problems, requests = [], []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(f"failed: {request.url}"))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    page.evaluate("window.MathJax?.startup?.promise?.then(() => true)")  # all formulas are set
    return page, problems, requests


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES, ids=str)
def test_page_opens_offline_without_an_error(browser, name, scheme):
    page, problems, requests = open_page(
        browser, (SITE / f"{name}.html").as_uri(), color_scheme=scheme
    )
    assert problems == []
    assert {urlsplit(request).scheme for request in requests} <= {"file", "data"}
    formulas = page.locator("span.math, div.math").count()
    assert page.locator("mjx-container").count() >= formulas
    assert page.locator("mjx-merror").count() == 0
    images = page.locator("article img")
    for index in range(images.count()):
        image = images.nth(index)
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
        assert len(image.get_attribute("alt")) > 40
    page.context.close()


@pytest.mark.parametrize("name", PAGES, ids=str)
def test_page_fits_a_narrow_screen(browser, name):
    page, _, _ = open_page(
        browser, (SITE / f"{name}.html").as_uri(), viewport={"width": 390, "height": 800}
    )
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")
    assert not wide
    page.context.close()


def test_an_error_and_a_request_would_be_seen(browser, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text('<img src="https://example.invalid/x.png"><script>nothing()</script>')
    page, problems, requests = open_page(browser, bad.as_uri())
    assert any("example.invalid" in problem for problem in problems)
    assert any("nothing is not defined" in problem for problem in problems)
    assert any(urlsplit(request).scheme == "https" for request in requests)
    page.context.close()


@pytest.mark.parametrize("name", PAGES, ids=str)
def test_page_can_be_downloaded_and_opened_on_binder(name):
    tree = BeautifulSoup((SITE / f"{name}.html").read_text(), "html.parser")
    links = [tag["href"] for tag in tree.select("a[href]")]
    (download,) = {link for link in links if link.endswith(".ipynb")}
    notebook = json.loads(((SITE / f"{name}.html").parent / download).read_text())
    assert notebook["nbformat"] == 4
    (binder,) = {link for link in links if "mybinder" in link}
    repository = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]
    assert urlsplit(repository["url"]).path.strip("/") in binder
    opened = parse_qs(urlsplit(binder).query)["urlpath"][0].removeprefix("lab/tree/")
    assert (ROOT / opened).is_file()
    assert opened == f"{name}.md"


def test_alt_texts_carry_computed_numbers():
    for image in BeautifulSoup((SITE / f"{PAGES[1]}.html").read_text(), "html.parser").select(
        "article figure img"
    ):
        assert any(character.isdigit() for character in image["alt"])
