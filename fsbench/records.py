"""What is on disk: settings of a run, measurements, provenance, the result file; load, save, migrate.

No NaN is ever written: an absent value is null, with the reason and the count of failures beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from fsbench.errors import ConfigError, RecordError

SCHEMA_VERSION = 1
RESULT_FILE = "result.json"
PAIRS_FILE = "pairs.csv"
SAMPLES_FILE = "samples.parquet"
FAILURES_FILE = "failures.csv"
SWAPS_FOLDER = "swaps"
STRIPS_FOLDER = "strips"
RETRIEVAL_FOLDER = "retrieval"

OverlapKind = Literal["same file", "same weights", "same family", "different family", "none", "not said"]
FailurePolicy = Literal["miss", "drop", "raise"]


class Record(BaseModel):
    """Base of all that is written: frozen, unknown keys refused, no NaN or infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _as_text(value: Any) -> Any:
    """Let a settings file write `frames = 10` and `flip = true`, where flags can only write text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


Scalar = Annotated[str, BeforeValidator(_as_text)]


class SwapperConfig(Record):
    """Which swapper, with which settings."""

    name: str
    label: str = ""  # what tables call it; its name and settings where this is empty
    args: dict[str, Scalar] = Field(default_factory=dict)

    @property
    def shown(self) -> str:
        """What tables call it, unique among the swappers of a run."""
        if self.label:
            return self.label
        settings = ",".join(f"{key}={value}" for key, value in sorted(self.args.items()))
        return f"{self.name}[{settings}]" if settings else self.name


class RunConfig(Record):
    """All settings of one run, as merged from defaults, the settings file and flags."""

    protocol: str
    preset: str = "mobilefsgan"
    choices: dict[str, Scalar] = Field(default_factory=dict)  # single choices that differ from the preset
    swappers: tuple[SwapperConfig, ...] = ()
    controls: bool = True
    suite: str = "offline"
    evaluators: dict[str, str] = Field(default_factory=dict)  # role -> name, where it differs from the suite
    data: str = ""  # a folder
    data_name: str = ""  # what tables call it: "mini", or the name of the folder
    real: str = ""  # the two folders of the fid protocol
    swapped: str = ""
    compression: Literal["", "raw", "c0", "c23", "c40"] = ""
    variant: Literal["", "raw", "funneled", "deepfunneled"] = ""
    split: Literal["all", "train", "val", "test"] = "all"
    persons: str = ""  # JSON file that maps a video id to a person, for the choice hit=person
    source_frames: str = ""  # file that tells the source frame of each pair, for the choice source_frame=listed
    limit: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    bootstrap: int = Field(default=1000, ge=100)
    allow_overlap: bool = False  # let a network for training measure what was trained with it
    max_failed: float = Field(default=0.05, ge=0, le=1)
    device: str = "cpu"
    precision: Literal["float32", "float16", "bfloat16"] = "float32"  # of the networks that know others, on a GPU
    runtimes: tuple[str, ...] = ()  # speed: what runs the generator, a row each
    from_device: tuple[str, ...] = ()  # speed: files of times that were taken on other devices
    exports: tuple[str, ...] = ()  # size: exported files to weigh beside
    executor: Literal["local", "ray"] = "local"  # who does the work: this machine, or a Ray cluster
    ray_address: str = ""  # of the cluster; empty: the one that this machine belongs to, or one started for the run
    gpus_per_worker: float = Field(default=0.0, ge=0)  # on Ray; 0: a whole one where the device is a GPU
    workers: int = Field(default=0, ge=0)  # 0: by the number of cores and of swaps; on Ray as many as fit
    out: str = "runs"


class SwapperRecord(Record):
    """The swapper that made the results."""

    name: str
    label: str
    version: int
    args: dict[str, str] = Field(default_factory=dict)
    weights: dict[str, str] = Field(default_factory=dict)  # file -> sha256
    licences: dict[str, str] = Field(default_factory=dict)  # file -> licence
    facts: dict[str, str] = Field(default_factory=dict)  # such as the runtime that did the work
    is_control: bool = False


class Measurement(Record):
    """One number with all that is needed to read it."""

    metric: str  # key of metrics.spec.METRICS
    title: str  # as a table prints it, with the network that measured
    version: int
    unit: str
    better: Literal["higher", "lower", "neither"]
    value: float | None
    low: float | None = None  # 95 % interval
    high: float | None = None
    n: int  # items that the value rests on
    n_failed: int = 0  # items planned and not among them, or counted as a miss
    definition: str  # 12 hex digits of the definition
    note: str = ""  # why a value or an interval is absent, or what to mind


class Overlap(Record):
    """What a swapper and a network that measures it have in common."""

    role: str  # of the network that measures
    measured_by: str  # its family, and its weights where they are known
    uses: tuple[str, ...] | None  # identity networks in the swapper's loss or input, likewise; null: not said
    kind: OverlapKind
    text: str  # the same as a sentence


class Provenance(Record):
    """Where a result comes from, enough to make it again."""

    fsbench: str
    commit: str = ""
    dirty: bool = False
    python: str = ""
    packages: dict[str, str] = Field(default_factory=dict)
    evaluators: dict[str, str] = Field(default_factory=dict)  # role -> "name@version"
    weights: dict[str, str] = Field(default_factory=dict)  # file -> sha256
    licences: dict[str, str] = Field(default_factory=dict)  # file -> licence, of the networks that measure
    data_digest: str = ""  # over the keys of the pairs and the files they name
    machine: str = ""
    conditions: dict[str, str] = Field(default_factory=dict)  # what times depend on: threads, clock, allocator, ...
    command: str = ""
    started: str = ""  # ISO 8601, UTC
    seconds: float = 0.0
    stages: dict[str, float] = Field(default_factory=dict)  # stage -> seconds
    computed: dict[str, int] = Field(default_factory=dict)  # stage -> items that the cache lacked


class RunResult(Record):
    """The content of result.json. Its presence means that the run is complete."""

    schema_version: int = SCHEMA_VERSION
    title: str  # what was measured on what data, in words
    config: RunConfig
    protocol_version: int
    definition: dict[str, str]  # choice -> value, all of them
    definition_digest: str
    explanation: tuple[str, ...] = ()  # the definition in sentences
    swapper: SwapperRecord
    measurements: tuple[Measurement, ...]
    planned: int  # pairs
    swapped: int  # pairs with a verified result
    warnings: tuple[str, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    provenance: Provenance


def digest(parts: Mapping[str, Any]) -> str:
    """Name a set of choices by 12 hex digits: the start of the sha256 of its sorted JSON."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Schema n -> the function that turns a result of schema n into one of schema n + 1."""


def load_result(path: Path) -> RunResult:
    """Read result.json, given itself or its folder.

    Raises:
        RecordError: there is none, it is broken, or it was written by a newer version.
    """
    file = path / RESULT_FILE if path.is_dir() else path
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{path} holds no {RESULT_FILE}: it is no finished run", hint="fsbench run ...") from None
    except (OSError, ValueError) as error:
        raise RecordError(f"{file} cannot be read: {error}", hint="repeat the run that wrote it") from None
    version = content.get("schema_version") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise RecordError(f"{file} has no schema_version: it was not written by fsbench")
    if version < 1:
        raise RecordError(
            f"{file} has schema {version}, which no fsbench ever wrote", hint="repeat the run that wrote it"
        )
    if version > SCHEMA_VERSION:
        raise RecordError(
            f"{file} has schema {version}, this fsbench knows up to {SCHEMA_VERSION}",
            hint="pip install --upgrade fsbench",
        )
    for step in range(version, SCHEMA_VERSION):
        content = MIGRATIONS[step](content)
    try:
        return RunResult.model_validate(content)
    except ValidationError as error:
        raise RecordError(f"{file} is not a result of schema {version}: {first_problem(error)}") from None


def result_json(result: RunResult) -> str:
    """Write a result as the text of result.json."""
    return result.model_dump_json(indent=2) + "\n"


def run_config(**settings: Any) -> RunConfig:
    """Check settings, with a message for the user that names the key, the value and what is allowed."""
    try:
        return RunConfig.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(first_problem(error), hint="fsbench run --help") from None


def first_problem(error: ValidationError) -> str:
    """Put the first complaint of pydantic in one line."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"'{where}' is missing"
    if first["type"] == "extra_forbidden":
        return f"no setting is called '{where}'"
    return f"'{where}' is {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}"
