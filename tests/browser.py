"""Headless Chromium for tests of pages: what it shows, what it complains of, and what it asks the network for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
PATIENCE = 120_000  # milliseconds: a machine may have other things to do
AT_HOME = ("file:", "data:", "blob:", "about:")


@dataclass
class Visit:
    """An open page, with the errors of its console and the addresses that it asked for beyond its own."""

    page: Any  # of Playwright
    home: str  # addresses that begin so are the page's own
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """What it asked for elsewhere."""
        return [address for address in self.requests if not address.startswith((self.home, *AT_HOME))]


Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Start Chromium once a module: while it runs, nothing else in this process can start an event loop."""
    driver = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'fsbench[dev]'")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Open]:
    """Open a file or an address in a window of its own.

    Give `scheme="dark"`, `script=False` or a `size` for readers who have it so, and `first` for what must be done with
    the empty page, such as listening to what it gets. A page of an address may ask its own server; `visit.foreign`
    names all that went elsewhere.
    """
    contexts = []

    def open_page(
        place: Path | str,
        *,
        scheme: Literal["light", "dark"] = "light",
        script: bool = True,
        size: tuple[int, int] = (1280, 900),
        first: Callable[[Any], object] = lambda page: None,
    ) -> Visit:
        width, height = size
        context = chromium.new_context(
            color_scheme=scheme, java_script_enabled=script, viewport={"width": width, "height": height}
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        address = place.resolve().as_uri() if isinstance(place, Path) else place
        seen = Visit(context.new_page(), address)
        seen.page.on("console", lambda said: seen.errors.append(said.text) if said.type == "error" else None)
        seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        first(seen.page)
        seen.page.goto(address)
        return seen

    yield open_page
    for context in contexts:
        context.close()
