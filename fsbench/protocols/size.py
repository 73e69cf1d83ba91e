"""How large a swapper is: parameters, their bytes at each precision, the files, with and without the face net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from fsbench.adapters.mobilefsgan_runtimes import exported_files
from fsbench.engine.bench import Bench
from fsbench.engine.plugins import Identified
from fsbench.errors import DataError
from fsbench.exports.manifest import manifest_path, read_manifest
from fsbench.interfaces import Protocol, Swapper
from fsbench.protocols import words
from fsbench.protocols.outcome import Outcome, Plan, RowBeside, Scored, measurement_of
from fsbench.protocols.presets import SizeDefinition, definition
from fsbench.records import RunConfig, SwapperRecord
from fsbench.types import Part

MB = 1_000_000  # bytes, as the paper counts; 1 MiB is 1.049 of them
BYTES = {"fp32_mb": 4, "fp16_mb": 2, "int8_mb": 1}  # of a parameter; scales of int8 are not counted
HOLDS_MORE = 1.3  # times the parameters at fp32: what is larger holds more than the network
NO_NETWORK = "shows no network of its own"
NOT_IN_FILE = "an exported file: its network is counted in its own row"


class SizeProtocol(Protocol):
    """`fsbench run size --swapper X --export FILE`."""

    name: ClassVar[str] = "size"
    version: ClassVar[int] = 1
    roles: ClassVar[tuple[str, ...]] = ()
    has_controls: ClassVar[bool] = False
    finds_faces: ClassVar[bool] = False

    def __init__(self, config: RunConfig) -> None:
        """Check the settings.

        Raises:
            ConfigError: a choice is wrong.
            DataError: an exported file is not there.
        """
        self.config = config
        self._definition = definition(SizeDefinition, "size", config.preset, config.choices)
        self._exports = [Path(name).expanduser() for name in config.exports]
        for path in self._exports:
            if not path.exists():
                raise DataError(f"--export {path} is not there", hint="--export FILE, or the folder of a package")
        self._face_nets: dict[str, tuple[Identified, list[Scored]]] = {}

    @property
    def definition(self) -> SizeDefinition:
        """There is no choice."""
        return self._definition

    def evaluator_settings(self) -> dict[str, dict[str, str]]:
        """Nothing looks at pictures."""
        return {}

    def explain(self, titles: Mapping[str, str]) -> tuple[str, ...]:
        """Say the definition in sentences."""
        return words.explain_size()

    def title(self) -> str:
        """Say what is weighed."""
        return "size of networks"

    def needs_swapper(self) -> bool:
        """Exported files can be weighed alone."""
        return not self._exports

    def plan(self) -> Plan:
        """Nothing is swapped."""
        return Plan([])

    def together(self, bench: Bench, plan: Plan, swappers: Mapping[str, Identified]) -> None:
        """Weigh the swappers that have a face net a second time, with it."""
        for label, by in swappers.items():
            parts = by.plugin.build().parts()
            if any(part.once_a_source for part in parts):
                self._face_nets[label] = by, self._of_parts(parts)

    def run(self, bench: Bench, plan: Plan, swapper: Identified | None) -> Outcome:
        """Weigh one swapper without its face net."""
        if swapper is None:
            raise ValueError("size weighs a swapper")
        built: Swapper = swapper.plugin.build()
        painters = [part for part in built.parts() if not part.once_a_source]
        return outcome_of(self._of_parts(painters) if painters else self._of_files(built))

    def rows_beside(self) -> list[RowBeside]:
        """Give the swappers with their face nets, and the exported files."""
        rows = []
        for label, (by, scored) in self._face_nets.items():
            record = SwapperRecord(
                name=by.name, label=f"{label} with the face net", version=by.version, weights=dict(by.weights)
            )
            rows.append(RowBeside(record, Plan([]), outcome_of(scored)))
        for path in self._exports:
            label, facts = told_of(path)
            record = SwapperRecord(name=path.name, label=label, version=0, facts=facts)
            rows.append(RowBeside(record, Plan([]), outcome_of(self._of_export(path))))
        return rows

    def _of_parts(self, parts: Sequence[Part]) -> list[Scored]:
        counts = [part.parameters for part in parts]
        files = list(dict.fromkeys(file for part in parts for file in part.files))
        unnamed = [part.name for part in parts if not part.files]
        if any(count is None for count in counts):
            uncounted = ", ".join(part.name for part in parts if part.parameters is None)
            return [*self._absent(f"the parameters of {uncounted} cannot be counted"), self._of(files, unnamed, None)]
        total = sum(count for count in counts if count is not None)
        n = len(parts)
        return [
            self._measured("parameters", total / 1e6, n),
            *(self._measured(metric, total * each / MB, n) for metric, each in BYTES.items()),
            self._of(files, unnamed, total),
        ]

    def _of(self, files: Sequence[Path], unnamed: Sequence[str], parameters: int | None) -> Scored:
        if unnamed or not files:
            return self._measured("size_mb", None, 0, f"no file of its own: {', '.join(unnamed)}")
        size = sum(bytes_of(file) for file in files)
        names = ", ".join(file.name for file in files)
        more = parameters is not None and size > HOLDS_MORE * 4 * parameters
        note = f"{names}; holds more than the network" if more else names
        return self._measured("size_mb", size / MB, len(files), note)

    def _of_files(self, swapper: Swapper) -> list[Scored]:
        files = list(swapper.weight_files().values())
        if not files:
            return [*self._absent(NO_NETWORK), self._measured("size_mb", None, 0, "has no weights")]
        size = sum(bytes_of(file) for file in files)
        note = f"all it is loaded from: {', '.join(file.name for file in files)}"
        return [*self._absent(NO_NETWORK), self._measured("size_mb", size / MB, len(files), note)]

    def _of_export(self, path: Path) -> list[Scored]:
        files = [path] if path.is_dir() else list(exported_files(path))
        size = sum(bytes_of(file) for file in files)
        note = ", ".join(file.name for file in files)
        return [*self._absent(NOT_IN_FILE), self._measured("size_mb", size / MB, len(files), note)]

    def _absent(self, note: str) -> list[Scored]:
        return [self._measured(metric, None, 0, note) for metric in ("parameters", *BYTES)]

    def _measured(self, metric: str, value: float | None, n: int, note: str = "") -> Scored:
        return Scored(measurement_of(metric, value, n, note=note))


def bytes_of(path: Path) -> int:
    """Weigh a file, or all files of a folder such as an .mlpackage."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size


def told_of(path: Path) -> tuple[str, dict[str, str]]:
    """Name an export by its manifest, and say how it was made; by its file where it has none.

    Raises:
        RecordError: what lies beside as its manifest is none.
    """
    if not manifest_path(path).is_file():
        return path.name, {"export": path.name}
    found = read_manifest(manifest_path(path))
    facts = {"export": path.name, "runtime": found.runtime, "form": found.form, "precision": found.precision}
    made = {f"made with {name}": version for name, version in found.versions.items()}
    return f"{found.part}, {found.to}, {found.precision}", {
        **{key: text for key, text in facts.items() if text},
        **made,
    }


def outcome_of(scored: list[Scored]) -> Outcome:
    """Wrap numbers that rest on no swap."""
    return Outcome([], {}, [], {}, [], scored, {}, planned=0, finished=0)
