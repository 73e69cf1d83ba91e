"""Times that were taken on another device, such as a phone: the file they come in, and the rows they become."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from fsbench.errors import DataError
from fsbench.protocols.outcome import Outcome, Plan, RowBeside, Scored, measurement_of
from fsbench.protocols.speed_pictures import block_of_pass, pass_key
from fsbench.protocols.timing import Times, summary
from fsbench.records import Record, SwapperRecord, digest, first_problem
from fsbench.types import FrameRef, SwapPair

HINT = "docs/performance.md says what the file holds"
Milliseconds = Annotated[float, Field(gt=0, lt=3_600_000)]
Word = Annotated[str, Field(min_length=1, max_length=80)]


class DeviceTimes(Record):
    """The passes of one network in one framework on one device."""

    platform: Word  # "iPhone 11"
    os: Word  # "iOS 17.2"
    framework: Word  # "CoreML"
    hardware: Word  # what did the work: "ANE", "GPU", "CPU, 4 threads"
    times_ms: Annotated[
        tuple[Milliseconds, ...], Field(min_length=1)
    ]  # each counted pass, in the order they were taken
    warmup: int = Field(ge=0)  # passes before them that are not in times_ms
    swapper: Word = "MobileFSGAN"
    network: Word = "generator"  # what was passed through; with the face net in it, say so here
    precision: Literal["float32", "float16", "bfloat16", "int8", "mixed"] = "float32"
    batch: int = Field(default=1, ge=1)
    threads: int | None = Field(default=None, ge=1)
    file: str = ""  # name of the exported file
    file_sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    measured: str = ""  # date
    note: str = ""

    @property
    def label(self) -> str:
        """What a row is called, as the paper's table 3 does."""
        return ", ".join((self.platform, self.os, self.framework, self.hardware))


class DeviceFile(Record):
    """The whole file."""

    format: Literal["fsbench device times 1"]
    results: Annotated[tuple[DeviceTimes, ...], Field(min_length=1)]


def read_device_times(path: Path) -> tuple[DeviceTimes, ...]:
    """Read a file of times.

    Raises:
        DataError: it is not there, or is not what it should be.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"--from-device {path}: {error.strerror}", hint=HINT) from None
    try:
        return DeviceFile.model_validate_json(content).results
    except ValidationError as error:
        raise DataError(f"--from-device {path.name}: {first_problem(error)}", hint=HINT) from None


def row_of(times: DeviceTimes, file: Path, *, resamples: int, seed: int) -> RowBeside:
    """Make the row of one device: median with its interval, mean and 95th percentile of the network alone."""
    keys = [pass_key(number) for number in range(len(times.times_ms))]
    passes = Times(dict(enumerate(times.times_ms)))
    short = summary(passes, resamples=resamples, seed=seed)
    if short is None:
        raise ValueError("a device without times")
    definition = {"measured": "elsewhere", "network": times.network}
    values = {
        "network_ms": (short.median, short.interval),
        "network_mean_ms": (short.mean, None),
        "network_p95_ms": (short.p95, None),
    }
    scored = [
        Scored(
            measurement_of(metric, value, short.n, interval=interval, note=times.note, definition=definition),
            dict(zip(keys, times.times_ms, strict=True)) if metric == "network_ms" else {},
        )
        for metric, (value, interval) in values.items()
    ]
    facts = times.model_dump(mode="json", exclude={"times_ms"}, exclude_none=True)
    record = SwapperRecord(
        name=times.swapper,
        label=times.label if times.precision == "float32" else f"{times.label}, {times.precision}",
        version=0,
        facts={name: str(value) for name, value in facts.items() if value != ""},
    )
    return RowBeside(
        swapper=record,
        plan=_plan(keys, file),
        outcome=_outcome(keys, file, scored, times),
        title="speed, measured elsewhere",
        definition=definition,
        explanation=(
            "Times of the network alone that were taken on other devices and handed in as a file; fsbench did not take "
            "them. Median and mean of the passes that the file lists; intervals 95 %, moving-block bootstrap over the "
            "passes in their order.",
        ),
        machine=f"{times.label} (measured elsewhere)",
    )


def _plan(keys: Sequence[str], file: Path) -> Plan:
    place = FrameRef(file)
    return Plan([SwapPair(key, place, place, "", "") for key in keys])


def _outcome(keys: Sequence[str], file: Path, scored: list[Scored], times: DeviceTimes) -> Outcome:
    session = digest(times.model_dump(mode="json"))
    threads = {} if times.threads is None else {"threads": str(times.threads)}
    return Outcome(
        pairs=_plan(keys, file).pairs,
        source_rules={},
        items=[],
        results={},
        failures=[],
        scored=scored,
        clusters={key: (block_of_pass(place, len(keys)),) for place, key in enumerate(keys)},
        planned=len(keys),
        finished=len(keys),
        done=frozenset(keys),
        columns={
            "pass": {key: place + 1 for place, key in enumerate(keys)},
            "session": dict.fromkeys(keys, session),
        },
        conditions={
            **{"platform": times.platform, "os": times.os, "framework": times.framework, "hardware": times.hardware},
            **{"measured": "elsewhere", "precision": times.precision, "batch": str(times.batch), **threads},
            **{"warm-up": str(times.warmup), "session": session},
        },
    )
