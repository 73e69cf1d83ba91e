"""The pages of reports in a browser, as readers have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import Open


@pytest.fixture
def report_page(ffpp_run: Path) -> Path:
    return ffpp_run / "ff++" / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_opens_without_an_error_and_asks_for_nothing(visit: Open, report_page: Path, scheme: str) -> None:
    seen = visit(report_page, scheme=scheme)
    assert seen.page.title() == "ff++ on the mini set, c23, preset mobilefsgan, offline suite"
    picture = seen.page.locator("img").first
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0
    assert (seen.errors, seen.foreign) == ([], [])
    ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(21, 24, 28)") == (scheme == "dark")


def test_the_report_can_be_read_without_javascript(visit: Open, report_page: Path) -> None:
    seen = visit(report_page, script=False)
    assert "landmark" in seen.page.locator("table.numbers").first.inner_text()


def test_the_report_fits_a_small_screen(visit: Open, report_page: Path) -> None:
    seen = visit(report_page, size=(375, 700))
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 375
