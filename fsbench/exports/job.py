"""One conversion: what a converter is given, and how its noise is kept from the results."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fsbench.exports.network import Arrays, Network

Precision = Literal["fp32", "fp16", "int8"]


@dataclass(frozen=True, eq=False)
class Job:
    """A network to be written in one format and precision."""

    network: Network
    precision: Precision
    stem: Path  # folder and beginning of the file names
    samples: Sequence[Arrays] = ()  # for int8: inputs from real pictures

    def path(self, suffix: str) -> Path:
        """Name a file of the export."""
        return self.stem.with_name(self.stem.name + suffix)


@contextlib.contextmanager
def quiet() -> Iterator[list[str]]:
    """Keep what converters write to stdout and stderr, from C++ too, out of both; its lines are in the list afterwards.

    stdout is for results. Whatever a converter says matters only where it fails.
    """
    said: list[str] = []
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as sink, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
        try:
            yield said
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, copy in enumerate(kept, start=1):
                os.dup2(copy, number)
                os.close(copy)
            sink.seek(0)
            said += [line for line in sink.read().decode(errors="replace").splitlines() if line.strip()]
