"""Building a folder of triplets from a folder of faces, by several processes, going on where it was interrupted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from fsbench.data.frames import write_atomically
from fsbench.editing import index, sheet
from fsbench.editing.making import Plan, make
from fsbench.editing.people import Person
from fsbench.editing.record import PersonRecord
from fsbench.editing.screening import Limits
from fsbench.errors import ConfigError, DataError, FsbenchError

SETTINGS = "triplets.json"
VERSION = 1  # rises when equal settings would give other pictures


class _Settings(BaseModel):
    """What all pictures of a folder have in common; more edits may be added to it, these may not change."""

    model_config = ConfigDict(extra="forbid")

    version: int
    faces: str
    seed: int
    per_person: int
    limits: Limits


@dataclass(frozen=True)
class Built:
    """What a build has made, with what earlier ones made before it."""

    made: tuple[PersonRecord, ...]
    counts: Counter[str]
    reasons: Counter[str]  # why pictures were left out
    sheet: Path | None


def build(plan: Plan, people: Sequence[Person], *, workers: int, progress: Callable[[int], None]) -> Built:
    """Make the triplets of all people, and the lists and the contact sheet beside them.

    Args:
        plan: what to make.
        people: whose.
        workers: processes; 1 works in this one.
        progress: is told of pictures that were looked at.

    Raises:
        ConfigError: the folder holds triplets of other settings, or something else; or two editors share a kind.
        DataError: no picture can be used, or the folder cannot be written.
    """
    kinds = Counter(editor.kind for editor in plan.edits)
    for kind, number in kinds.items():
        if number > 1:
            raise ConfigError(f"two editors make '{kind}'", hint="leave one of them out of --edits")
    try:
        with _alone(plan.out):
            _settle(plan)
            made = sorted(_all(plan, people, workers, progress), key=lambda record: record.person)
            counts = index.counts(made)
            if not counts["pictures"]:
                why = ", ".join(f"{number} {reason}" for reason, number in index.reasons(made).most_common(3))
                raise DataError(
                    f"no picture of {plan.faces} can be used: {why}", hint="docs/triplets.md tells the limits"
                )
            index.write(plan.out, made, plan.seed)
            return Built(tuple(made), counts, index.reasons(made), sheet.write(plan.out, made))
    except OSError as error:
        raise DataError(f"{plan.out} cannot be written: {error}", hint="name another folder") from None


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / ".lock", timeout=0):
            yield
    except Timeout:
        raise ConfigError(
            f"{out} is being built by another process", hint="wait for it, or name another folder"
        ) from None


def _settle(plan: Plan) -> None:
    """Write the settings, or see that they are those of an earlier build."""
    wanted = _Settings(
        version=VERSION,
        faces=str(plan.faces.resolve()),
        seed=plan.seed,
        per_person=plan.per_person,
        limits=plan.limits,
    )
    path = plan.out / SETTINGS
    if not path.is_file():
        foreign = sorted(entry.name for entry in plan.out.iterdir() if entry.name != ".lock")
        if foreign:
            raise ConfigError(f"{plan.out} holds '{foreign[0]}', which no build made", hint="name an empty folder")
        write_atomically(path, (wanted.model_dump_json(indent=1) + "\n").encode())
        return
    try:
        found = _Settings.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problem = str(error).splitlines()[0]
        raise ConfigError(f"{path} cannot be read: {problem}", hint="name an empty folder") from None
    for name, value in wanted:
        if getattr(found, name) != value:
            raise ConfigError(
                f"{plan.out} was built with {name} = {getattr(found, name)}, not {value}",
                hint="go on with the same settings, or name another folder",
            )


def _all(plan: Plan, people: Sequence[Person], workers: int, progress: Callable[[int], None]) -> Iterator[PersonRecord]:
    if workers == 1:
        for person in people:
            yield make(plan, person)
            progress(len(person.pictures))
        return
    waiting = iter(people)
    running: dict[Future[PersonRecord], Person] = {}
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_one_thread) as pool:
        try:
            while True:
                while len(running) < 2 * workers and (someone := next(waiting, None)) is not None:
                    running[pool.submit(make, plan, someone)] = someone
                if not running:
                    return
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    progress(len(running.pop(done).pictures))
                    yield done.result()
        except BrokenProcessPool:
            raise WorkerDied(
                "a worker process died", hint="the same command goes on; --workers 1 needs less memory"
            ) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class WorkerDied(FsbenchError):
    """A process was ended from outside, such as for want of memory."""

    exit_code = 1


def _one_thread() -> None:
    import cv2

    cv2.setNumThreads(1)
