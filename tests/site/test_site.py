"""The built site, as readers see it: `nox -s docs` runs this after the build."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import ecrimages

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
# Their content is generated.
INDEXES = {"genindex.html", "search.html"}
LOADING = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "object": "data"}
FOREIGN_IN_CSS = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")]+)")
PHONE, DESK = 390, 1280


class Document(HTMLParser):
    """The links, anchors and metadata of a page."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.metadata: dict[str, str] = {}
        self.text = (SITE / name).read_text("utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a tag has."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in LOADING and LOADING[tag] in values:
            self.loads.append(values[LOADING[tag]])
        if tag == "meta":
            self.metadata[values.get("property") or values.get("name", "")] = values.get("content", "")


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class QuietServer(ThreadingHTTPServer):
    """Ignores connections that the browser has closed."""

    def handle_error(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    """All pages, parsed."""
    return {name: Document(name) for name in PAGES}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The URL of a local server of the site."""
    with QuietServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(SITE))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert path is not None, "install Chromium, or build with `nox -s docs -- --no-browser`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=[(PHONE, "light"), (PHONE, "dark"), (DESK, "light")], ids=str)
def window(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A width and a colour scheme of the browser."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """An empty page of the browser."""
    page = window.new_page()
    yield page
    page.close()


def test_the_site_was_built() -> None:
    """The main pages exist."""
    assert {"index.html", "tutorial.html", "reference.html", "404.html"} <= set(PAGES), "run `python -m nox -s docs`"


def test_every_page_has_version_description_and_card(documents: dict[str, Document]) -> None:
    """Every page shows the version, and has a description and the metadata of social cards."""
    written = {name: document for name, document in documents.items() if name not in INDEXES}
    metadata = {"description", "og:title", "og:description", "og:image", "og:site_name"}

    title = f"ecrimages {ecrimages.__version__}"
    assert [name for name, document in documents.items() if title not in document.text] == []
    assert [name for name, document in written.items() if not metadata <= document.metadata.keys()] == []


def test_links_have_targets(documents: dict[str, Document]) -> None:
    """Each link within the site leads to an existing page and anchor."""
    broken = []

    for name, document in documents.items():
        for link in document.links:
            target, anchor = urldefrag(urljoin(name, link))
            # The page 404.html is served at any address, so its links are absolute.
            target = target.removeprefix("/")
            if urlsplit(target).scheme:
                continue
            found = (SITE / unquote(target)).is_file() or target == ""
            if not found or (anchor and target in documents and unquote(anchor) not in documents[target].anchors):
                broken.append(f"{name}: {link}")

    assert broken == []


def test_nothing_is_loaded_from_elsewhere(documents: dict[str, Document]) -> None:
    """Scripts, styles, fonts and images are the site's own."""
    styles = {path.name: path.read_text("utf-8") for path in SITE.rglob("*.css")}

    foreign = [(name, url) for name, document in documents.items() for url in document.loads if urlsplit(url).netloc]
    foreign += [(name, url) for name, css in styles.items() for url in FOREIGN_IN_CSS.findall(css)]

    assert foreign == []


def test_private_modules_are_not_shown(documents: dict[str, Document]) -> None:
    """The reference shows public names under `ecrimages`."""
    anchors = [anchor for document in documents.values() for anchor in document.anchors]

    assert "ecrimages.Image.from_dict" in anchors
    assert "ecrimages.Client.describe_images" in anchors
    assert [anchor for anchor in anchors if re.search(r"ecrimages(\.testing)?\._[a-z]", anchor)] == []


def test_links_to_aws_have_names(documents: dict[str, Document]) -> None:
    """The reference names the pages of AWS's API reference instead of showing their URLs."""
    assert [name for name, document in documents.items() if ">https://docs.aws" in document.text] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_and_fits(site: str, page: Page, name: str) -> None:
    """A page loads without errors, from this site alone, and does not scroll sideways."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))

    page.goto(site + name)

    width = page.viewport_size["width"] if page.viewport_size else 0
    assert problems == []
    assert [url for url in loaded if not url.startswith((site, "data:"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("newest_images", "reference/client.html"),
        ("CVE", "troubleshooting.html"),
        ("vulnerability", "guides/audit.html"),
        ("parallel", "guides/registries.html"),
        ("URI", "guides/uris.html"),
        ("pagination", "glossary.html"),
        ("Lambda", "guides/lambda.html"),
        ("FastAPI", "guides/asyncio.html"),
    ],
)
def test_the_search_finds(site: str, browser: Browser, words: str, expected: str) -> None:
    """The site's search leads to the page about a term."""
    page = browser.new_page()
    page.goto(f"{site}search.html?q={words}")
    page.wait_for_selector("ul.search li a")
    page.wait_for_function("document.querySelector('.search-summary')?.textContent.includes('found')")

    links = page.eval_on_selector_all("ul.search li a", "links => links.map(link => link.href)")

    page.close()
    assert any(expected in link for link in links)
