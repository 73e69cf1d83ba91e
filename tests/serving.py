"""A real server of a study in a process of its own, for tests that come to it as raters do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from fsbench.userstudy.page.server import free_port

STARTS_WITHIN = 120  # seconds: a machine may have other things to do


@dataclass
class Server:
    """`fsbench userstudy serve FOLDER`, on loopback."""

    folder: Path
    port: int = 0
    url: str = ""
    arguments: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)  # what it has said
    process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        """Start it, and wait until it says that it serves."""
        self.port = self.port or free_port("127.0.0.1", 0)
        words = ["userstudy", "serve", str(self.folder), "--port", str(self.port), *self.arguments]
        words += ["--store", self.url] if self.url else []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fsbench", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        serves = threading.Event()
        threading.Thread(target=self._read, args=(self.process, serves), daemon=True).start()
        assert serves.wait(STARTS_WITHIN) and self.process.poll() is None, self.lines
        return self

    def _read(self, process: subprocess.Popen[str], serves: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("serving "):
                serves.set()
        serves.set()  # it has ended: nobody need wait any longer

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_problem: object) -> None:
        self.kill()
