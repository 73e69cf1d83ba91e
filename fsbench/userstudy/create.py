"""Making a study from finished runs: sets drawn, pictures cut, gold items made, plan dealt, links drawn."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from fsbench import catalog
from fsbench.data.frames import write_atomically
from fsbench.engine.bench import Bench, Progress, silent
from fsbench.engine.executors import Local
from fsbench.engine.plugins import identify, plugin
from fsbench.engine.remote_cache import open_cache
from fsbench.errors import ConfigError, DataError, ItemError, RecordError
from fsbench.interfaces import Detector
from fsbench.records import Record, first_problem
from fsbench.reports.runs import Run
from fsbench.types import Face, FrameRef
from fsbench.userstudy.layout import lay_out
from fsbench.userstudy.links import write_links, write_secret
from fsbench.userstudy.pictures import refuse_unequal, show, write_asset
from fsbench.userstudy.plan import gold_pool, make_plan
from fsbench.userstudy.power import Expected, expected_half_width
from fsbench.userstudy.runs import Pair, draw, find_runs, methods_of, shared_pairs
from fsbench.userstudy.spec import (
    ASSETS_FOLDER,
    BROKEN,
    HIDDEN,
    HIDDEN_SOURCE,
    HIDDEN_TARGET,
    SPEC_FILE,
    STORE_URL_FILE,
    Counts,
    Kind,
    StudySpec,
)
from fsbench.userstudy.store import create_store
from fsbench.userstudy.store.content import Links, SetContent, Stimulus

R = TypeVar("R", bound=Record)
SETS, RATERS, PER_RATER = 240, 18, 40  # as the paper asks, with a pool in which each set is rated three times
GOLD_CHOICE = 4  # times as many gold sets in the pool as one rater sees, where there are pairs for it
MINI = "the mini set, which says nothing about methods"


@dataclass(frozen=True)
class Created:
    """What `create` made, for the command line to tell."""

    folder: Path
    spec: StudySpec
    links: Links
    expected: Expected | None  # None where one rater or one set says nothing about others
    remarks: tuple[str, ...]


def create(
    paths: Sequence[Path],
    folder: Path,
    *,
    settings: dict[str, Any],
    controls: bool = False,
    store: str = "",
    progress: Progress = silent,
) -> Created:
    """Make a study in a new folder.

    Args:
        paths: finished runs.
        folder: to be made; it must be empty or not there.
        settings: keys of `StudySpec` that differ from the defaults; `counts` may lack any of its own.
        controls: rate the controls as methods, too.
        store: address of a PostgreSQL database; SQLite in the folder where it is empty.
        progress: opens progress bars.

    Raises:
        ConfigError: a setting is wrong, or the folder is not empty.
        RecordError: the runs cannot be used together.
        DataError: there are too few pairs, or the folder cannot be written.
    """
    refuse_used(folder)
    runs, remarks = find_runs(paths, controls=controls)
    pairs, more = shared_pairs(runs)
    remarks += more
    spec = make_spec(runs, folder, settings, pairs=len(pairs))
    refuse_undealable(spec)
    seen = _faces(runs[0], draw(pairs, seed=spec.seed), progress)
    try:
        sets, lost = _make_sets(spec, seen, folder, enough=len(pairs))
        if lost:
            remarks.append(f"{lost} pairs left out: no face was found in their source or target")
        plan = make_plan(spec.counts, methods=len(runs), seed=spec.seed, gold_sets=len(sets["gold"]))
        write_atomically(folder / SPEC_FILE, spec.text().encode())
        if store:
            write_secret(folder / STORE_URL_FILE, store + "\n")
        links = create_store(folder, spec, *lay_out(plan, sets), store)
        write_links(folder, links)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Created(folder, spec, links, _expected(spec.counts), tuple(remarks))


def refuse_used(folder: Path) -> None:
    """Refuse to write into a folder that holds something.

    Raises:
        ConfigError: it does.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is there already and is not empty", hint="-o another folder")


def make_spec(runs: Sequence[Run], folder: Path, settings: dict[str, Any], *, pairs: int) -> StudySpec:
    """Settle what study.json says.

    Where no number of sets is given it is 240, or as many as the pairs leave after training and gold.

    Raises:
        ConfigError: a setting is unknown or wrong.
    """
    data = MINI if any(run.result.config.data_name == "mini" for run in runs) else runs[0].result.config.data_name
    if taken := {"methods", "spec_version"} & set(settings):
        raise ConfigError(f"'{min(taken)}' comes from the runs", hint="take it out of --config")
    counts = {"raters": RATERS, **_table(settings, "counts")}
    first = _checked(Counts, {"sets": 1, "per_rater": 1, **counts})
    room = pairs - first.training - gold_pool(first.gold)
    counts.setdefault("sets", max(1, min(SETS, room)))
    counts.setdefault("per_rater", min(PER_RATER, counts["sets"]))
    name = folder.resolve().name
    given = {
        "title": f"Rating study: {name}" + (" (mini set)" if data == MINI else ""),
        "slug": name,
        "seed": 0,
        "data": data,
        **settings,
        "methods": methods_of(runs),
        "counts": counts,
    }
    return _checked(StudySpec, given)


def _table(settings: dict[str, Any], name: str) -> dict[str, Any]:
    found = settings.get(name, {})
    if not isinstance(found, dict):
        raise ConfigError(f"'{name}' is {found!r}; wanted a table", hint=f"[{name}] in --config")
    return found


def _checked(kind: type[R], content: dict[str, Any]) -> R:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise ConfigError(first_problem(error), hint="fsbench userstudy create --help") from None


def refuse_undealable(spec: StudySpec) -> None:
    """Try the plan before any picture is cut.

    Raises:
        ConfigError: the counts cannot be dealt.
    """
    try:
        make_plan(spec.counts, methods=len(spec.methods), seed=spec.seed, gold_sets=gold_pool(spec.counts.gold))
    except ValueError as error:
        raise ConfigError(str(error), hint="--sets, --per-rater, or [counts] in --config") from None


def _expected(counts: Counts) -> Expected | None:
    if counts.raters < 2 or counts.sets < 2:
        return None
    return expected_half_width(raters=counts.raters, per_rater=counts.per_rater, sets=counts.sets)


def _faces(run: Run, pairs: Sequence[Pair], progress: Progress) -> Iterator[tuple[Pair, Face, Face] | None]:
    """Find the faces of pairs with the run's own detector, a few pairs at a time; None where one is not found."""
    name = run.result.provenance.evaluators["detect"].partition("@")[0]
    device = {"device": run.result.config.device}
    detector = identify(plugin(catalog.evaluator_target(name), {}, device), Detector)
    cache = open_cache()
    workers = Local()
    bench = Bench(cache=cache, executor=workers, detector=detector, evaluators={}, progress=progress)
    try:
        for start in range(0, len(pairs), 64):
            some = pairs[start : start + 64]
            found = _largest(bench, [ref for pair in some for ref in (pair.source, pair.target)])
            for pair in some:
                source, target = found[pair.source], found[pair.target]
                yield (pair, source, target) if source and target else None
    finally:
        workers.close()
        cache.close()


def _largest(bench: Bench, refs: Sequence[FrameRef]) -> dict[FrameRef, Face | None]:
    images = bench.images(refs)
    gone = next((str(error) for error in images.values() if isinstance(error, ItemError)), "")
    if gone:
        raise RecordError(f"a picture of the runs is gone: {gone}", hint="call create where the runs were made")
    faces = bench.faces([image for image in images.values() if not isinstance(image, ItemError)])
    found: dict[FrameRef, Face | None] = {}
    for ref, image in images.items():
        seen = [] if isinstance(image, ItemError) else faces[image]
        found[ref] = None if isinstance(seen, ItemError) or not seen else seen[0]
    return found


def _make_sets(
    spec: StudySpec, seen: Iterator[tuple[Pair, Face, Face] | None], folder: Path, *, enough: int
) -> tuple[dict[Kind, list[SetContent]], int]:
    """Take pairs in their drawn order for main, gold and training sets, no pair twice, and write their pictures."""
    counts = spec.counts
    pool = gold_pool(counts.gold, wanted=GOLD_CHOICE)
    if counts.sets + counts.training + pool > enough:
        pool = gold_pool(counts.gold)
    if counts.sets + counts.training + pool > enough:
        raise _too_few(counts, enough, pool)
    wanted: list[tuple[Kind, int]] = [("main", counts.sets), ("gold", pool), ("training", counts.training)]
    sets: dict[Kind, list[SetContent]] = {}
    lost = 0
    try:
        (folder / ASSETS_FOLDER).mkdir(parents=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be made: {error.strerror}", hint="-o another folder") from None
    for kind, number in wanted:
        sets[kind] = []
        while len(sets[kind]) < number:
            try:
                found = next(seen)
            except StopIteration:
                raise _too_few(counts, enough - lost, pool) from None
            if found is None:
                lost += 1
                continue
            sets[kind].append(_set(spec, kind, len(sets[kind]), found, folder))
    return sets, lost


def _too_few(counts: Counts, found: int, pool: int) -> DataError:
    message = (
        f"the runs share {found} pairs with faces; wanted {counts.sets + counts.training + pool}:"
        f" {counts.sets} sets, {pool} for gold, {counts.training} for training"
    )
    return DataError(message, hint="--sets fewer, or runs with more pairs")


def _set(spec: StudySpec, kind: Kind, number: int, found: tuple[Pair, Face, Face], folder: Path) -> SetContent:
    pair, source, target = found
    refuse_unequal([pair], spec.method_names)
    shown = show(pair, source, target, side=spec.picture_side)
    results = dict(zip(spec.method_names, shown.results, strict=True))
    if kind == "gold":
        hidden = list(HIDDEN)[number % len(HIDDEN)]
        del results[spec.method_names[(number + number // len(HIDDEN)) % len(results)]]
        results[hidden] = {HIDDEN_TARGET: shown.target, HIDDEN_SOURCE: shown.source, BROKEN: shown.broken}[hidden]
    stimuli = tuple(Stimulus(name, write_asset(folder, image), HIDDEN.get(name, {})) for name, image in results.items())
    return SetContent(pair.key, kind, write_asset(folder, shown.source), write_asset(folder, shown.target), stimuli)
