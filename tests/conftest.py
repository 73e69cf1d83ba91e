"""What all tests share: a cache of their own, the mini set, and the folder of real test data."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER:  # others are busy beside this one; read when the first library that starts threads is imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")
gc.disable()  # until all is imported, which leaves nothing to collect
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # face-alignment's loops: to compile them takes longer than all they do

import pytest  # noqa: E402
from browser import chromium as chromium  # noqa: E402
from browser import visit as visit  # noqa: E402
from filelock import FileLock  # noqa: E402

# The longest files come first, so that none is left over for the end. Of these the first makes the mini set and the
# run on it, for which others would wait; what the study's test measures another file finds in the cache.
FIRST = (
    *("test_ffpp.py", "test_userstudy_browser.py", "test_many_nodes.py", "test_trainer.py", "test_ray.py"),
    *("test_ci_kit.py", "test_formats.py", "test_crop_networks.py", "test_userstudy_life.py", "test_paper_suite.py"),
    *("test_tensors.py", "test_measure.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files of FIRST first; all others stay as they are, integration before units."""
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))


def pytest_collection_finish() -> None:
    """Keep the garbage collector off all that was imported: some libraries call it, and it would take half a second."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """Give one more than there are cores: while one waits for a server or a cluster, another works. Each takes 2 GB."""
    return min(4, (os.cpu_count() or 1) + 1)


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of a session."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if WORKER else own


@pytest.fixture(scope="session", autouse=True)
def cache_folder(session_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the tests out of the user's cache and data; FSBENCH_TEST_CACHE reuses one cache between sessions.

    All workers of a session share one, as runs of one user do.
    """
    folder = Path(os.environ.get("FSBENCH_TEST_CACHE") or session_folder / "cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FSBENCH_CACHE", str(folder))
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))  # weights, and the key that signs pictures
        yield folder


@pytest.fixture(scope="session")
def mini(cache_folder: Path) -> Path:
    """The mini set with its manipulated videos, made by the first worker that wants it."""
    from fsbench.mini import ready

    with FileLock(f"{cache_folder}.lock"):
        return ready(cache_folder, manipulated=True)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real pictures and videos, named by FSBENCH_TEST_DATA."""
    folder = os.environ.get("FSBENCH_TEST_DATA")
    if not folder:
        pytest.skip("needs real pictures and videos: FSBENCH_TEST_DATA names no folder")
    return Path(folder)


@pytest.fixture(scope="session")
def random_weights_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of random weights for all tests; each weight is made when it is first asked for."""
    return tmp_path_factory.mktemp("weights")


@pytest.fixture
def install(random_weights_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Install random weights of the right names and shapes, under the name that the zoo has for them."""
    from random_weights import install

    monkeypatch.setenv("FSBENCH_WEIGHTS", str(random_weights_folder))
    return lambda weight, **given: install(weight, random_weights_folder, **given)
