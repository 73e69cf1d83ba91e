"""A run scored again from what the cache holds: nothing is swapped or measured, and what is lacking is counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fsbench import runner
from fsbench.engine.bench import Bench
from fsbench.engine.cache import Cache
from fsbench.engine.executors import Done, Executor
from fsbench.engine.faces import face_digest
from fsbench.engine.plugins import Identified
from fsbench.engine.stages import Task
from fsbench.errors import ConfigError, ItemError, RunAborted
from fsbench.metrics.spec import IDENTITY, SECOND
from fsbench.records import Measurement, RunConfig
from fsbench.reports.runs import Run
from fsbench.types import Face, ImageRef, SwapItem

BEFORE_ALL = ("decode", "detect", "swap")  # without their outcome no metric can be known
DECIDES_SOURCES = "pose"  # the role whose measurements can decide which frame is the source
THINGS = {"decode": "frames", "detect": "searches for faces", "swap": "swaps"}


@dataclass(frozen=True)
class Rescored:
    """A run under some definition, as far as the cache goes."""

    measurements: Mapping[str, Measurement]  # those that rest on nothing that is lacking, by metric
    lacking: Mapping[str, int]  # stage or role -> items that the cache does not have
    items: frozenset[str]  # the same one by one
    stopped: str = ""  # why the definition stops the run, if it does

    @property
    def needs(self) -> str:
        """What would have to be made, in words; empty where the cache has all."""
        parts = [f"{count} {THINGS.get(what, f'{what} measurements')}" for what, count in self.lacking.items()]
        early = "at least " if any(stage in self.lacking for stage in BEFORE_ALL) else ""  # more hangs on these
        return early + ", ".join(parts) if parts else ""

    @property
    def is_blind(self) -> bool:
        """Whether not one metric can be known."""
        return any(stage in self.lacking for stage in BEFORE_ALL) or bool(self.stopped)


@dataclass
class Replay(Executor):
    """Takes every task and does none. `failed` are items that failed in the run itself: these are not lacking."""

    roles: Mapping[str, Identified]
    failed: Collection[str] = ()
    lacking: dict[str, set[str]] = field(default_factory=dict)

    def map(self, task: Task, batches: Iterable[Sequence[Any]]) -> Iterator[Done]:
        """Give every item up."""
        for batch in batches:
            for item in batch:
                name = f"{task.stage} {task.plugin} {_name(item)}"
                if name not in self.failed:
                    self.lacking.setdefault(self._what(task), set()).add(name)
            yield batch, [ItemError("the cache does not have it") for _ in batch], 0.0

    def _what(self, task: Task) -> str:
        roles = [role for role, by in self.roles.items() if by.plugin == task.plugin]
        return roles[0] if task.stage == "extract" and roles else task.stage


def config_of(run: Run, **changes: Any) -> RunConfig:
    """Give the settings under which this run's swapper alone was measured, all choices spelled out.

    Raises:
        ConfigError: the settings do not tell which swapper made the run.
    """
    config, label = run.result.config, run.label
    fitting = [swapper for swapper in (*runner.CONTROLS, *config.swappers) if swapper.shown == label]
    if not fitting and len(config.swappers) == 1 and not run.is_control:
        fitting = list(config.swappers)  # a class in a file is called by its own name
    if not fitting and config.swappers:
        raise ConfigError(f"{run.folder}: its settings do not tell which swapper '{label}' is", hint="fsbench run ...")
    given = {"choices": run.result.definition, "swappers": tuple(fitting[:1]), "controls": False, "executor": "local"}
    return config.model_copy(update={**given, **changes})


def rescore(config: RunConfig, cache: Cache, *, failed: Collection[str] | None = None) -> Rescored:
    """Score under the settings of `config` with the cache alone.

    Args:
        config: of one swapper.
        cache: where everything comes from.
        failed: items that the run itself could not make, as a pass under its own definition names them; None in that
            pass, where whatever the cache does not have is taken to have failed, and every number is given.

    Raises:
        FsbenchError: a name, setting, weight file or the data folder is not right.
    """
    prepared = runner.prepare(config, writes=False)
    replay = Replay(prepared.evaluators, failed or ())
    bench = Bench(cache=cache, executor=replay, detector=prepared.detector, evaluators=prepared.evaluators)
    swapper = next(iter(prepared.swappers.values()), None)
    measured, stopped = {}, ""
    try:
        outcome = prepared.protocol.run(bench, prepared.plan, swapper)
        measured = {scored.measurement.metric: scored.measurement for scored in outcome.scored}
    except RunAborted as error:
        stopped = str(error)
    lacking = {what: len(items) for what, items in replay.lacking.items()}
    everything = frozenset(name for items in replay.lacking.values() for name in items)
    if failed is None:
        return Rescored(measured, lacking, everything, stopped)
    known = Rescored({}, lacking, everything, "" if everything else stopped)
    if known.is_blind:
        return known
    sure = {m: found for m, found in measured.items() if _role(m, prepared.evaluators) not in lacking}
    return Rescored(sure, lacking, everything)


def _name(item: Any) -> str:
    """Name an item by its content, so that the same one is known again in another pass."""
    if isinstance(item, SwapItem):
        return f"{item.pair.key} {face_digest(item.source)} {face_digest(item.target)}"
    if isinstance(item, Face):
        return face_digest(item)
    return item.sha256 if isinstance(item, ImageRef) else str(item)


def _role(metric: str, evaluators: Mapping[str, Identified]) -> str:
    """Name the role that a metric rests on; none for coverage."""
    if metric.removesuffix(SECOND) in IDENTITY:
        return "identity2" if metric.endswith(SECOND) else "identity"
    if metric in ("fid", "kid"):
        return "distribution"
    for role, by in evaluators.items():
        if metric in (by.plugin.build().measures or (f"{role}_error",)):
            return role
    return ""
