"""Why a number differs: the same run under another definition, all at once and one choice at a time."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fsbench.engine.cache import Cache
from fsbench.errors import ConfigError, DataError
from fsbench.explain.replay import DECIDES_SOURCES, Rescored, config_of, rescore
from fsbench.protocols.presets import PRESETS, Choices, Definition, definition
from fsbench.records import Measurement
from fsbench.reports.runs import Run

SAME = 1e-9  # relative: a number made again from the same rows
CHOOSE_SOURCES = ("source_frame", "source_fallback", "sampling", "frames")
Changes = Mapping[str, str]


@dataclass(frozen=True)
class Flip:
    """One choice alone, in place of the run's own."""

    choice: str
    old: str
    new: str
    rescored: Rescored
    command: str  # that would make what the cache lacks; empty where it has all


@dataclass(frozen=True)
class Explained:
    """A run under other choices. `answered` holds those flips that the cache answers in full, where not all are."""

    run: Run
    wanted: str  # "preset reliableswap", "preset reliableswap with hit=person"
    own: Mapping[str, Measurement]
    flips: tuple[Flip, ...]
    together: Rescored
    answered: Rescored | None
    command: str


def explain(
    run: Run,
    cache: Cache,
    *,
    preset: str = "",
    choices: Changes | None = None,
    settings: Mapping[str, Any] | None = None,
    notify: Callable[[str], None] = lambda line: None,
) -> Explained:
    """Score a run's cached measurements under another preset, single choices, or both.

    Args:
        run: a finished run, of which the data folder and the cache are still there.
        cache: where its measurements are.
        preset: whose choices; the run's own where it is empty.
        choices: single ones that differ from them.
        settings: others that a choice asks for, such as `persons`.
        notify: told what is being scored.

    Raises:
        ConfigError: no such preset, choice or value, or none is given.
        DataError: the cache does not hold what the run measured.
    """
    if not preset and not choices:
        raise ConfigError(
            "nothing to change", hint="fsbench explain RUN --as reliableswap, or --set gallery=first_frame"
        )
    wanted = _wanted(run, preset, choices or {})
    own_choices = run.result.definition
    changed = {choice: value for choice, value in wanted.items() if value != own_choices.get(choice)}
    notify("as it was measured")
    own = rescore(config_of(run), cache)
    _check(run, own)
    unchanged = Rescored(own.measurements, {}, frozenset())

    def under(changes: Changes) -> Rescored:
        notify(", ".join(f"{choice}={value}" for choice, value in changes.items()))
        found = rescore(config_of(run, choices={**own_choices, **changes}, **(settings or {})), cache, failed=own.items)
        decides = DECIDES_SOURCES in found.lacking and any(choice in CHOOSE_SOURCES for choice in changes)
        return Rescored({}, found.lacking, found.items, found.stopped) if decides else found

    flips = tuple(
        Flip(choice, own_choices.get(choice, ""), value, found, _command(run, {choice: value}) if found.needs else "")
        for choice, value in changed.items()
        for found in [under({choice: value})]
    )
    together = flips[0].rescored if len(flips) == 1 else under(changed) if flips else unchanged
    whole = {flip.choice: flip.new for flip in flips if not flip.rescored.needs and not flip.rescored.stopped}
    answered = under(whole) if together.needs and whole else None
    named = " with ".join(
        part
        for part in (f"preset {preset}" if preset else "", " and ".join(f"{c}={v}" for c, v in (choices or {}).items()))
        if part
    )
    command = _command(run, changed) if together.needs else ""
    return Explained(run, named, dict(own.measurements), flips, together, answered, command)


def _wanted(run: Run, preset: str, choices: Changes) -> dict[str, str]:
    """Give every choice that is asked for, as text."""
    protocol, own = run.result.config.protocol, run.result.definition
    kind = next((type(parts[protocol]) for parts in PRESETS.values() if protocol in parts), Choices)
    if not issubclass(kind, Definition):
        raise ConfigError(
            f"{protocol} measures no pictures, so there is nothing to score again", hint=_command(run, {})
        )
    if preset:
        return definition(kind, protocol, preset, choices).as_text()
    return definition(kind, protocol, run.result.config.preset, {**own, **choices}).as_text()


def _check(run: Run, own: Rescored) -> None:
    """Refuse to explain numbers that cannot be made again: what moved could then be anything.

    Raises:
        DataError: a number of the run is another one now, or cannot be known.
    """
    command = _command(run, {})
    for measured in run.result.measurements:
        again = own.measurements.get(measured.metric)
        if again is not None and again.n == measured.n and _equal(again.value, measured.value):
            continue
        if own.needs:
            raise DataError(
                f"{run.folder}: the cache does not hold what this run measured; it lacks {own.needs}", hint=command
            )
        found = "nothing" if again is None else f"{again.value} over n = {again.n}"
        was = f"{measured.metric} was {measured.value} over n = {measured.n}"
        raise DataError(f"{run.folder}: {was}, and from the cache it is {found}", hint=command)


def _equal(a: float | None, b: float | None) -> bool:
    return a == b if a is None or b is None else math.isclose(a, b, rel_tol=SAME, abs_tol=1e-12)


def _command(run: Run, changes: Changes) -> str:
    """Give the command of the run with other choices: what it measures is in the cache afterwards."""
    words = run.result.provenance.command
    start = f"fsbench {words}" if words.startswith("run ") else f"{words or 'fsbench run'} ..."
    return " ".join([start, *(f"--set {shlex.quote(f'{choice}={value}')}" for choice, value in changes.items())])


def moved(flips: Sequence[Flip], own: Mapping[str, Measurement]) -> list[str]:
    """Name the metrics that at least one flip moves, in the order of the run."""
    return [
        metric
        for metric, before in own.items()
        if any(
            (after := flip.rescored.measurements.get(metric)) is not None and not _equal(after.value, before.value)
            for flip in flips
        )
    ]
