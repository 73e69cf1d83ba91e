import pytest

import fsbench
from fsbench.errors import RecordError


@pytest.fixture
def folder(write_run, measure):
    samples = {"pose_error": [1.0, None, 3.0, 4.0], "ok": [True, False, True, True]}
    made = write_run("a", measure("pose_error", 8 / 3, n=3), samples=samples, failures=[("b", "swap", "NA")])
    pairs = "key,target,target_frame,source,source_frame,target_id,source_id,source_rule\n"
    (made / "pairs.csv").write_text(pairs + "a,000.mp4,7,001.mp4,,000,001,same_index\n")
    return made


def test_a_run_is_read_as_tables(folder):
    run = fsbench.load(folder)
    assert run.result.swapper.label == "a"
    assert run.samples.loc["c", "pose_error"] == 3.0
    assert run.samples["pose_error"].isna().tolist() == [False, True, False, False]
    assert run.pairs.loc["a", "target_id"] == "000"  # an id is no number
    assert run.pairs.loc["a", "target_frame"] == 7
    assert run.pairs["source_frame"].isna().all()
    assert run.failures.to_dict("records") == [{"key": "b", "stage": "swap", "reason": "NA"}]  # a word is no gap


def test_a_folder_with_one_run_below_is_that_run(folder):
    assert fsbench.load(folder.parent).folder == folder.resolve()


def test_several_runs_are_not_one(folder, write_run, measure, tmp_path):
    write_run("b", measure("pose_error", 1.0))
    with pytest.raises(RecordError, match=r"holds 2 runs \(a, b\), wanted one"):
        fsbench.load(tmp_path / "runs")


def test_a_folder_that_is_no_run_is_said(tmp_path):
    with pytest.raises(RecordError, match="no finished run in"):
        fsbench.load(tmp_path)


@pytest.mark.parametrize(
    ("table", "file"), [("samples", "samples.parquet"), ("pairs", "pairs.csv"), ("failures", "failures.csv")]
)
def test_a_table_that_is_gone_is_named(folder, table, file):
    (folder / file).unlink()
    with pytest.raises(RecordError, match=f"{file} cannot be read"):
        getattr(fsbench.load(folder), table)
