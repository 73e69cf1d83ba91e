"""What benchmark tools on phones print, read as single passes: LiteRT's benchmark_model and ncnn's benchncnn.

Both print no more than the first, last, smallest, largest and mean time of a call, so a log is of many calls of one
counted pass each, each after a warm-up of its own; docs/device-kit.md has the loop that writes one.

Source: tensorflow/lite/tools/benchmark (count=, in microseconds); ncnn's benchmark/benchncnn.cpp (min, max, avg in
milliseconds, eight passes of warm-up).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fsbench.errors import DataError

BENCHNCNN_WARMUP = 8  # g_warmup_loop_count of benchncnn.cpp
HINT = "docs/device-kit.md has the loop that writes such a log"
_COUNT = re.compile(r"count=(\d+)(?: first=([\d.e+]+))? curr=([\d.e+]+)")
_SUMMARY = "Inference timings in us:"
_THREADS = re.compile(r"^(?:.*: )?(?:Num threads: \[(\d+)\]|num_threads = (\d+))\s*$", re.MULTILINE)
_GRAPH = re.compile(r"Graph: \[([^\]]+)\]")
_LOOPS = re.compile(r"^loop_count = (\d+)\s*$", re.MULTILINE)
_NCNN_ROW = re.compile(r"^\s*(\S+)\s+min =\s*([\d.]+)\s+max =\s*([\d.]+)\s+avg =\s*([\d.]+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Passes:
    """The counted passes of a log, in its order."""

    framework: str
    times_ms: tuple[float, ...]
    warmup: int  # passes before each of them
    threads: int | None
    network: str  # the file, as the tool names it


def passes_of(text: str) -> Passes:
    """Read the log of many calls of one tool on one network.

    Raises:
        DataError: it is of neither tool; a call counted several passes and printed their summary alone; or its calls
            are not of one network, number of threads and warm-up.
    """
    if _SUMMARY in text:
        calls = [_litert_call(part) for part in text.split(_SUMMARY)[:-1]]
    elif _LOOPS.search(text):
        calls = [call for part in re.split(r"(?=^loop_count = )", text, flags=re.MULTILINE) for call in _ncnn(part)]
    else:
        raise DataError("found no times of benchmark_model or benchncnn in the log", hint=HINT)
    if not calls:
        raise DataError("the log names its settings and no times: did the tool fail?", hint=HINT)
    first = calls[0]
    for call in calls[1:]:
        for what in ("network", "threads", "warmup"):
            if getattr(call, what) != getattr(first, what):
                found = f"{getattr(first, what)} and {getattr(call, what)}"
                raise DataError(f"the log is of several: {what} {found}", hint="one log a network and setting")
    times = tuple(time for call in calls for time in call.times_ms)
    return Passes(first.framework, times, first.warmup, first.threads, first.network)


def _litert_call(text: str) -> Passes:
    """Read what benchmark_model printed up to its summary: a count of the warm-up, if there was one, and a count."""
    counts = _COUNT.findall(text)
    if not counts:
        raise DataError(f"found '{_SUMMARY}' without a line 'count=' before it", hint=HINT)
    number, first, last = counts[-1]
    _one_pass(int(number), "--num_runs=1 --min_secs=0")
    warmup = int(counts[-2][0]) if len(counts) > 1 else 0
    graph = _GRAPH.search(text)
    name = graph[1].rpartition("/")[2] if graph else ""
    return Passes("LiteRT", (float(last or first) / 1000,), warmup, _threads(text), name)


def _ncnn(text: str) -> list[Passes]:
    """Read one call of benchncnn: a row a network."""
    loops = _LOOPS.search(text)
    if loops is None:
        return []
    rows = _NCNN_ROW.findall(text)
    if rows:
        _one_pass(int(loops[1]), "benchncnn 1 ...")
    threads = _threads(text)
    return [Passes("ncnn", (float(row[3]),), BENCHNCNN_WARMUP, threads, row[0].rpartition("/")[2]) for row in rows]


def _one_pass(number: int, flags: str) -> None:
    if number != 1:
        found = f"a call of the log counted {number} passes and printed their summary alone"
        raise DataError(f"{found}; wanted each pass: calls with {flags}", hint=HINT)


def _threads(text: str) -> int | None:
    found = _THREADS.search(text)
    return int(found[1] or found[2]) if found else None
