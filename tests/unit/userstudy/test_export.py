"""Votes out of the store: the same in every file, and what the analysis reads."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest
from studies import Made, make_study, rate, rater_at_work

from fsbench.errors import ConfigError, RecordError
from fsbench.userstudy.analysis.findings import analyse
from fsbench.userstudy.analysis.votes import read_study
from fsbench.userstudy.export import RATER_COLUMNS, export, votes
from fsbench.userstudy.spec import HIDDEN, QUESTIONS, VOTE_COLUMNS
from fsbench.userstudy.store import Store
from fsbench.userstudy.upkeep import close, exclude, withdraw


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return make_study(tmp_path / "noise")


@pytest.fixture
def rated(made: Made) -> Store:
    store = made.open()
    for ordinal in (1, 2, 3):
        rate(store, rater_at_work(made, store, ordinal))
    return store


def test_a_row_a_score_with_what_it_was_given_for(made: Made, rated: Store) -> None:
    table = votes(rated)
    assert list(table.columns) == list(VOTE_COLUMNS)
    assert len(table) == 3 * 11 * 9
    assert set(table["method"]) == {*made.spec.method_names, *HIDDEN}
    gold = table[table["method"].isin(HIDDEN)]
    assert set(gold["kind"]) == {"gold"}
    for (method, question), rows in gold.groupby(["method", "question"]):
        wanted = HIDDEN[method].get(question)
        found = rows[["expect_low", "expect_high"]].drop_duplicates()
        assert [None if pd.isna(v) else int(v) for v in found.iloc[0]] == list(wanted or (None, None))
        assert len(found) == 1
    again = table[table["kind"] == "repeat"]
    assert (again["repeat_of"] == again["set"]).all() and table[table["kind"] == "main"]["repeat_of"].isna().all()
    one = table[(table["rater"] == 1) & (table["position"] == 2)]
    assert set(one["score"]) == {2} and sorted(set(one["slot"])) == [0, 1, 2]  # `rate` gives the n-th page n


def test_scores_stay_shut_while_the_study_is_open(made: Made, rated: Store, tmp_path: Path) -> None:
    for action in (lambda: export(rated, tmp_path / "out"), lambda: read_study(made.folder)):
        with pytest.raises(ConfigError, match="is open: who looks at scores now") as caught:
            action()
        assert "fsbench userstudy close" in caught.value.hint and "--interim" in caught.value.hint
    assert export(rated, tmp_path / "out", interim=True)
    assert read_study(made.folder, interim=True).is_interim


def test_all_files_hold_the_same_and_twice_the_same_bytes(made: Made, rated: Store, tmp_path: Path) -> None:
    close(rated)
    files = export(rated, tmp_path / "out")
    again = export(rated, tmp_path / "again")
    assert all(files[name].read_bytes() == again[name].read_bytes() for name in files)
    direct = read_study(made.folder)
    from_csv = read_study(tmp_path / "out")
    (tmp_path / "out" / "votes.csv").rename(tmp_path / "votes.csv")
    from_parquet = read_study(tmp_path / "out")
    assert direct.votes.equals(from_csv.votes) and direct.votes.equals(from_parquet.votes)
    content = json.loads(files["votes.json"].read_text())
    assert len(content["votes"]) == len(direct.votes) and content["study"]["title"] == made.spec.title
    found = analyse(direct, draws=50)
    assert found == analyse(from_csv, draws=50)


def test_the_matrix_of_p910_has_a_row_a_result_and_a_column_a_rater(rated: Store, tmp_path: Path) -> None:
    close(rated)
    files, table = export(rated, tmp_path / "out"), votes(rated)
    main = table[table["kind"] == "main"]
    for question in QUESTIONS:
        with files[f"p910_{question}.csv"].open() as lines:
            rows = list(csv.DictReader(lines))
        filled = [
            (r["set"], r["method"], int(k.split()[1]), int(v))
            for r in rows
            for k, v in r.items()
            if k[:5] == "rater" and v
        ]
        asked = main[main["question"] == question]
        assert sorted(filled) == sorted(asked[["set", "method", "rater", "score"]].itertuples(index=False, name=None))


def test_who_is_left_out_or_withdrew_is_said_and_not_counted(made: Made, rated: Store, tmp_path: Path) -> None:
    exclude(rated, 1, "=told us that the pictures did not load")
    withdraw(rated, ordinal=2)
    close(rated)
    files = export(rated, tmp_path / "out")
    assert set(votes(rated)["rater"]) == {3}
    with files["raters.csv"].open() as lines:
        rows = list(csv.reader(lines))
    assert tuple(rows[0]) == RATER_COLUMNS
    assert [row[1] for row in rows[1:]] == ["excluded", "withdrawn", "active", "invited"]
    assert rows[1][2] == "'=told us that the pictures did not load"  # no spreadsheet runs it
    for study in (read_study(made.folder), read_study(tmp_path / "out")):
        assert any("The votes of rater 1 (6 main sets) are left out" in remark for remark in study.remarks)
        assert any("Withdrawn, with all votes: 1 raters (2)" in remark for remark in study.remarks)
        assert set(study.remarks) <= set(analyse(study, draws=50).remarks)


def test_a_study_without_a_vote_is_refused(made: Made, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="has no vote yet"):
        export(made.open(), tmp_path / "out")
