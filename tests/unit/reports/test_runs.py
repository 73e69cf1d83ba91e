import pytest

from fsbench.errors import RecordError
from fsbench.reports.runs import load_runs


def test_a_run_is_found_by_its_folder_its_result_file_and_any_folder_above_and_counts_once(
    write_run, measure, tmp_path
):
    one = write_run("landmark", measure("pose_error", 1.0))
    two = write_run("other", measure("pose_error", 2.0))
    loaded = load_runs([two, one / "result.json", tmp_path])
    assert [run.label for run in loaded.runs] == ["other", "landmark"]
    assert loaded.problems == ()


def test_a_truncated_and_a_newer_result_become_problems_and_the_good_run_stays(
    write_run, measure, break_result, tmp_path
):
    write_run("good", measure("pose_error", 1.0))
    break_result(write_run("cut", measure("pose_error", 1.0)), keep=100)
    break_result(write_run("newer", measure("pose_error", 1.0)), schema_version=99)
    loaded = load_runs([tmp_path])
    assert [run.label for run in loaded.runs] == ["good"]
    cut, newer = loaded.problems
    assert "cut" in cut and "cannot be read" in cut
    assert "schema 99" in newer


def test_a_schema_below_the_first_becomes_a_problem(write_run, measure, break_result, tmp_path):
    write_run("good", measure("pose_error", 1.0))
    break_result(write_run("old", measure("pose_error", 1.0)), schema_version=0)
    (problem,) = load_runs([tmp_path]).problems
    assert "schema 0" in problem


def test_an_unfinished_run_and_a_missing_path_are_named(write_run, measure, tmp_path):
    write_run("good", measure("pose_error", 1.0))
    stopped = write_run("stopped", measure("pose_error", 1.0))
    (stopped / "result.json").unlink()
    (stopped / "pairs.csv").write_text("key\n")
    loaded = load_runs([tmp_path, tmp_path / "nowhere"])
    assert [run.label for run in loaded.runs] == ["good"]
    assert "did not finish" in loaded.problems[0]
    assert loaded.problems[1].endswith("nowhere is not there")


def test_pictures_are_not_searched_for_runs(write_run, measure, tmp_path):
    run = write_run("good", measure("pose_error", 1.0))
    hidden = tmp_path / "runs" / "swaps" / "copy"
    hidden.mkdir(parents=True)
    (hidden / "result.json").write_text((run / "result.json").read_text())
    assert len(load_runs([tmp_path]).runs) == 1


def test_no_run_at_all_is_an_error_with_a_hint(tmp_path):
    with pytest.raises(RecordError, match="no finished run in") as caught:
        load_runs([tmp_path])
    assert caught.value.hint.startswith("fsbench run")


def test_values_are_in_printed_units_and_absent_ones_are_left_out(write_run, measure):
    folder = write_run("landmark", measure("id_retrieval", 66.7), samples={"id_retrieval": [1.0, None, 0.0, 1.0]})
    (run,) = load_runs([folder]).runs
    assert run.values("id_retrieval") == {"a": 100.0, "c": 0.0, "d": 100.0}


def test_a_nan_among_the_samples_is_refused(write_run, measure):
    folder = write_run("landmark", measure("pose_error", 1.0), samples={"pose_error": [1.0, float("nan"), 1.0, 1.0]})
    (run,) = load_runs([folder]).runs
    with pytest.raises(RecordError, match="holds nan for pose_error of b"):
        run.values("pose_error")


@pytest.mark.parametrize("name", ["samples", "failures"])
def test_a_broken_or_missing_file_of_a_run_is_an_error_only_when_it_is_asked_for(write_run, measure, name):
    folder = write_run("landmark", measure("pose_error", 1.0))
    file = folder / {"samples": "samples.parquet", "failures": "failures.csv"}[name]
    file.write_bytes(b"\xff\xfe no such format")
    with pytest.raises(RecordError):
        getattr(load_runs([folder]).runs[0], name)
    file.unlink()
    with pytest.raises(RecordError, match="is not there"):
        getattr(load_runs([folder]).runs[0], name)
