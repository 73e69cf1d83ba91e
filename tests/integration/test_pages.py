"""The pages of reports in a browser, as readers have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import Open

from .conftest import Cli


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


def test_columns_are_sorted_by_keyboard_and_say_so(visit: Open, report_page: Path) -> None:
    page = visit(report_page).page
    head = page.locator("table.numbers thead th", has_text="Pose error").first
    page.locator("table.numbers thead button", has_text="Pose error").first.focus()
    order = "rows => rows.map(row => row.cells[0].textContent)"

    def controls() -> list[str]:
        return page.locator("table.numbers").first.locator("tbody.muted tr:not(.section)").evaluate_all(order)

    page.keyboard.press("Enter")
    assert (head.get_attribute("aria-sort"), controls()) == ("descending", ["copy-source", "copy-target"])
    page.keyboard.press("Space")
    assert (head.get_attribute("aria-sort"), controls()) == ("ascending", ["copy-target", "copy-source"])
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") is None
    headings = (
        page.locator("table.numbers")
        .first.locator("tbody")
        .evaluate_all("bodies => bodies.map(body => body.rows[0].cells[0].textContent.trim())")
    )
    assert headings == ["landmark", "Controls"]  # controls stay apart, and their heading on top


def test_figures_say_in_words_what_they_show(visit: Open, report_page: Path) -> None:
    page = visit(report_page).page
    assert page.locator("figure.chart").count() >= 4
    for drawing in page.locator("svg[role=img]").all():
        assert len(drawing.get_attribute("aria-label") or "") > 20
    for picture in page.locator("img").all():
        assert (picture.get_attribute("alt") or "").startswith("Source ")
    assert page.locator("h3", has_text="Whom a search took the results for").count() == 1


def test_the_page_runs_no_script_but_its_own(visit: Open, report_page: Path, tmp_path: Path) -> None:
    text = report_page.read_text(encoding="utf-8")
    changed = tmp_path / "changed.html"
    changed.write_text(
        text.replace("</main>", "<script>document.title = 'taken over'</script></main>"), encoding="utf-8"
    )
    seen = visit(changed)
    assert seen.page.title() != "taken over"
    assert any("Content Security Policy" in error for error in seen.errors)
    assert seen.page.locator("thead button").count() > 0


def test_a_leaderboard_filters_and_leads_to_its_runs(
    visit: Open, cli: Cli, ffpp_run: Path, lfw_run: Path, tmp_path: Path
) -> None:
    done = cli("leaderboard", ffpp_run, lfw_run, "--out", tmp_path / "site")
    assert done.code == 0, done.stderr
    seen = visit(tmp_path / "site" / "index.html")
    boards = seen.page.locator("section.board:visible")
    assert boards.count() == 2
    seen.page.get_by_label("Protocol").select_option("lfw")
    assert boards.count() == 1 and "lfw" in boards.first.inner_text()
    assert seen.page.locator("nav li:visible").count() == 1
    seen.page.get_by_label("Protocol").select_option("ff++")
    boards.first.get_by_role("link", name="landmark").click()
    assert seen.page.url.endswith(".html") and "/runs/ff__-landmark-" in seen.page.url
    seen.page.get_by_role("link", name="All tables").click()
    assert seen.page.url.endswith("/site/index.html")
    assert (seen.errors, [a for a in seen.requests if not a.startswith(("file:", "data:"))]) == ([], [])


def test_a_leaderboard_without_javascript_shows_every_table(
    visit: Open, cli: Cli, ffpp_run: Path, tmp_path: Path
) -> None:
    assert cli("leaderboard", ffpp_run, "--out", tmp_path / "site").code == 0
    page = visit(tmp_path / "site" / "index.html", script=False).page
    assert page.locator("section.board:visible").count() == 1
    assert page.locator("nav a").count() == 1
    assert not page.locator("#filters").is_visible()
