"""A data set in an S3 store, which moto's server plays on this machine, and the same data measured from a disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bucket of a server that any process reaches through its environment."""
    s3fs = pytest.importorskip("s3fs", reason="needs s3fs: pip install 'fsbench[remote]'")
    moto = pytest.importorskip("moto.server", reason="needs moto: pip install 'fsbench[dev]'")
    server = moto.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("FSSPEC_S3_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("home")))
        store = s3fs.S3FileSystem(endpoint_url=f"http://{host}:{port}", key="test", secret="test")
        store.makedirs("lab", exist_ok=True)  # a server that another file of tests had shares its buckets
        yield "s3://lab"
    server.stop()


@pytest.fixture(scope="module")
def stored_data(bucket: str, mini: Path) -> str:
    """Two videos of the mini set, in the store."""
    import s3fs

    store = s3fs.S3FileSystem(endpoint_url=os.environ["FSSPEC_S3_ENDPOINT_URL"], key="test", secret="test")
    videos = "original_sequences/youtube/c23/videos"
    for name in ("000", "001"):
        store.put(str(mini / videos / f"{name}.mp4"), f"lab/ff/{videos}/{name}.mp4")
    store.pipe("lab/ff/splits/test.json", b'[["000", "001"]]')
    return f"{bucket}/ff"


@pytest.fixture
def near_run(cli: Any, mini: Path, tmp_path: Path) -> Path:
    """Measure the same videos from a disk; give the folder of results."""
    near = tmp_path / "ff"
    (near / "splits").mkdir(parents=True)
    (near / "splits/test.json").write_text('[["000", "001"]]')
    (near / "original_sequences").symlink_to(mini / "original_sequences")
    done = cli("run", "ff++", "--limit", "6", "--no-controls", "--data", near, "--out", tmp_path / "here")
    assert done.code == 0, done.stderr
    return tmp_path / "here"
