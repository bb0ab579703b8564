"""The built site, as a reader meets it: `nox -s docs` runs this after the build."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from chromium import Chromium

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
LOADING = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "object": "data"}
FOREIGN_IN_CSS = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")]+)")
PHONE, DESK = 390, 1280


class Page(HTMLParser):
    """What a page has to point at, and what it points at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag says."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in LOADING and LOADING[tag] in values:
            self.loads.append(values[LOADING[tag]])


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve the site on this machine; give its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(SITE))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """Give a browser; where there is none, the tests that need it fail."""
    with Chromium() as browser:
        yield browser


def test_the_site_was_built() -> None:
    """There are pages to look at."""
    assert {"index.html", "tutorial.html", "reference.html"} <= set(PAGES), "run `python -m nox -s docs`"


def test_links_lead_somewhere() -> None:
    """Each link within the site leads to a page that is there, and to a place that is there on it."""
    pages = {name: Page(SITE / name) for name in PAGES}
    broken = []

    for name, page in pages.items():
        for link in page.links:
            target, anchor = urldefrag(urljoin(name, link))
            if urlsplit(target).scheme:
                continue
            found = (SITE / unquote(target)).is_file()
            if not found or (anchor and target in pages and unquote(anchor) not in pages[target].anchors):
                broken.append(f"{name}: {link}")

    assert broken == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    """Scripts, styles, fonts and images are the site's own, as no page needs the network."""
    pages = {name: Page(SITE / name) for name in PAGES}
    styles = {path.name: path.read_text("utf-8") for path in SITE.rglob("*.css")}

    foreign = [(name, url) for name, page in pages.items() for url in page.loads if urlsplit(url).netloc]
    foreign += [(name, url) for name, css in styles.items() for url in FOREIGN_IN_CSS.findall(css)]

    assert foreign == []


def test_nothing_is_named_by_a_private_module() -> None:
    """Public names are shown as those of `ecrimages`; the pages with the source have the modules' names."""
    pages = {name: Page(SITE / name) for name in PAGES if not name.startswith("_modules/")}

    anchors = [anchor for page in pages.values() for anchor in page.anchors]

    assert "ecrimages.Image.from_dict" in anchors
    assert [anchor for anchor in anchors if re.search(r"ecrimages(\.testing)?\._[a-z]", anchor)] == []


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(site: str, browser: Chromium, name: str, width: int) -> None:
    """A page loads without an error and from this site alone, and needs no scrolling sideways."""
    events = browser.open(site + name, width=width)

    errors = []
    for event in events:
        parameters = event.get("params", {})
        if event["method"] == "Runtime.exceptionThrown":
            errors.append(str(parameters["exceptionDetails"]))
        elif event["method"] == "Runtime.consoleAPICalled" and parameters["type"] in {"error", "assert"}:
            errors.append(str(parameters["args"]))
        elif event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            errors.append(str(parameters["entry"]))
        elif event["method"] == "Network.requestWillBeSent":
            url = parameters["request"]["url"]
            if not url.startswith((site, "data:")):
                errors.append(f"loads {url}")
    assert errors == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


def test_the_search_finds_a_call(site: str, browser: Chromium) -> None:
    """The search of the site, which runs in the browser, leads to the reference."""
    browser.open(f"{site}search.html?q=newest_images", width=DESK)

    found = browser.evaluate(
        """new Promise(done => {
            const look = tries => {
                const links = [...document.querySelectorAll('ul.search li a')].map(link => link.href);
                if (links.length || !tries) done(links); else setTimeout(look, 100, tries - 1);
            };
            look(50);
        })"""
    )

    assert any("reference/calls.html" in link for link in found)
