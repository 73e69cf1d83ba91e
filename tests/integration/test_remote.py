"""Data, cache and run folders in an S3 store, which moto's server plays on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from needs import needs

from tests.integration.conftest import Cli, Run, numbers, results
from tests.integration.ray_cluster import cluster

pytestmark = pytest.mark.slow
needs("s3fs", "remote")
needs("moto", "dev")


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bucket of a server that any process reaches through its environment."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("FSSPEC_S3_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("home")))
        s3fs.S3FileSystem(endpoint_url=f"http://{host}:{port}", key="test", secret="test").mkdir("lab")
        yield "s3://lab"
    server.stop()


@pytest.fixture(scope="module")
def data(bucket: str, mini: Path) -> str:
    """Two videos of the mini set, in the store."""
    import s3fs

    store = s3fs.S3FileSystem(endpoint_url=os.environ["FSSPEC_S3_ENDPOINT_URL"], key="test", secret="test")
    videos = "original_sequences/youtube/c23/videos"
    for name in ("000", "001"):
        store.put(str(mini / videos / f"{name}.mp4"), f"lab/ff/{videos}/{name}.mp4")
    store.pipe("lab/ff/splits/test.json", b'[["000", "001"]]')
    return f"{bucket}/ff"


@pytest.fixture
def here(cli: Cli, mini: Path, tmp_path: Path) -> Path:
    """Measure the same videos from a disk."""
    near = tmp_path / "ff"
    (near / "splits").mkdir(parents=True)
    (near / "splits/test.json").write_text('[["000", "001"]]')
    (near / "original_sequences").symlink_to(mini / "original_sequences")
    done = cli("run", "ff++", "--limit", "10", "--no-controls", "--data", near, "--out", tmp_path / "here")
    assert done.code == 0, done.stderr
    return tmp_path / "here"


def test_a_cluster_works_from_store_to_store_and_gives_the_numbers_of_a_disk(
    fsbench: Run, bucket: str, data: str, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="needs ray, which the extra 'ray' installs")
    words = ["run", "ff++", "--limit", "10", "--no-controls", "--data", data, "--out", f"{bucket}/runs"]
    with cluster(2) as running:
        ray = ["--executor", "ray", "--ray-address", running.address]
        there = fsbench(*words, *ray, cache=f"{bucket}/cache")  # type: ignore[arg-type]
    assert there.returncode == 0, there.stderr
    assert "swap: landmark: 10 done (2 of 2 workers)" in there.stderr
    assert f"report: {bucket}/runs/ff++/report.html" in there.stdout
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    again = fsbench(*words, cache=f"{bucket}/cache")  # type: ignore[arg-type]
    assert again.returncode == 0, again.stderr
    assert "done" not in again.stderr  # nothing was computed, neither here nor by workers
    shown = fsbench("report", f"{bucket}/runs", "--out", tmp_path / "report")
    assert shown.returncode == 0, shown.stderr
    assert "landmark" in shown.stdout
    same = fsbench("compare", f"{bucket}/runs", here)
    assert same.returncode == 0, same.stderr
    (fetched,) = (tmp_path / "another machine" / "fsbench" / "fetched").glob("*")
    (one,) = results(here).values()
    (two,) = results(fetched / "runs").values()
    assert numbers(one) == numbers(two)
    assert one["provenance"]["data_digest"] == two["provenance"]["data_digest"]
    assert two["provenance"]["computed"] == {}


def test_one_machine_works_from_a_store_and_gives_the_numbers_of_a_disk(
    fsbench: Run, bucket: str, data: str, here: Path, tmp_path: Path
) -> None:
    words = ["run", "ff++", "--limit", "10", "--no-controls", "--data", data, "--out", tmp_path / "there"]
    done = fsbench(*words, cache=f"{bucket}/cache of one machine")  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr
    (one,), (two,) = results(here).values(), results(tmp_path / "there").values()
    assert numbers(one) == numbers(two)
    assert two["provenance"]["computed"]["swap"] == 10


def test_a_bucket_that_is_not_there_is_one_line(fsbench: Run, bucket: str, data: str, tmp_path: Path) -> None:
    done = fsbench("run", "ff++", "--data", "s3://nobody/ff", "--out", tmp_path)
    assert done.returncode == 2
    assert "the data folder s3://nobody/ff is not there" in done.stderr
    done = fsbench("run", "ff++", "--data", data, "--limit", "1", "--no-controls", "--out", "s3://nobody/runs")
    assert done.returncode == 2, done.stderr
    assert "s3://nobody/runs/.fsbench cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
