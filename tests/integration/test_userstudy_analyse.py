"""`fsbench userstudy analyse` as users call it, on a study small enough to be written down."""

import json

import pandas as pd
import pytest

from fsbench.userstudy.spec import QUESTIONS, VOTE_COLUMNS, Counts, MethodSpec, StudySpec

METHODS = {"Ours": (5, 4, 4), "Theirs": (2, 3, 2)}  # scores by set


@pytest.fixture
def exported(tmp_path):
    folder = tmp_path / "exported"
    folder.mkdir()
    spec = StudySpec(
        title="Four raters, three sets",
        slug="four",
        methods=tuple(MethodSpec(name=name) for name in METHODS),
        seed=0,
        counts=Counts(sets=3, raters=4, per_rater=3),
    )
    rows = [
        (rater, f"set {place}", "main", place, slot, method, question, scores[place] - (rater == 4), *[None] * 5)
        for rater in (1, 2, 3, 4)
        for place in range(3)
        for slot, (method, scores) in enumerate(METHODS.items())
        for question in QUESTIONS
    ]
    (folder / "study.json").write_text(spec.text(), encoding="utf-8")
    pd.DataFrame(rows, columns=list(VOTE_COLUMNS)).to_csv(folder / "votes.csv", index=False)
    return folder


def test_the_tables_go_to_stdout_and_what_is_missing_to_stderr(cli, exported):
    called = cli("userstudy", "analyse", exported)
    assert called.code == 0
    assert "Four raters, three sets: mean scores, all raters" in called.stdout
    assert "*4.08*" in called.stdout and "_2.08_" in called.stdout  # (5 + 4 + 4) / 3 - 1 / 4
    assert "Ours less Theirs" in called.stdout
    assert "No metrics of Ours: the study names no run folder" in called.stderr


def test_files_are_written_in_every_format_and_named_on_stderr(cli, exported, tmp_path):
    called = cli("userstudy", "analyse", exported, "--out", tmp_path / "analysis")
    endings = ("html", "md", "tex", "csv", "json", "raters.csv")
    names = {f"analysis.{ending}" for ending in endings}
    assert {file.name for file in (tmp_path / "analysis").iterdir()} == names
    assert all(name in called.stderr for name in names)


def test_json_goes_to_stdout_alone(cli, exported):
    content = json.loads(cli("userstudy", "analyse", exported, "--json").stdout)
    (mean,) = [
        line["value"]
        for line in content["numbers"]
        if (line["statistic"], line["name"], line["question"]) == ("mean", "Ours", "realism")
    ]
    assert mean == pytest.approx(49 / 12)


def test_a_folder_that_is_no_study_is_one_line_and_a_hint(cli, tmp_path):
    called = cli("userstudy", "analyse", tmp_path)
    assert called.code == 2
    assert called.stdout == ""
    first, second = called.stderr.splitlines()
    assert first.startswith("fsbench: ") and "holds no study" in first
    assert second.startswith("  try: ")


def test_a_score_that_no_one_can_give_is_refused(cli, exported):
    file = exported / "votes.csv"
    file.write_text(file.read_text().replace(",realism,5,", ",realism,7,", 1), encoding="utf-8")
    called = cli("userstudy", "analyse", exported)
    assert called.code == 2
    assert "hold the score 7 (rater 1, set set 0); scores are 0 to 5" in called.stderr
