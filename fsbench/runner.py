"""One run from settings to run folders: resolve, check before any pixel, plan, swap and measure, write."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fsbench import catalog, overlap
from fsbench.data.places import place
from fsbench.engine import plugins
from fsbench.engine.bench import Bench, Ledger, Progress, silent
from fsbench.engine.cache import Cache
from fsbench.engine.executors import check_executor, executor
from fsbench.engine.plugins import Identified, identify, plugin
from fsbench.errors import ConfigError
from fsbench.evaluators.inference import check_device
from fsbench.interfaces import Detector, Evaluator, Protocol
from fsbench.protocols.outcome import Outcome, Plan, RowBeside
from fsbench.protocols.presets import SAME_KIND, evaluator_names
from fsbench.provenance import provenance
from fsbench.records import Provenance, RunConfig, RunResult, SwapperConfig
from fsbench.run_folder import safe_name, write_pairs, write_run
from fsbench.run_place import RunPlace
from fsbench.run_result import result_beside, run_digest, run_result, swapper_record
from fsbench.types import FrameRef

CONTROLS = (SwapperConfig(name="copy-target"), SwapperConfig(name="copy-source"))
NOTHING_SWAPPED: dict[str, Identified | None] = {"": None}


@dataclass(frozen=True)
class Prepared:
    """A run whose names, settings, weights and data were found to be in order."""

    config: RunConfig
    protocol: Protocol
    detector: Identified
    evaluators: Mapping[str, Identified]
    swappers: Mapping[str, Identified | None]  # label -> swapper
    plan: Plan


@dataclass
class Finished:
    """What a run left behind."""

    folders: list[Path] = field(default_factory=list)
    results: list[RunResult] = field(default_factory=list)

    @property
    def too_many_failed(self) -> list[RunResult]:
        """The results with a larger share of failed swaps than the settings allow."""
        return [r for r in self.results if r.planned and r.planned - r.swapped > r.config.max_failed * r.planned]


def prepare(config: RunConfig, *, writes: bool = True) -> Prepared:
    """Check everything that can be checked before the first pixel.

    Args:
        config: the settings.
        writes: whether run folders will be written, so that their place must be one.

    Raises:
        FsbenchError: a name, setting, weight file, data folder or output folder is not right.
    """
    entry = catalog.entry("protocol", config.protocol)
    protocol: Protocol = catalog.load(entry.target)(config)
    names = evaluator_names(config.suite, config.protocol, config.evaluators)
    context = _context(config)
    detector = _evaluator("detect", names["detect"], {}, context, Detector)
    settings = protocol.evaluator_settings()
    roles = [*protocol.roles, *(role for role in protocol.optional_roles if role in names)]
    evaluators = {role: _evaluator(role, names[role], settings.get(role, {}), context, Evaluator) for role in roles}
    check_executor(config)
    if protocol.needs_quiet and config.executor != "local":
        raise ConfigError(
            f"{config.protocol} measures one machine", hint=f"fsbench run {config.protocol} without --executor"
        )
    if config.executor == "local":  # the head of a cluster may have no GPU; a worker says so of its own
        check_device(config.device)
    if writes:
        RunPlace.of(config.out).check()
    plan = protocol.plan()
    context = {**context, **protocol.swapper_settings()}
    controls = config.controls and protocol.has_controls
    wanted = protocol.swaps and (config.swappers or protocol.needs_swapper())
    rows = config.model_copy(update={"swappers": tuple(protocol.chosen(config.swappers))})
    swappers = _swappers(rows, context, controls=controls) if wanted else {}
    overlap.refuse(evaluators, swappers, allowed=config.allow_overlap)
    return Prepared(config, protocol, detector, evaluators, swappers, plan)


def run(
    prepared: Prepared,
    cache: Cache,
    *,
    progress: Progress = silent,
    notify: Callable[[str], None] = lambda line: None,
    command: str = "",
) -> Finished:
    """Do the work and write one folder a swapper; what is finished stays, whatever happens later."""
    config, finished = prepared.config, Finished()
    alone = config.model_copy(update={"workers": 1}) if prepared.protocol.needs_quiet else config
    workers = executor(alone, planned=prepared.plan.planned, say=notify)
    bench = Bench(
        cache=cache,
        executor=workers,
        detector=prepared.detector,
        evaluators=prepared.evaluators,
        progress=progress,
    )
    try:
        data_digest = bench.data_digest(_data_refs(prepared.plan, config))
        begun = _Start.now()
        together = {label: swapper for label, swapper in prepared.swappers.items() if swapper is not None}
        if together:
            prepared.protocol.together(bench, prepared.plan, together)
        start = begun if together and prepared.protocol.needs_quiet else None  # what was done together counts for each
        for label, swapper in (prepared.swappers if prepared.protocol.swaps else NOTHING_SWAPPED).items():
            notify(label)
            outcome, origin = _measure(bench, prepared, swapper, data_digest=data_digest, command=command, start=start)
            result = run_result(prepared, swapper_record(label, swapper, config), outcome, origin)
            _keep(prepared, prepared.plan, outcome, result, finished)
        for row in prepared.protocol.rows_beside():
            _keep(
                prepared,
                row.plan,
                row.outcome,
                _beside(prepared, row, data_digest=data_digest, command=command),
                finished,
            )
    finally:
        bench.executor.close()
    return finished


def _keep(prepared: Prepared, plan: Plan, outcome: Outcome, result: RunResult, finished: Finished) -> None:
    """Write the folder of one finished run."""
    out = RunPlace.of(prepared.config.out)
    folder = out.folder / safe_name(prepared.config.protocol) / safe_name(result.swapper.label) / run_digest(result)
    write_run(folder, plan, outcome, result)
    out.send(folder)
    finished.folders.append(folder)
    finished.results.append(result)


@dataclass(frozen=True)
class _Start:
    """When work began: as a date, and on a clock that never goes back."""

    date: datetime.datetime
    clock: float

    @classmethod
    def now(cls) -> _Start:
        return cls(datetime.datetime.now(datetime.timezone.utc), time.perf_counter())


def _measure(
    bench: Bench,
    prepared: Prepared,
    swapper: Identified | None,
    *,
    data_digest: str,
    command: str,
    start: _Start | None,
) -> tuple[Outcome, Provenance]:
    """Run the protocol with one swapper, and note where its numbers come from."""
    start = start or _Start.now()
    bench.ledger = Ledger()
    outcome = prepared.protocol.run(bench, prepared.plan, swapper)
    seconds = time.perf_counter() - start.clock
    origin = _origin(
        prepared, outcome, start, seconds=seconds, ledger=bench.ledger, data_digest=data_digest, command=command
    )
    return outcome, origin


def _beside(prepared: Prepared, row: RowBeside, *, data_digest: str, command: str) -> RunResult:
    """Give the result of a row that no swapper was measured for."""
    now = _Start.now()
    origin = _origin(prepared, row.outcome, now, seconds=0.0, ledger=Ledger(), data_digest=data_digest, command=command)
    return result_beside(prepared, row, origin)


def _origin(
    prepared: Prepared,
    outcome: Outcome,
    start: _Start,
    *,
    seconds: float,
    ledger: Ledger,
    data_digest: str,
    command: str,
) -> Provenance:
    """Note where the numbers of an outcome come from."""
    return provenance(
        config=prepared.config,
        parts=_measuring(prepared),
        data_digest=data_digest,
        started=start.date,
        seconds=seconds,
        ledger=ledger,
        command=command,
        conditions=outcome.conditions,
    )


def _measuring(prepared: Prepared) -> dict[str, Identified]:
    detector = {"detect": prepared.detector} if prepared.protocol.finds_faces else {}
    return {**detector, **prepared.evaluators}


def write_plan(prepared: Prepared) -> str:
    """Write the planned pair list of a dry run, and tell where it is."""
    out = RunPlace.of(prepared.config.out)
    path = out.folder / safe_name(prepared.config.protocol) / "planned_pairs.csv"
    write_pairs(path, prepared.plan.pairs, {})
    out.send(path)
    return out.shown(path) if out.address else str(path)


def _chosen(config: RunConfig, *, controls: bool) -> list[SwapperConfig]:
    if not config.swappers and not controls:
        raise ConfigError("no swapper is named and no control runs", hint="--swapper landmark")
    chosen = [*(CONTROLS if controls else ()), *config.swappers]
    by_label = {swapper.shown: swapper for swapper in chosen}
    for swapper in chosen:
        if swapper != by_label[swapper.shown]:
            raise ConfigError(f"two swappers are called '{swapper.shown}'", hint="--swapper LABEL=NAME, one label each")
    return list(by_label.values())


def _swappers(config: RunConfig, context: Mapping[str, str], *, controls: bool) -> dict[str, Identified | None]:
    """Build each swapper under its label; a class in a file is called by its own name."""
    found: dict[str, Identified | None] = {}
    for chosen in _chosen(config, controls=controls):
        swapper = plugins.swapper(chosen.name, chosen.args, context)
        in_file = ".py:" in chosen.name and not chosen.label
        label = chosen.model_copy(update={"name": swapper.name}).shown if in_file else chosen.shown
        if label in found:
            raise ConfigError(f"two swappers are called '{label}'", hint="--swapper LABEL=NAME, one label each")
        found[label] = swapper
    return found


def _context(config: RunConfig) -> dict[str, str]:
    """Give the settings of the run that networks and swappers may ask for."""
    context = {"device": config.device, "data": config.data, "compression": config.compression}
    return context if config.precision == "float32" else {**context, "precision": config.precision}


def _evaluator(
    role: str, name: str, settings: Mapping[str, str], context: Mapping[str, str], kind: type[Any]
) -> Identified:
    target = catalog.evaluator_target(name)
    able = getattr(catalog.load(target), "role", role)
    if able != SAME_KIND.get(role, role):  # before its settings, which another role may not have
        raise ConfigError(f"'{name}' measures {able}, not {role}", hint="fsbench list evaluators")
    return identify(plugin(target, settings, context), kind)


def _data_refs(plan: Plan, config: RunConfig) -> dict[str, FrameRef]:
    """Name everything that the numbers rest on besides programs: what stands where in the protocol."""
    refs = {f"{pair.key} target": pair.target for pair in plan.pairs}
    refs |= {f"{pair.key} source": pair.source for pair in plan.pairs}
    refs |= {f"positive {pair.key} target": pair.target for pair in plan.positives}
    refs |= {f"positive {pair.key} source": pair.source for pair in plan.positives}
    refs |= {f"gallery {name} {number}": ref for number, (ref, name) in enumerate(plan.gallery.items())}
    if config.persons:  # who is in which video decides hits as the pictures do
        refs["persons"] = FrameRef(place(config.persons))
    if config.source_frames:
        refs["source frames"] = FrameRef(place(config.source_frames))
    return refs
