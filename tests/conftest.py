"""What all tests share: a cache of their own, the mini set, and the folder of real test data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import chromium as chromium
from browser import visit as visit


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the tests out of the user's cache and data; FSBENCH_TEST_CACHE reuses one cache between sessions."""
    folder = Path(os.environ.get("FSBENCH_TEST_CACHE") or tmp_path_factory.mktemp("cache"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FSBENCH_CACHE", str(folder))
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))  # weights, and the key that signs pictures
        yield folder


@pytest.fixture(scope="session")
def mini(cache_folder: Path) -> Path:
    """The mini set with its manipulated videos."""
    from fsbench.mini import ready

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
