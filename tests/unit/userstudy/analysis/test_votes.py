import numpy as np
import pandas as pd
import pytest

from fsbench.errors import RecordError
from fsbench.userstudy.analysis.votes import Study, checked, read_study, scores_of


def rows(**changes):
    first = {
        **{"rater": 1, "set": "a", "kind": "main", "position": 0, "slot": 0, "method": "one", "question": "realism"},
        **{"score": 3, "expect_low": None, "expect_high": None, "repeat_of": None},
        **{"shown_at": "2026-01-05T09:00:00+00:00", "at": "2026-01-05T09:00:20+00:00"},
    }
    return pd.DataFrame([{**first, **changes}, {**first, "method": "two", "slot": 1, "score": 5}])


def test_votes_are_laid_out_by_visit_and_method_and_what_was_not_shown_is_absent():
    votes = checked(pd.concat([rows(), rows(rater=2).iloc[:1]]), where="x")
    found = scores_of(votes, ("two", "one"), "realism")
    assert found.raters.tolist() == [1, 2] and found.sets.tolist() == ["a", "a"]
    assert found.values[0].tolist() == [5, 3]
    assert np.isnan(found.values[1, 0]) and found.values[1, 1] == 3


def test_the_order_of_rows_does_not_matter():
    votes = checked(pd.concat([rows(), rows(rater=2)[:1]]), where="x")
    assert checked(votes.sample(frac=1, random_state=3), where="x").equals(votes)


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        (rows().drop(columns="slot"), "the votes of x have no column 'slot'"),
        (rows()[:0], "x holds no vote yet"),
        (rows(score=6), r"the votes of x hold the score 6 \(rater 1, set a\); scores are 0 to 5"),
        (rows(score=-1), "hold the score -1"),
        (rows(score=2.5), "column 'score' of the votes of x is not as it should be: not all are whole numbers"),
        (rows(score=None), "the votes of x have no score in row 1"),
        (rows(score="many"), "column 'score' of the votes of x is not as it should be"),
        (rows(kind="other"), "hold the kind 'other'; kinds are main, training, gold, repeat"),
        (rows(kind="repeat"), "the repeated set a of x does not say what it repeats"),
        (rows(method="two"), "the votes of x hold one answer twice: 1, a, main, two, realism"),
        (rows(at="yesterday"), "column 'at' of the votes of x is not as it should be"),
    ],
)
def test_what_is_no_table_of_votes_is_refused_with_the_reason(votes, message):
    with pytest.raises(RecordError, match=message):
        checked(votes, where="x")


def test_a_folder_without_votes_is_refused_with_what_to_do(tmp_path, spec):
    (tmp_path / "study.json").write_text(spec(["one", "two"]).text(), encoding="utf-8")
    with pytest.raises(RecordError, match=r"holds neither votes.csv nor votes.parquet nor a store") as caught:
        read_study(tmp_path)
    assert caught.value.hint == "fsbench userstudy export STUDY"


def test_a_file_that_is_no_table_is_refused(tmp_path, spec):
    (tmp_path / "study.json").write_text(spec(["one", "two"]).text(), encoding="utf-8")
    (tmp_path / "votes.parquet").write_bytes(b"not a table")
    with pytest.raises(RecordError, match="cannot be read"):
        read_study(tmp_path)


def test_names_that_a_spreadsheet_would_run_come_back_as_they_were(tmp_path, spec):
    (tmp_path / "study.json").write_text(spec(["=one", "'two"]).text(), encoding="utf-8")
    votes = rows(method="'=one")
    votes.loc[1, "method"] = "'two"
    votes.to_csv(tmp_path / "votes.csv", index=False)
    assert sorted(read_study(tmp_path).votes["method"]) == ["'two", "=one"]


def test_votes_that_no_table_would_show_are_refused(spec):
    with pytest.raises(RecordError, match="votes on the method 'two'; the study has one, three"):
        Study(spec(["one", "three"]), checked(rows(), where="x"))
    with pytest.raises(RecordError, match="votes on the question 'beauty'; the study has realism"):
        Study(spec(["one", "two"]), checked(rows(question="beauty"), where="x"))
    with pytest.raises(RecordError, match="no main set is rated yet"):
        Study(spec(["one", "two"]), checked(rows(kind="training").iloc[:1], where="x"))


def test_a_method_that_nobody_saw_has_a_row_without_numbers(spec, small_study):
    from fsbench.reports.tables import ABSENT
    from fsbench.userstudy.analysis.files import analysis_texts
    from fsbench.userstudy.analysis.findings import analyse
    from fsbench.userstudy.analysis.tables import scores_table

    found = analyse(Study(spec(["Ours", "Unseen", "FaceShifter", "DeepFakes"]), small_study.votes), draws=50)
    row = scores_table(found, found.everyone).sections[0].rows[1]
    assert (row.label, {cell.text for cell in row.cells}) == ("Unseen", {ABSENT})
    assert all(
        contrast.n == 0 for contrast in found.everyone.contrasts if "Unseen" in (contrast.method, contrast.reference)
    )
    assert "Unseen" in analysis_texts(found)["html"]
