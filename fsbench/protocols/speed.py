"""How long a swap takes: all swappers turn by turn on the same faces, with all that the times depend on beside."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from fsbench.engine.bench import Bench
from fsbench.engine.plugins import Identified
from fsbench.errors import ConfigError
from fsbench.interfaces import Protocol
from fsbench.protocols import machine, words
from fsbench.protocols.device_times import read_device_times, row_of
from fsbench.protocols.memory import peak_memory
from fsbench.protocols.outcome import Outcome, Plan, RowBeside, Scored
from fsbench.protocols.presets import SpeedDefinition, definition
from fsbench.protocols.speed_calls import Subject, calls_of, can_have, subject
from fsbench.protocols.speed_pictures import block_of_pass, faces_to_time, first_pictures, items_of_pass, pass_key
from fsbench.protocols.speed_runtimes import in_runtimes
from fsbench.protocols.speed_scores import Material, conditions_as_text, scored
from fsbench.protocols.timing import Stopwatch, Times, interleave, stopwatch_for
from fsbench.records import RunConfig, SwapperConfig
from fsbench.types import Failure, SwapItem, SwapPair


@dataclass
class Session:
    """What one run timed, before it is told apart by swapper."""

    name: str
    items: list[list[SwapItem]]  # of each pass
    subjects: list[Subject]
    times: Mapping[tuple[str, str], Times]  # metric and label
    conditions: dict[str, str] = field(default_factory=dict)
    limit: float | None = None  # GFLOP/s


class SpeedProtocol(Protocol):
    """`fsbench run speed --swapper X --swapper Y`."""

    name: ClassVar[str] = "speed"
    version: ClassVar[int] = 1
    roles: ClassVar[tuple[str, ...]] = ()
    has_controls: ClassVar[bool] = False
    needs_quiet: ClassVar[bool] = True

    def __init__(self, config: RunConfig, *, stopwatch: Stopwatch | None = None) -> None:
        """Check the settings.

        Args:
            config: of the run.
            stopwatch: takes the times, in place of the device's own clock.

        Raises:
            ConfigError: a choice is wrong, or the data are missing.
        """
        self.config = config
        found = definition(SpeedDefinition, "speed", config.preset, config.choices)
        self._definition = found.model_copy(update={"threads": found.threads or machine.usable_cores()})
        self._elsewhere = [
            (times, Path(name)) for name in config.from_device for times in read_device_times(Path(name))
        ]
        self._is_alone = bool(self._elsewhere) and not config.swappers  # nothing is timed here
        if not config.data and not self._is_alone:
            raise ConfigError("--data is missing", hint="--data FOLDER of pictures, or --data mini")
        self._stopwatch, self._clock = stopwatch_for(config.device)
        if stopwatch is not None:
            self._stopwatch, self._clock = stopwatch, "a clock that was handed in"
        self._session: Session | None = None

    @property
    def definition(self) -> SpeedDefinition:
        """Every choice that was made; `threads` is the number that was used."""
        return self._definition

    def evaluator_settings(self) -> dict[str, dict[str, str]]:
        """Nothing but the detector looks at the pictures."""
        return {}

    def swapper_settings(self) -> Mapping[str, str]:
        """Hand on the threads, and the batch so that it goes through a network at once."""
        return {"threads": str(self.definition.threads), "batch": str(self.definition.batch)}

    def explain(self, titles: Mapping[str, str]) -> tuple[str, ...]:
        """Say the definition in sentences."""
        return words.explain_speed(self.definition, self._clock)

    def title(self) -> str:
        """Say what was timed where."""
        threads = f"{self.definition.threads} thread{'s' if self.definition.threads > 1 else ''}"
        where = f"{self.config.device}, {threads}" if self.config.device == "cpu" else self.config.device
        precision = "" if self.config.precision == "float32" else f", {self.config.precision}"
        return f"speed at batch {self.definition.batch} on {where}{precision}"

    def plan(self) -> Plan:
        """List the passes; which faces they get is seen when the pictures are looked at."""
        if self._is_alone:
            return Plan([])
        refs = first_pictures(Path(self.config.data))
        pairs = [
            SwapPair(pass_key(number), refs[0], refs[number % len(refs)], refs[0].path.stem, "")
            for number in range(self.definition.passes)
        ]
        return Plan(pairs, gallery=dict.fromkeys(refs, "picture"))

    def together(self, bench: Bench, plan: Plan, swappers: Mapping[str, Identified]) -> None:
        """Time all swappers turn by turn, and the machine's limit before and after."""
        choices, config = self.definition, self.config
        source, targets = faces_to_time(bench, list(plan.gallery))
        items = [items_of_pass(source, targets, number=number, batch=choices.batch) for number in range(choices.passes)]
        given = machine.Setting(choices.threads, config.device, config.precision)
        told, before, limits = machine.conditions(given), machine.load(), [machine.speed_limit(given)]
        subjects = [subject(label, by, items[0]) for label, by in swappers.items()]
        from fsbench.evaluators.inference import torch_threads

        calls = calls_of(subjects, items)
        with torch_threads(choices.threads), bench.progress("time", choices.warmup + choices.passes) as advance:
            times = interleave(
                calls,
                warmup=choices.warmup,
                passes=choices.passes,
                stopwatch=self._stopwatch,
                advance=advance,
            )
        limits.append(machine.speed_limit(given))
        told |= {"batch": str(choices.batch), "warm-up": str(choices.warmup)}
        told |= {"clock that timed": self._clock, "load": conditions_as_text(before, machine.load())}
        told["limit"] = f"{max(limits):.1f} GFLOP/s, the best of a matrix product and a convolution, before and after"
        self._session = Session(uuid.uuid4().hex[:12], items, subjects, times, told, max(limits))

    def run(self, bench: Bench, plan: Plan, swapper: Identified | None) -> Outcome:
        """Give what was timed of one swapper."""
        session = self._session
        if session is None or swapper is None:
            raise ValueError("nothing was timed yet: `together` comes first")
        mine = next(one for one in session.subjects if one.by is swapper)
        peak = peak_memory(swapper.plugin, session.items[0], threads=self.definition.threads, device=self.config.device)
        material = Material(
            choices=self.definition,
            mine={metric: times for (metric, label), times in session.times.items() if label == mine.label},
            first={metric: t for (metric, label), t in session.times.items() if label == session.subjects[0].label},
            is_first=mine is session.subjects[0],
            subject=mine,
            peak=peak,
            limit=session.limit,
            somebody=can_have(session.subjects),
            resamples=self.config.bootstrap,
            seed=self.config.seed,
        )
        return self._outcome(session, mine, scored(material))

    def chosen(self, swappers: Sequence[SwapperConfig]) -> list[SwapperConfig]:
        """Make a row of each swapper in each runtime."""
        return in_runtimes(swappers, self.config.runtimes)

    def needs_swapper(self) -> bool:
        """Times from elsewhere can stand alone."""
        return not self._elsewhere

    def rows_beside(self) -> list[RowBeside]:
        """Give the times that were taken on other devices."""
        given = {"resamples": self.config.bootstrap, "seed": self.config.seed}
        return [row_of(times, file, **given) for times, file in self._elsewhere]

    def _outcome(self, session: Session, mine: Subject, found: list[Scored]) -> Outcome:
        keys = [pass_key(number) for number in range(self.definition.passes)]
        failures = failures_of(mine, session.times)
        failed = {failure.key for failure in failures}
        pairs = [
            SwapPair(key, items[0].pair.source, items[0].pair.target, items[0].pair.source_id, items[0].pair.target_id)
            for key, items in zip(keys, session.items, strict=True)
        ]
        return Outcome(
            pairs=pairs,
            source_rules={},
            items=[],
            results={},
            failures=failures,
            scored=found,
            clusters={key: (block_of_pass(place, len(keys)),) for place, key in enumerate(keys)},
            planned=len(keys),
            finished=len(keys) - len(failed),
            done=frozenset(keys) - failed,
            columns={
                "pass": {key: place + 1 for place, key in enumerate(keys)},
                "session": dict.fromkeys(keys, session.name),
            },
            conditions={**session.conditions, "session": session.name},
        )


def failures_of(mine: Subject, times: Mapping[tuple[str, str], Times]) -> list[Failure]:
    """Name each pass that gave no result, once."""
    reasons: dict[int, str] = {}
    for (_, label), found in times.items():
        if label == mine.label:
            reasons = {**found.failures, **reasons}
    return [Failure(pass_key(number), "swap", reason) for number, reason in sorted(reasons.items())]
