"""Data, cache and run folders in an S3 store; what a Ray cluster does with them is tested where the cluster is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import Run, numbers, results

pytestmark = pytest.mark.slow


def test_one_machine_works_from_a_store_and_gives_the_numbers_of_a_disk(
    fsbench: Run, bucket: str, stored_data: str, near_run: Path, tmp_path: Path
) -> None:
    words = ["run", "ff++", "--limit", "6", "--no-controls", "--data", stored_data, "--out", tmp_path / "there"]
    done = fsbench(*words, cache=f"{bucket}/cache of one machine")  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr
    (one,), (two,) = results(near_run).values(), results(tmp_path / "there").values()
    assert numbers(one) == numbers(two)
    assert two["provenance"]["computed"]["swap"] == 6


def test_a_bucket_that_is_not_there_is_one_line(fsbench: Run, bucket: str, stored_data: str, tmp_path: Path) -> None:
    done = fsbench("run", "ff++", "--data", "s3://nobody/ff", "--out", tmp_path)
    assert done.returncode == 2
    assert "the data folder s3://nobody/ff is not there" in done.stderr
    done = fsbench("run", "ff++", "--data", stored_data, "--limit", "1", "--no-controls", "--out", "s3://nobody/runs")
    assert done.returncode == 2, done.stderr
    assert "s3://nobody/runs/.fsbench cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
