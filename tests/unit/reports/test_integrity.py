import pytest

from fsbench.errors import RecordError
from fsbench.reports.integrity import checked, edits, missing_pictures
from fsbench.reports.runs import load_runs

ERRORS = {"pose_error": [1.0, 2.0, 3.0, None]}


def run_of(folder):
    return load_runs([folder]).runs[0]


@pytest.mark.parametrize("value", [2.0, (14 / 3) ** 0.5])
def test_the_mean_and_the_root_of_the_mean_square_of_the_pairs_are_as_the_run_wrote_them(write_run, measure, value):
    assert edits(run_of(write_run("a", measure("pose_error", value, n=3), samples=ERRORS))) == []


def test_a_variance_and_a_share_in_percent_are_as_the_run_wrote_them(write_run, measure):
    samples = {"lfw_cosine_var": [0.2, 0.4, None, None], "id_retrieval": [1.0, 0.0, 0.0, 0.0]}
    folder = write_run("a", measure("lfw_cosine_var", 0.02, n=2), measure("id_retrieval", 25.0), samples=samples)
    assert edits(run_of(folder)) == []


@pytest.mark.parametrize(("value", "n"), [(1.9, 3), (2.0, 4)])
def test_a_number_that_was_changed_by_hand_is_told_and_its_run_left_out(write_run, measure, value, n):
    good = write_run("good", measure("pose_error", 2.0, n=3), samples=ERRORS)
    forged = write_run("forged", measure("pose_error", value, n=n), samples=ERRORS)
    found = checked(load_runs([good, forged]))
    assert [run.label for run in found.runs] == ["good"]
    (problem,) = found.problems
    assert problem.startswith(f"{forged / 'result.json'} says pose_error = {value:g} over n = {n}, but its")
    assert "gives 2 over 3" in problem and "\n" not in problem


def test_nothing_but_changed_runs_is_an_error(write_run, measure):
    with pytest.raises(RecordError, match="no run is as it was written"):
        checked(load_runs([write_run("forged", measure("pose_error", 9.0, n=3), samples=ERRORS)]))


def test_numbers_without_pairs_and_runs_without_samples_are_let_be(write_run, measure):
    whole = write_run("whole", measure("fid", 9.0))
    bare = write_run("bare", measure("pose_error", 9.0))
    (bare / "samples.parquet").unlink()
    assert len(checked(load_runs([whole, bare])).runs) == 2


def test_a_picture_that_is_gone_is_named_and_the_run_stays(write_run, measure):
    names = ["swaps/a/f1.png", "swaps/b.png", "swaps/c.png", None]
    folder = write_run("a", measure("fid", 1.0), samples={"result": names})
    (folder / "swaps" / "a").mkdir(parents=True)
    (folder / "swaps" / "a" / "f1.png").write_bytes(b"")
    said = f"{folder}: 2 of 3 pictures that samples.parquet names are gone, such as swaps/b.png"
    assert missing_pictures(run_of(folder)) == [said]
    found = checked(load_runs([folder]))
    assert (len(found.runs), found.problems) == (1, (said,))
