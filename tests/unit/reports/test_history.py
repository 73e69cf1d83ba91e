"""Metrics over runs: order, changes, what is kept apart, and the page."""

import re

import numpy as np
import pytest

from fsbench.reports.compare_settings import CompareSettings
from fsbench.reports.history import histories
from fsbench.reports.history_page import change_lines, history_html
from fsbench.reports.page import SCRIPT
from fsbench.reports.runs import load_runs

N = 200


@pytest.fixture
def runs(side, tmp_path):
    """Write runs whose pose error is shifted as told, day by day; give the histories."""

    def make(*shifts, by="date", noise=0.0, commits=(), **settings):
        rng = np.random.default_rng(3)
        plain = rng.normal(2, 0.3, N)
        for day, shift in enumerate(shifts):
            commit = commits[day] if commits else f"{day:x}" * 40
            made = {"started": f"2026-11-{day + 1:02}T09:00:00+00:00", "commit": commit}
            column = plain + shift + noise * rng.normal(0, 1, N)
            side(f"h/{len(shifts) - day}", pose_error=column, **{**settings, "provenance": made})
        return histories(load_runs([tmp_path / "h"]), CompareSettings(), by=by)[0]

    return make


def changed(history):
    (series,) = (series for series in history.series if series.metric == "pose_error")
    return {reading.moment: reading.change.verdict for reading in series.readings if reading.change is not None}


def test_runs_stand_in_the_order_of_their_dates_and_steps_are_marked_where_they_happened(runs):
    (history,) = runs(0, 0, 0, 0.5, 0.5, 0.1)
    assert [moment.name for moment in history.moments] == [f"2026-11-0{day}" for day in range(1, 7)]
    assert changed(history) == {3: "worse", 5: "better"}


def test_noise_alone_marks_nothing_in_a_hundred_runs(runs):
    (history,) = runs(*[0] * 100, noise=0.05)
    assert changed(history) == {}


def test_a_slow_drift_is_marked_once_it_is_more_than_the_margin(runs):
    (history,) = runs(*[0.03 * day for day in range(9)])
    assert changed(history) == {4: "worse", 8: "worse"}  # 0.12 since the start is the first above 0.1


def test_a_point_a_commit_is_its_last_run(runs):
    (history,) = runs(0, 0.3, 0.3, by="commit", commits=["a" * 40, "a" * 40, "b" * 40])
    assert [moment.name for moment in history.moments] == ["a" * 10, "b" * 10]
    assert history.series[0].readings[0].value == pytest.approx(history.series[0].readings[1].value)


def test_other_definitions_are_drawn_apart_with_the_reason(side, tmp_path):
    column = np.random.default_rng(0).normal(2, 0.3, N)
    side("h/1", pose_error=column, provenance={"started": "2026-11-01"})
    side("h/2", pose_error=column + 1, definition_digest="f" * 12, provenance={"started": "2026-11-02"})
    side("h/2", "copy-target", is_control=True, pose_error=column)
    found, _ = histories(load_runs([tmp_path / "h"]), CompareSettings(), by="date")
    assert [len(history.moments) for history in found] == [1, 1]
    assert (found[0].apart, "definition" in found[1].apart) == ("", True)


def test_a_metric_that_is_missing_once_breaks_the_line_and_is_no_zero(side, tmp_path):
    column = np.random.default_rng(0).normal(2, 0.3, N)
    for day, given in enumerate(({"fid": 10.0}, {}, {"fid": 11.0}), start=1):
        side(f"h/{day}", pose_error=column, provenance={"started": f"2026-11-0{day}"}, **given)
    ((history,), _) = histories(load_runs([tmp_path / "h"]), CompareSettings(), by="date")
    (fid,) = (series for series in history.series if series.metric == "fid")
    assert [reading.value for reading in fid.readings] == [10.0, None, 11.0]
    page = history_html([history])
    assert re.search(r'class="series" d="M[\d. ]+M[\d. ]+"', page)


def test_the_page_is_one_file_with_its_changes_in_words_and_escapes_markup(runs):
    found = runs(0, 0.5, title="<script>alert(1)</script>")
    page = history_html(found, problems=["<b>broken</b>"])
    assert page.count("<script") == page.count(f"<script>{SCRIPT.read_text()}</script>") == 1  # our own, and no other
    assert "<b>broken" not in page
    assert re.findall(r"(?:src|href)=|https?://(?!www.w3.org)", page) == []
    assert 'class="changed"' in page
    assert "change: worse, 2." in page
    assert page == history_html(found, problems=["<b>broken</b>"])


def test_changes_are_lines(runs):
    (line,) = change_lines(runs(0, 0.5))
    assert line.startswith("2026-11-02 09:00 1111111111  ff++ ours  Pose error, deg ↓: worse")
    assert "by +0.50" in line


def test_one_run_alone_is_drawn(runs):
    (history,) = runs(0)
    assert "1 run." in history_html([history])
