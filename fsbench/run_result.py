"""What a run leaves in result.json: who was measured, what was found, where it comes from; and the run's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fsbench import overlap
from fsbench.engine.plugins import Identified
from fsbench.interfaces import Swapper
from fsbench.protocols.outcome import Outcome, RowBeside
from fsbench.records import Overlap, Provenance, RunConfig, RunResult, SwapperRecord, digest

if TYPE_CHECKING:
    from fsbench.runner import Prepared

NOT_IN_NUMBERS = (
    *("data", "data_name", "real", "swapped", "out", "workers", "device", "max_failed", "swappers", "controls"),
    *("allow_overlap", "executor", "ray_address", "gpus_per_worker", "runtimes", "from_device", "exports"),
)
MINI_WARNING = "made from the mini set: it proves an installation and says nothing about methods"
SESSION = "session"  # key of the conditions


def swapper_record(label: str, swapper: Identified | None, config: RunConfig) -> SwapperRecord:
    """Say who was measured; where nothing was swapped, the folder of pictures."""
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


def run_result(prepared: Prepared, swapper: SwapperRecord, outcome: Outcome, origin: Provenance) -> RunResult:
    """Put all that was found in one record."""
    config, protocol = prepared.config, prepared.protocol
    definition = protocol.definition.as_text()
    titles = {role: by.plugin.build().title for role, by in prepared.evaluators.items()}
    overlaps = overlap.overlaps(prepared.evaluators, prepared.swappers.get(swapper.label), swapper.label)
    titles["detect"] = prepared.detector.plugin.build().title
    return RunResult(
        title=_title(config, prepared.plan.data, protocol.title()),
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


def result_beside(prepared: Prepared, row: RowBeside, origin: Provenance) -> RunResult:
    """Put a row that no swapper was measured for in the same record."""
    result = run_result(prepared, row.swapper, row.outcome, origin)
    update: dict[str, object] = {"title": row.title} if row.title else {}
    if row.explanation:
        update["explanation"] = row.explanation
    if row.definition is not None:
        name = {"protocol": result.config.protocol, "version": result.protocol_version, **row.definition}
        update |= {"definition": dict(row.definition), "definition_digest": digest(name)}
    if row.machine:  # what is known of this machine says nothing about the other
        elsewhere = {"machine": row.machine, "packages": {}, "evaluators": {}, "weights": {}, "licences": {}}
        update["provenance"] = origin.model_copy(update={**elsewhere, "data_digest": ""})
    return result.model_copy(update=update)


def _of_networks(evaluators: Mapping[str, Identified]) -> tuple[str, ...]:
    """Say what each network looks at, where it has something to say of it."""
    texts = (by.plugin.build().explanation for by in evaluators.values())
    return tuple(dict.fromkeys(text for text in texts if text))


def _title(config: RunConfig, part: str, own: str) -> str:
    if own:
        return own + _changes(config)
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
    is_mini = prepared.config.data_name == "mini" and not prepared.protocol.needs_quiet  # a time does not mind
    warnings = [MINI_WARNING] if is_mini else []
    return (*warnings, *(found.text for found in overlaps if found.kind in overlap.FAVOURED))


def run_digest(result: RunResult) -> str:
    """Name a run by all that can change its numbers: not where data or output lie, nor who does the work."""
    config = result.config.model_dump(exclude=set(NOT_IN_NUMBERS))
    session = result.provenance.conditions.get(SESSION)  # times of two sessions differ though all else is equal
    return digest(
        {
            "config": config,
            "definition": result.definition_digest,
            "data": result.provenance.data_digest,
            "evaluators": result.provenance.evaluators,
            "weights": result.provenance.weights,
            "swapper": result.swapper.model_dump(),
            **({SESSION: session} if session else {}),
        }
    )
