"""A rehearsal: the copy of a study, what simulated raters think, and whether the analysis finds it again."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from studies import Made, make_study, rate, rater_at_work

from fsbench.errors import ConfigError
from fsbench.userstudy.analysis.findings import analyse
from fsbench.userstudy.analysis.votes import read_study
from fsbench.userstudy.export import export
from fsbench.userstudy.extend import extend
from fsbench.userstudy.links import OPEN, read_links
from fsbench.userstudy.simulate.clients import Failed, Seen, StoreClient
from fsbench.userstudy.simulate.drive import Crowd, Report, count_scores, drive, settle
from fsbench.userstudy.simulate.rehearsal import rehearse
from fsbench.userstudy.simulate.truth import Answers, Truth, means_of
from fsbench.userstudy.spec import HIDDEN, QUESTIONS, load_spec
from fsbench.userstudy.status import status
from fsbench.userstudy.store import Store
from fsbench.userstudy.upkeep import close, release

MEANS = {"DeepFakes": 1.5, "FaceShifter": 3.0, "Ours": 4.0}


def means() -> dict[str, dict[str, float]]:
    return means_of(list(MEANS), [f"{name}={value}" for name, value in MEANS.items()])


def links_of(store: Store) -> dict[int, str]:
    return {int(name): token for name, token in read_links(store.folder).items() if name != OPEN}


def simulated(store: Store, crowd: Crowd, **habits: float) -> Report:
    store.open_study()
    truth = Truth(store, means(), seed=1, clickers=habits.get("clickers", 0), straight=habits.get("straight", 0))
    return drive(lambda: StoreClient(store), truth, links_of(store), crowd)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return make_study(tmp_path / "noise", raters=8, per_rater=15, sets=20)


def test_the_analysis_finds_the_means_that_the_raters_had(made: Made, tmp_path: Path) -> None:
    with sqlite3.connect(made.folder / "study.sqlite") as database:
        before = list(database.iterdump())
    origin = made.open()
    spec = rehearse(origin, tmp_path / "rehearsal", raters=None, is_hasty=True)
    assert spec.title == "Simulated raters: A study of noise" and "simulated raters" in spec.data
    assert spec.screening.min_median_seconds is None and load_spec(made.folder).screening.min_median_seconds == 6
    copy = Made(tmp_path / "rehearsal", spec, made.links).open()
    report = simulated(copy, Crowd(at_once=4))
    assert report.errors == [] and report.finished == 8
    assert report.pages == 8 * 20 and count_scores(copy) == 8 * 20 * 9 == 9 * len(report.waits)
    close(copy)
    export(copy, tmp_path / "out")
    found = analyse(read_study(tmp_path / "out"), draws=50)
    assert found == analyse(read_study(copy.folder), draws=50)
    assert sum(judged.is_excluded for judged in found.raters) <= 1  # rules are made to lose one in twenty
    misses = 0
    for name, mean in MEANS.items():
        for question in QUESTIONS:
            score = found.everyone.score(name, question)
            assert score.mean is not None and abs(score.mean - mean) < 0.5
            assert score.interval is not None
            misses += not score.interval.low <= mean <= score.interval.high
    assert misses <= 2  # of nine intervals of 95 %
    verdicts = {(c.method, c.reference, c.question): c.verdict for c in found.everyone.contrasts}
    assert set(verdicts.values()) == {"lower"}
    assert {rate.name for rate in found.gold} >= set(HIDDEN)
    with sqlite3.connect(made.folder / "study.sqlite") as database:
        assert list(database.iterdump()) == before


def test_pictures_of_a_rehearsal_have_names_of_their_own(made: Made, tmp_path: Path) -> None:
    rehearse(made.open(), tmp_path / "rehearsal", raters=3, is_hasty=False)
    names = [{file.name for file in (folder / "assets").iterdir()} for folder in (made.folder, tmp_path / "rehearsal")]
    assert len(names[0]) == len(names[1]) and not names[0] & names[1]
    assert load_spec(tmp_path / "rehearsal").counts.raters == 3
    assert load_spec(tmp_path / "rehearsal").screening.min_median_seconds == 6


def test_careless_raters_are_caught(made: Made, tmp_path: Path) -> None:
    spec = rehearse(made.open(), tmp_path / "rehearsal", raters=20, is_hasty=True)
    copy = Made(tmp_path / "rehearsal", spec, made.links).open()
    truth = Truth(copy, means(), seed=1, clickers=0.1, straight=0.1)
    simulated(copy, Crowd(at_once=4), clickers=0.1, straight=0.1)
    close(copy)
    found = analyse(read_study(copy.folder), draws=50)
    careless = {n for n, habit in enumerate(truth.habits, 1) if habit != "careful"}
    caught = {judged.rater.ordinal for judged in found.raters if judged.is_excluded}
    assert len(careless) == 4
    assert len(careless & caught) >= 3 and len(caught - careless) <= 1


def test_raters_who_quit_can_be_replaced(made: Made) -> None:
    store = made.open()
    report = simulated(store, Crowd(at_once=3, quitters=3, seed=2))
    assert report.finished == 5 and report.errors == []
    quitters = [person for person in status(store).raters if person.state == "active"]
    assert len(quitters) == 3 and {person.done for person in quitters} == {6}
    release(store, ordinals=[person.ordinal for person in quitters])
    added = extend(store)
    again = simulated(Made(made.folder, made.spec, made.links).open(), Crowd(at_once=1))
    assert again.finished + 3 == 8 + len(added.tokens)  # those who finished before go to the end at once
    assert len(again.errors) == 3 and all("not all sets are rated" in error for error in again.errors)
    assert status(store).views_high - status(store).views_low <= 1


def test_what_fails_is_reported_and_the_others_go_on(made: Made) -> None:
    class Breaks(StoreClient):
        def submit(self, answers: Answers) -> None:
            if answers[0]["realism"] > 3:
                raise Failed("the page was not saved")
            super().submit(answers)

        def page(self) -> Seen | None:
            return super().page()

    store = made.open()
    store.open_study()
    truth = Truth(store, means(), seed=1, clickers=0, straight=0)
    report = drive(lambda: Breaks(store), truth, links_of(store), Crowd())
    assert len(report.errors) == 8 - report.finished > 0
    assert all("Failed: the page was not saved" in error for error in report.errors)
    settle(report, store)
    assert report.stored == 9 * report.pages and len(report.errors) == 8 - report.finished
    report.pages += 1
    settle(report, store)
    assert "pages were acknowledged" in report.errors[-1]


def test_means_are_read_from_the_command_line() -> None:
    assert means_of(["a", "b"], []) == {"a": dict.fromkeys(QUESTIONS, 2.5), "b": dict.fromkeys(QUESTIONS, 3.4)}
    assert means_of(["a=x", "b"], ["a=x=1,2,3"])["a=x"] == {"realism": 1, "identity": 2, "attributes": 3}
    for wrong in ("a=1,2", "c=3", "a=high", "a"):
        with pytest.raises(ConfigError, match="wanted METHOD=MEAN"):
            means_of(["a", "b"], [wrong])


def test_a_mean_outside_the_scale_and_a_rehearsal_of_a_rehearsal_are_refused(made: Made, tmp_path: Path) -> None:
    store = made.open()
    with pytest.raises(ConfigError, match="the mean of Ours in realism is 7"):
        Truth(store, {**means(), "Ours": dict.fromkeys(QUESTIONS, 7.0)}, seed=0, clickers=0, straight=0)
    spec = rehearse(store, tmp_path / "rehearsal", raters=2, is_hasty=False)
    with pytest.raises(ConfigError, match="is a rehearsal itself"):
        rehearse(Made(tmp_path / "rehearsal", spec, made.links).open(), tmp_path / "again", raters=2, is_hasty=False)
    assert not (tmp_path / "again").exists()


def test_a_study_that_is_going_on_is_rehearsed_without_its_votes(made: Made, tmp_path: Path) -> None:
    store = made.open()
    rate(store, rater_at_work(made, store), pages=3)
    rehearse(store, tmp_path / "rehearsal", raters=2, is_hasty=False)
    with sqlite3.connect(tmp_path / "rehearsal" / "study.sqlite") as database:
        assert database.execute("SELECT count(*) FROM rating").fetchone() == (0,)
        assert database.execute("SELECT state FROM study").fetchone() == ("draft",)
    assert json.loads((tmp_path / "rehearsal" / "study.json").read_text())["slug"] == "rehearsal"
