"""A PostgreSQL server of our own on loopback, from the programs of Debian's package, for as long as the tests run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "only-for-tests"


def programs() -> Path:
    """Find the newest installed version; skip the test where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parent.parent.name))
    if not found:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    return found[-1].parent


def user() -> str | None:
    """Name whom the server runs as: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    pytest.skip("needs a user other than root to run PostgreSQL")


@contextmanager
def postgres_server() -> Iterator[str]:
    """Give the address of an empty database of a new server."""
    binaries, name = programs(), user()
    folder = Path(tempfile.mkdtemp(prefix="fsbench-pg-"))
    try:
        if name is not None:
            shutil.chown(folder, name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        data = folder / "data"
        options = f"-h 127.0.0.1 -p {port} -k '' -c fsync=off -c max_connections=60"

        def call(*words: str | Path) -> None:
            done = subprocess.run(words, user=name, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

        call(binaries / "initdb", "-D", data, "-U", "fsbench", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}")
        call(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://fsbench:{PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            call(binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
