"""Where batches are worked on: in this process, or in several processes of this machine."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from fsbench.engine.stages import Task, perform
from fsbench.errors import ItemError

MOST_UNASKED = 8  # workers: each holds networks of its own in memory
WORTH_A_WORKER = 100  # planned swaps: for fewer, starting a process costs more than it saves
Done = tuple[Sequence[Any], list[Any], float]  # items, one outcome an item, seconds of work


class Executor(ABC):
    """Works on batches of a task; they may come back in any order."""

    @abstractmethod
    def map(self, task: Task, batches: Iterable[Sequence[Any]]) -> Iterator[Done]:
        """Give each batch with its outcomes as soon as it is done."""

    def close(self) -> None:
        """Let the workers go."""
        return


class Local(Executor):
    """Works in this process."""

    def map(self, task: Task, batches: Iterable[Sequence[Any]]) -> Iterator[Done]:
        """Do one batch after the other."""
        for batch in batches:
            outcomes, seconds = perform(task, batch)
            yield batch, outcomes, seconds


class Processes(Executor):
    """Works in several processes; one that dies costs at most the item that killed it twice.

    At most two batches a worker are under way, so memory does not grow with the number of batches.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = self._new_pool()

    def map(self, task: Task, batches: Iterable[Sequence[Any]]) -> Iterator[Done]:
        """Keep all workers busy; repeat one by one what was under way when a worker died."""
        waiting = iter(batches)
        running: dict[Future[tuple[list[Any], float]], Sequence[Any]] = {}
        while True:
            while len(running) < 2 * self.workers and (batch := next(waiting, None)) is not None:
                running[self._pool.submit(perform, task, batch)] = batch
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            lost: list[Any] = []
            for future in finished:
                batch = running.pop(future)
                try:
                    outcomes, seconds = future.result()
                except BrokenProcessPool:
                    lost += batch
                else:
                    yield batch, outcomes, seconds
            if lost:
                lost += [item for batch in running.values() for item in batch]
                running.clear()
                yield from self._one_at_a_time(task, lost)

    def close(self) -> None:
        """Stop the workers without waiting for queued batches."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _one_at_a_time(self, task: Task, items: Sequence[Any]) -> Iterator[Done]:
        self._restart()
        for item in items:
            for attempt in (1, 2):
                try:
                    outcomes, seconds = self._pool.submit(perform, task, [item]).result()
                except BrokenProcessPool:
                    self._restart()
                    if attempt == 2:
                        yield [item], [ItemError("killed its worker process twice")], 0.0
                else:
                    yield [item], outcomes, seconds
                    break

    def _restart(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPoolExecutor:
        threads = max(1, (os.cpu_count() or 1) // self.workers)
        return ProcessPoolExecutor(
            self.workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(threads,)
        )


def executor(workers: int, *, planned: int) -> Executor:
    """Choose by the number of workers; 0 takes one a core, at most eight, where there is work for them."""
    if workers == 0:
        workers = max(1, min(os.cpu_count() or 1, MOST_UNASKED, planned // WORTH_A_WORKER))
    return Local() if workers == 1 else Processes(workers)


def _start_worker(threads: int) -> None:
    """Share the cores: every library that starts threads reads this when it is first imported."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
