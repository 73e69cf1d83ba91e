"""From passes to measurements: medians with intervals, ratios pass by pass, work, memory, distance from the limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fsbench.metrics.ratio import FEWEST_PASSES, median_ratio
from fsbench.protocols.memory import Peak
from fsbench.protocols.outcome import Scored, measurement_of
from fsbench.protocols.presets import SpeedDefinition
from fsbench.protocols.speed_calls import NETWORK, NEW_SOURCE, NO_FACE_NET, NO_NETWORK, WHOLE, Subject
from fsbench.protocols.speed_pictures import pass_key
from fsbench.protocols.timing import Summary, Times, summary

FEW = f"fewer than {FEWEST_PASSES} passes give no interval"
FIRST = "1 by definition: the others are compared with it"


@dataclass(frozen=True)
class Material:
    """What there is to say of one swapper."""

    choices: SpeedDefinition
    mine: Mapping[str, Times]  # by metric
    first: Mapping[str, Times]  # the same of the run's first swapper
    is_first: bool
    subject: Subject
    peak: Peak
    limit: float | None  # GFLOP/s
    somebody: Mapping[str, bool]  # metric -> whether any swapper of the run can have it
    resamples: int
    seed: int


def scored(found: Material) -> list[Scored]:
    """Measure all there is of one swapper; what cannot be measured is absent and says why.

    What no swapper of the run has, such as networks to be timed by themselves, is left out.
    """
    return [one for one in _all(found) if found.somebody.get(one.measurement.metric, True)]


def _all(found: Material) -> list[Scored]:
    whole = summary(found.mine[WHOLE], resamples=found.resamples, seed=found.seed)
    network = summary(found.mine.get(NETWORK, Times()), resamples=found.resamples, seed=found.seed)
    work = operations(found.subject)
    return [
        _timed(found, WHOLE, ""),
        *_of_whole(found, whole),
        _ratio(found, "latency_ratio", WHOLE, ""),
        _timed(found, NEW_SOURCE, NO_FACE_NET),
        _timed(found, NETWORK, NO_NETWORK),
        *_of_network(found, network),
        _ratio(found, "network_ratio", NETWORK, NO_NETWORK),
        _error(found),
        _single(found, "network_gflop", work, "" if work is not None else _no_work(found)),
        _limit(found, network, work),
        _single(found, "memory_mb", found.peak.host_mb, _of_peak(found.peak)),
    ]


def conditions_as_text(before: float | None, after: float | None) -> str:
    """Say how busy the machine was."""
    return ", ".join(
        f"{value:.1f} {when}" for value, when in ((before, "before"), (after, "after")) if value is not None
    )


def operations(one: Subject) -> float | None:
    """Count the floating-point operations of one pass of the networks, 1e9, two a multiplication and addition.

    Counted by torch where a network exists in torch; None where one does not.
    """
    from torch.utils.flop_counter import FlopCounterMode

    plain = [part.plain for part in one.painters if part.plain is not None]
    if not plain or len(plain) < len(one.painters):
        return None
    with FlopCounterMode(display=False) as counter:
        for run in plain:
            run()
    return counter.get_total_flops() / 1e9 or None


def _timed(found: Material, metric: str, why_not: str) -> Scored:
    times = found.mine.get(metric)
    short = times and summary(times, resamples=found.resamples, seed=found.seed)
    if not times or not short:
        reason = next(iter(times.failures.values()), why_not) if times else found.subject.problem or why_not
        return _single(found, metric, None, reason, n_failed=len(times.failures) if times else 0)
    measurement = measurement_of(
        metric,
        short.median,
        short.n,
        interval=short.interval,
        n_failed=len(times.failures),
        note="" if short.interval else FEW,
        definition=found.choices.as_text(),
    )
    return Scored(measurement, {pass_key(number): took for number, took in times.milliseconds.items()})


def _of_whole(found: Material, whole: Summary | None) -> list[Scored]:
    failed = len(found.mine[WHOLE].failures)
    if whole is None:
        return []
    values = {
        "latency_mean_ms": whole.mean,
        "latency_p95_ms": whole.p95,
        "latency_face_ms": whole.median / found.choices.batch,
    }
    return [_single(found, metric, value, "", n=whole.n, n_failed=failed) for metric, value in values.items()]


def _of_network(found: Material, network: Summary | None) -> list[Scored]:
    if network is None:
        return []
    failed = len(found.mine[NETWORK].failures)
    values = {"network_mean_ms": network.mean, "network_p95_ms": network.p95}
    return [_single(found, metric, value, "", n=network.n, n_failed=failed) for metric, value in values.items()]


def _ratio(found: Material, metric: str, timed: str, why_not: str) -> Scored:
    """Compare with the first swapper on the passes that both finished."""
    sides = [side[timed].milliseconds if timed in side else {} for side in (found.first, found.mine)]
    common = [number for number in sides[0] if number in sides[1]]
    if not all(sides):
        return _single(found, metric, None, why_not or "one of the two has no times")
    if found.is_first:
        return _single(found, metric, 1.0, FIRST, n=len(common))
    if len(common) < FEWEST_PASSES:
        return _single(found, metric, None, f"{len(common)} common passes, {FEWEST_PASSES} are needed")
    rows = [np.array([side[number] for number in common]) for side in sides]
    ratio = median_ratio(*rows, resamples=found.resamples, seed=found.seed)
    choices = found.choices.as_text()
    return Scored(measurement_of(metric, ratio.value, len(common), interval=ratio.interval, definition=choices))


def _error(found: Material) -> Scored:
    """Tell how far what was timed is from the plain network in torch, on the same input; the second of two passes."""
    painters = found.subject.painters
    if not painters or any(part.plain is None for part in painters):
        return _single(found, "network_error", None, _no_work(found))
    worst = 0.0
    for part in painters:
        part.run()  # some runtimes were seen to be right at first and wrong afterwards
        ours, plain = (np.asarray(run(), np.float64) for run in (part.run, part.plain) if run is not None)
        if ours.shape != plain.shape or not np.isfinite(ours).all():
            return _single(found, "network_error", None, f"{part.name} gave another shape, or numbers not finite")
        worst = max(worst, float(np.abs(ours - plain).max()))
    return _single(found, "network_error", worst, "")


def _limit(found: Material, network: Summary | None, work: float | None) -> Scored:
    if network is None or work is None or not found.limit:
        return _single(found, "limit_share", None, _no_work(found) if network else NO_NETWORK)
    reached = work / (network.median / 1000)
    note = f"{reached:.0f} of {found.limit:.0f} GFLOP/s"
    return _single(found, "limit_share", 100 * reached / found.limit, note, n=network.n)


def _no_work(found: Material) -> str:
    return "its operations cannot be counted: no torch network" if found.subject.painters else NO_NETWORK


def _of_peak(peak: Peak) -> str:
    if peak.host_mb is None:
        return f"not measured: {peak.problem}"
    return "" if peak.device_mb is None else f"and {peak.device_mb:.0f} MB that torch allocated on the GPU"


def _single(found: Material, metric: str, value: float | None, note: str, *, n: int = 1, n_failed: int = 0) -> Scored:
    n, choices = (n if value is not None else 0), found.choices.as_text()
    return Scored(measurement_of(metric, value, n, n_failed=n_failed, note=note, definition=choices))
