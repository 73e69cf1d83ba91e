"""Runs of the command line, as users make them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.integration.store import bucket as bucket
from tests.integration.store import near_run as near_run
from tests.integration.store import stored_data as stored_data

REPORT_FORMATS = {".html", ".md", ".tex", ".csv", ".json", ".parquet"}

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Called:
    """What a command left on the terminal."""

    code: int
    stdout: str
    stderr: str


Cli = Callable[..., Called]


@pytest.fixture(scope="session")
def cli(cache_folder: Path) -> Cli:
    """Run the command line in this process, which saves starting Python and loading the networks again."""
    from fsbench.cli.main import main

    def call(*words: str | Path) -> Called:
        out, err, code, before = io.StringIO(), io.StringIO(), 0, sys.argv
        sys.argv = ["fsbench", *map(str, words)]
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            sys.argv = before
        return Called(code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture(scope="session")
def fsbench(cache_folder: Path) -> Run:
    """Run the command line as a process of its own."""

    def run(*words: str | Path, cache: Path | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "fsbench", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd,
            env={**os.environ, "FSBENCH_CACHE": str(cache or cache_folder), "COLUMNS": "120", "NO_COLOR": "1"},
        )

    return run


@pytest.fixture(scope="session")
def ffpp_run(
    fsbench: Run, mini: Path, cache_folder: Path, session_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Run ff++ on the mini set with the controls and the landmark swapper; give the folder of results.

    The first worker of a session runs it, and each takes a copy.
    """
    first = session_folder / "ffpp"
    with FileLock(f"{cache_folder}.lock"):
        if not (first / "stdout").is_file():
            done = fsbench("run", "ff++", "--data", "mini", "--out", first)
            assert done.returncode == 0, done.stderr
            (first / "stdout").write_text(done.stdout)
    return Path(shutil.copytree(first, tmp_path_factory.mktemp("ffpp"), dirs_exist_ok=True))


@pytest.fixture(scope="session")
def lfw_run(cli: Cli, mini: Path, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run lfw on the mini set with the controls and the landmark swapper; give the folder of results."""
    out = tmp_path_factory.mktemp("lfw")
    with FileLock(f"{cache_folder}.lock"):
        done = cli("run", "lfw", "--data", "mini", "--out", out)
    assert done.code == 0, done.stderr
    (out / "stdout").write_text(done.stdout)
    return out


def results(out: Path, protocol: str = "ff++") -> dict[str, dict[str, Any]]:
    """Read the results below a folder, by the label of the swapper."""
    found = [json.loads(path.read_text()) for path in (out / protocol).glob("*/*/result.json")]
    return {result["swapper"]["label"]: result for result in found}


def values(result: Mapping[str, Any]) -> dict[str, float | None]:
    """Give the values of a result by metric."""
    return {measured["metric"]: measured["value"] for measured in result["measurements"]}


def numbers(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give all that was measured, without times."""
    return list(result["measurements"])
