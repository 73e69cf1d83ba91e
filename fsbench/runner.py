"""One run from settings to run folders: resolve, check before any pixel, plan, swap and measure, write."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fsbench import catalog, overlap
from fsbench.engine import plugins
from fsbench.engine.bench import Bench, Ledger, Progress, silent
from fsbench.engine.cache import Cache
from fsbench.engine.executors import executor
from fsbench.engine.plugins import Identified, identify, plugin
from fsbench.errors import ConfigError
from fsbench.evaluators.inference import check_device
from fsbench.interfaces import Detector, Evaluator, Protocol, Swapper
from fsbench.protocols.outcome import Outcome, Plan
from fsbench.protocols.presets import SAME_KIND, evaluator_names
from fsbench.provenance import provenance
from fsbench.records import Overlap, Provenance, RunConfig, RunResult, SwapperConfig, SwapperRecord, digest
from fsbench.run_folder import check_writable, safe_name, write_pairs, write_run
from fsbench.types import FrameRef

CONTROLS = (SwapperConfig(name="copy-target"), SwapperConfig(name="copy-source"))
NOTHING_SWAPPED: dict[str, Identified | None] = {"": None}
NOT_IN_NUMBERS = (
    *("data", "data_name", "real", "swapped", "out", "workers", "device", "max_failed", "swappers", "controls"),
    *("allow_overlap",),
)
MINI_WARNING = "made from the mini set: it proves an installation and says nothing about methods"


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


def prepare(config: RunConfig) -> Prepared:
    """Check everything that can be checked before the first pixel.

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
    check_device(config.device)
    check_writable(Path(config.out))
    plan = protocol.plan()
    swappers = _swappers(config, context) if protocol.swaps else {}
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
    workers = executor(config.workers, planned=prepared.plan.planned)
    bench = Bench(
        cache=cache,
        executor=workers,
        detector=prepared.detector,
        evaluators=prepared.evaluators,
        progress=progress,
    )
    try:
        data_digest = bench.data_digest(_data_refs(prepared.plan, config))
        for label, swapper in (prepared.swappers or NOTHING_SWAPPED).items():
            notify(label)
            outcome, origin = _measure(bench, prepared, swapper, data_digest=data_digest, command=command)
            result = _result(prepared, _swapper_record(label, swapper, config), outcome, origin)
            place = Path(config.out) / safe_name(config.protocol) / safe_name(result.swapper.label)
            folder = place / _run_digest(result)
            write_run(folder, prepared.plan, outcome, result)
            finished.folders.append(folder)
            finished.results.append(result)
    finally:
        workers.close()
    return finished


def _measure(
    bench: Bench, prepared: Prepared, swapper: Identified | None, *, data_digest: str, command: str
) -> tuple[Outcome, Provenance]:
    """Run the protocol with one swapper, and note where its numbers come from."""
    started, clock = datetime.datetime.now(datetime.timezone.utc), time.perf_counter()
    bench.ledger = Ledger()
    outcome = prepared.protocol.run(bench, prepared.plan, swapper)
    origin = provenance(
        config=prepared.config,
        detector=prepared.detector,
        evaluators=prepared.evaluators,
        data_digest=data_digest,
        started=started,
        seconds=time.perf_counter() - clock,
        ledger=bench.ledger,
        command=command,
    )
    return outcome, origin


def write_plan(prepared: Prepared) -> Path:
    """Write the planned pair list of a dry run."""
    path = Path(prepared.config.out) / safe_name(prepared.config.protocol) / "planned_pairs.csv"
    write_pairs(path, prepared.plan.pairs, {})
    return path


def _chosen(config: RunConfig) -> list[SwapperConfig]:
    if not config.swappers and not config.controls:
        raise ConfigError("no swapper is named and the controls are off", hint="--swapper landmark")
    chosen = [*(CONTROLS if config.controls else ()), *config.swappers]
    by_label = {swapper.shown: swapper for swapper in chosen}
    for swapper in chosen:
        if swapper != by_label[swapper.shown]:
            raise ConfigError(f"two swappers are called '{swapper.shown}'", hint="--swapper LABEL=NAME, one label each")
    return list(by_label.values())


def _swappers(config: RunConfig, context: Mapping[str, str]) -> dict[str, Identified | None]:
    """Build each swapper under its label; a class in a file is called by its own name."""
    found: dict[str, Identified | None] = {}
    for chosen in _chosen(config):
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
        refs["persons"] = FrameRef(Path(config.persons))
    if config.source_frames:
        refs["source frames"] = FrameRef(Path(config.source_frames))
    return refs


def _swapper_record(label: str, swapper: Identified | None, config: RunConfig) -> SwapperRecord:
    if swapper is None:
        name = Path(config.swapped).name
        return SwapperRecord(name=name, label=name, version=0)
    built: Swapper = swapper.plugin.build()
    args = {key: value for key, value in swapper.plugin.args if key not in ("device", "data")}
    return SwapperRecord(
        name=swapper.name,
        label=label,
        version=swapper.version,
        args=args,
        weights=dict(swapper.weights),
        licences=dict(built.licences()),
        facts=dict(built.facts()),
        is_control=built.is_control,
    )


def _result(prepared: Prepared, swapper: SwapperRecord, outcome: Outcome, origin: Provenance) -> RunResult:
    config, protocol = prepared.config, prepared.protocol
    definition = protocol.definition.as_text()
    titles = {role: by.plugin.build().title for role, by in prepared.evaluators.items()}
    overlaps = overlap.overlaps(prepared.evaluators, prepared.swappers.get(swapper.label), swapper.label)
    titles["detect"] = prepared.detector.plugin.build().title
    return RunResult(
        title=_title(config, prepared.plan.data),
        config=config,
        protocol_version=protocol.version,
        definition=definition,
        definition_digest=digest({"protocol": config.protocol, "version": protocol.version, **definition}),
        explanation=(*protocol.explain(titles), *_of_networks(prepared.evaluators)),
        swapper=swapper,
        measurements=tuple(scored.measurement for scored in outcome.scored),
        planned=outcome.planned,
        swapped=outcome.finished,
        warnings=_warnings(prepared, overlaps),
        overlaps=overlaps,
        provenance=origin,
    )


def _of_networks(evaluators: Mapping[str, Identified]) -> tuple[str, ...]:
    """Say what each network looks at, where it has something to say of it."""
    texts = (by.plugin.build().explanation for by in evaluators.values())
    return tuple(dict.fromkeys(text for text in texts if text))


def _title(config: RunConfig, part: str) -> str:
    if config.protocol == "fid":
        data = f"{Path(config.swapped).name} against {Path(config.real).name}"
    else:
        data = "the mini set" if config.data_name == "mini" else config.data_name
    parts = [data, part, "" if config.split == "all" else f"split {config.split}"]
    parts += [
        f"first {config.limit}" if config.limit else "",
        f"preset {config.preset}{_changes(config)}",
        f"{config.suite} suite",
    ]
    return f"{config.protocol} on {', '.join(part for part in parts if part)}"


def _changes(config: RunConfig) -> str:
    """Say in the title what differs from the preset and the suite that it names."""
    changed = {**config.choices, **config.evaluators}
    return " with " + " and ".join(f"{key}={value}" for key, value in changed.items()) if changed else ""


def _warnings(prepared: Prepared, overlaps: Sequence[Overlap]) -> tuple[str, ...]:
    warnings = [MINI_WARNING] if prepared.config.data_name == "mini" else []
    return (*warnings, *(found.text for found in overlaps if found.kind in overlap.FAVOURED))


def _run_digest(result: RunResult) -> str:
    """Name a run by all that can change its numbers: not where data or output lie, nor who does the work."""
    config = result.config.model_dump(exclude=set(NOT_IN_NUMBERS))
    return digest(
        {
            "config": config,
            "definition": result.definition_digest,
            "data": result.provenance.data_digest,
            "evaluators": result.provenance.evaluators,
            "weights": result.provenance.weights,
            "swapper": result.swapper.model_dump(),
        }
    )
