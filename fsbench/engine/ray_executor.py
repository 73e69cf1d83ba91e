"""Working on a Ray cluster: the same tasks as text, done by actors; what dies costs its own batch alone."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fsbench.engine.executors import Done, Executor
from fsbench.engine.parcels import Unseen, can_be_shipped, pack
from fsbench.engine.ray_crew import Crew, Job, Member, capacity, connected
from fsbench.engine.stages import Task, perform
from fsbench.errors import ConfigError, FsbenchError, ItemError

AT_ONCE = 2  # batches at a worker: one that it does, and one that waits, so that it never waits for the driver


class RayWorkers(Executor):
    """Works in the actors of a Ray cluster.

    At most two batches a worker are under way, so neither the driver's memory nor the object store grows with the
    number of batches. Nothing is retried by Ray itself: what is done again is decided, and counted, here.

    Args:
        address: of the cluster; see `connected`.
        workers: how many; 0 for as many as fit.
        gpus_per_worker: share of a GPU that each worker takes; 0 for workers that need none.
        say: gets lines for the user.

    Raises:
        DependencyError: Ray is not installed, or a node has another fsbench.
        ConfigError: there is no such cluster, or no worker fits in it.
    """

    def __init__(self, *, address: str, workers: int, gpus_per_worker: float, say: Callable[[str], None]) -> None:
        self._leaving = contextlib.ExitStack()
        self._leaving.enter_context(connected(address))
        self._say = say
        self._done_again = 0
        self._here: set[Task] = set()  # done by this process, because no worker sees what they need
        room = capacity(gpus_per_worker)
        if not room and not workers:
            what = f"{gpus_per_worker:g} GPU and 1 CPU" if gpus_per_worker else "1 CPU"
            self._leaving.close()
            raise ConfigError(f"no worker of {what} fits in the cluster", hint="ray status, or --workers N to wait")
        self._crew = Crew(workers or room, gpus_per_worker=gpus_per_worker, say=say)

    def map(self, task: Task, batches: Iterable[Sequence[Any]]) -> Iterator[Done]:
        """Keep all workers busy; do again what a lost worker had."""
        waiting, again = iter(batches), deque[Job]()
        try:
            while True:
                self._hand_out(task, waiting, again)
                if not self._crew.running and not again:
                    upcoming = next(waiting, None)
                    if upcoming is None:
                        return
                    again.append(Job(upcoming))  # there is work and no worker yet
                for reference in self._crew.ready():
                    yield from self._collect(task, reference, again)
        finally:
            for member in self._crew.members:
                member.jobs.clear()

    def status(self) -> str:
        """Say how many workers there are, and how many batches had to be done again."""
        count = f"{len(self._crew.members)} of {self._crew.size} workers"
        return f"{count}, {self._done_again} retries" if self._done_again else count

    def close(self) -> None:
        """Let the workers go, and leave the cluster."""
        self._crew.dismiss()
        self._leaving.close()

    def _hand_out(self, task: Task, waiting: Iterator[Sequence[Any]], again: deque[Job]) -> None:
        """Give each idle worker a batch, and then each worker one to wait."""
        for depth in range(1, AT_ONCE + 1):
            for member in self._crew.members:
                if len(member.jobs) >= depth or any(job.alone for job in member.jobs.values()):
                    continue
                job = self._next(waiting, again, idle=not member.jobs)
                if job is not None and not self._submit(task, member, job):
                    again.appendleft(job)
                    return

    def _next(self, waiting: Iterator[Sequence[Any]], again: deque[Job], *, idle: bool) -> Job | None:
        if again and (idle or not again[0].alone):
            return again.popleft()
        batch = next(waiting, None)
        return None if batch is None else Job(batch)

    def _submit(self, task: Task, member: Member, job: Job) -> bool:
        """Send a batch; False where the object store has no room now."""
        from ray.exceptions import ObjectStoreFullError, OutOfDiskError, RayActorError

        parcel = pack(task, job.items, ship=member.is_blind)
        try:
            member.jobs[member.handle.work.remote(task, parcel)] = job
        except (ObjectStoreFullError, OutOfDiskError):
            time.sleep(0.2)
            return False
        except RayActorError:  # died since the last look; what it had is collected by its references
            if not member.jobs:
                self._crew.lose(member)
            return False
        return True

    def _collect(self, task: Task, reference: Any, again: deque[Job]) -> Iterator[Done]:
        """Take in an answer, or find out what the death of a worker means for its batches."""
        member = self._crew.running.get(reference)
        if member is None:
            return
        answer = self._answer(reference)
        if not isinstance(answer, _Lost) or not answer.worker_died:
            yield from self._settle(task, member, member.jobs.pop(reference), answer, again)
            return
        jobs, member.jobs = member.jobs, {}
        self._crew.lose(member)
        answers = [(job, self._answer(reference)) for reference, job in jobs.items()]
        blamed = not answer.node_died
        for job, found in answers:  # oldest first: it does one after the other
            if isinstance(found, _Lost) and found.worker_died:
                self._done_again += 1
                if blamed:
                    yield from self._blame(job, found.reason, again)
                else:
                    again.appendleft(job)
                blamed = False  # those behind the one that was being done only waited
            else:
                yield from self._settle(task, member, job, found, again)

    def _settle(self, task: Task, member: Member, job: Job, answer: Any, again: deque[Job]) -> Iterator[Done]:
        if isinstance(answer, FsbenchError):
            raise answer
        if isinstance(answer, _Lost):  # the answer itself was lost on its way
            self._done_again += 1
            again.append(job)
        elif not isinstance(answer, Unseen):
            outcomes, seconds = answer
            yield job.items, outcomes, seconds
        elif can_be_shipped(task, job.items, answer):
            member.is_blind = True
            again.appendleft(job)
        else:
            yield self._do_here(task, job, answer)

    def _do_here(self, task: Task, job: Job, unseen: Unseen) -> Done:
        if task not in self._here:
            self._here.add(task)
            self._say(f"a worker does not see {unseen.paths[0]}: this process does the work that needs it")
        outcomes, seconds = perform(task, job.items)
        return job.items, outcomes, seconds

    def _blame(self, job: Job, reason: str, again: deque[Job]) -> Iterator[Done]:
        """Do the items of a batch that killed its worker one by one; give up one that did it twice."""
        if len(job.items) > 1:
            again.extend(Job([item], alone=True) for item in job.items)
        elif job.kills:
            yield job.items, [ItemError(f"killed its worker process twice: {reason}")], 0.0
        else:
            again.append(Job(job.items, kills=job.kills + 1, alone=True))

    def _answer(self, reference: Any) -> Any:
        import ray
        from ray.exceptions import RayActorError, RayTaskError

        try:
            return ray.get(reference)
        except RayActorError as error:
            text = " ".join(str(error).split())
            return _Lost(_reason(text), True, error.preempted or "node has died" in text)
        except RayTaskError:
            raise
        except ray.exceptions.RayError as error:
            return _Lost(type(error).__name__, False, False)


@dataclass(frozen=True)
class _Lost:
    """An answer that will not come."""

    reason: str
    worker_died: bool
    node_died: bool


def _reason(text: str) -> str:
    """Say why a worker died; Ray's own words hold addresses and ids, and guesses at the causes."""
    if "running low on memory" in text:
        return "its node ran low on memory"
    return "its process ended without a word, so it crashed, was killed, or had no memory left"
