"""Where batches are worked on: in this process, in several of this machine, or on a Ray cluster."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from fsbench.engine.stages import Task, perform
from fsbench.errors import ConfigError, ItemError
from fsbench.records import RunConfig

MOST_UNASKED = 8  # workers: each holds networks of its own in memory
WORTH_A_WORKER = 100  # planned swaps: for fewer, starting a process costs more than it saves
Done = tuple[Sequence[Any], list[Any], float]  # items, one outcome an item, seconds of work


class Executor(ABC):
    """Works on batches of a task; they may come back in any order."""

    @abstractmethod
    def map(self, task: Task, batches: Iterable[Sequence[Any]]) -> Iterator[Done]:
        """Give each batch with its outcomes as soon as it is done."""

    def status(self) -> str:
        """Say what there is to say of the workers, for a progress bar."""
        return ""

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


def check_executor(config: RunConfig) -> None:
    """Refuse settings of one executor for the other.

    Raises:
        ConfigError: there is one.
    """
    if config.executor == "local":
        for flag, value in (("--ray-address", config.ray_address), ("--gpus-per-worker", config.gpus_per_worker)):
            if value:
                raise ConfigError(f"{flag} is for a Ray cluster", hint=f"--executor ray {flag} {value}")
        return
    if config.device == "cpu" and config.gpus_per_worker:
        raise ConfigError("--gpus-per-worker is given and the device is cpu", hint="--device cuda")
    if ":" in config.device:
        raise ConfigError(f"the device is '{config.device}', but Ray deals the GPUs out", hint="--device cuda")
    if config.gpus_per_worker > 1 and config.gpus_per_worker % 1:
        found = f"--gpus-per-worker {config.gpus_per_worker:g} is neither a share of one nor whole"
        raise ConfigError(found, hint="0.5, 1, 2")


def executor(config: RunConfig, *, planned: int, say: Callable[[str], None] = lambda line: None) -> Executor:
    """Choose by the settings; without a number of workers, take one a core, at most eight, where there is work.

    Args:
        config: of the run.
        planned: swaps; for few of them, more workers cost more than they save.
        say: gets lines for the user.

    Raises:
        DependencyError: Ray is asked for and not installed, or a node of the cluster has another fsbench.
        ConfigError: there is no such cluster.
    """
    if config.executor == "ray":
        from fsbench.engine.ray_executor import RayWorkers

        gpus = 0.0 if config.device == "cpu" else config.gpus_per_worker or 1.0
        return RayWorkers(address=config.ray_address, workers=config.workers, gpus_per_worker=gpus, say=say)
    workers = config.workers or max(1, min(os.cpu_count() or 1, MOST_UNASKED, planned // WORTH_A_WORKER))
    return Local() if workers == 1 else Processes(workers)


def _start_worker(threads: int) -> None:
    """Share the cores: every library that starts threads reads this when it is first imported."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
