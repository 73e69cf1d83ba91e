"""The workers of a run on a Ray cluster: connecting, starting them, replacing those that are lost."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fsbench.engine.ray_worker import DECIDE_NUMBERS, about_here, require_same, worker_class
from fsbench.errors import ConfigError, DependencyError

FAILED_STARTS = 6  # in a row: then it is not the node
PATIENCE_SECONDS = 900.0  # with no worker at all: an autoscaler may need ten minutes for a machine with a GPU
LOOK_SECONDS = 30.0
REACH_SECONDS = 10.0


@dataclass
class Job:
    """A batch that is to be done."""

    items: Any
    kills: int = 0  # workers that died of it while they did nothing else
    alone: bool = False  # nothing else may wait at its worker, so that a death is its own


@dataclass(eq=False)
class Member:
    """One worker."""

    handle: Any
    node: str
    jobs: dict[Any, Job] = field(default_factory=dict)  # by the reference of the answer, oldest first
    is_blind: bool = False  # does not see the driver's pictures


@contextlib.contextmanager
def connected(address: str) -> Iterator[None]:
    """Be connected to a Ray cluster, or to one of this machine alone that is started here and ends here.

    Meanwhile what is printed goes to stderr: Ray prints what it hears of dead workers, and stdout is for results.

    Args:
        address: "auto", "host:port" or "ray://host:port"; "" takes the cluster that this machine belongs to, or else
            starts one. A process that is connected stays so.

    Raises:
        DependencyError: Ray is not installed.
        ConfigError: there is no cluster at the address, or it has another Ray or Python.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise DependencyError("--executor ray needs the package 'ray'", hint='pip install "fsbench[ray]"') from None
    is_ours = not ray.is_initialized()
    with contextlib.redirect_stdout(sys.stderr):
        if is_ours:
            _connect(address)
        try:
            yield
        finally:
            if is_ours:
                ray.shutdown()


def _connect(address: str) -> None:
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if ":" in address:  # Ray itself would wait for minutes
            host, _, port = address.rpartition("/")[2].rpartition(":")
            socket.create_connection((host, int(port)), timeout=REACH_SECONDS).close()
        far = address.startswith("ray://")  # whose server would take the settings for its own
        ray.init(address=address or "auto", **({} if far else quiet))
    except (OSError, RuntimeError, ValueError) as error:
        if address:
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            hint = "ray start --head, or --ray-address ray://HOST:10001, or leave it out to use this machine"
            raise ConfigError(f"no Ray cluster can be used at '{address}': {reason}", hint=hint) from None
        ray.init(address="local", include_dashboard=False, **quiet)


def capacity(gpus_per_worker: float) -> int:
    """Count the workers that fit in the cluster as it is now."""
    import ray

    resources = ray.cluster_resources()  # type: ignore[no-untyped-call]
    fitting = int(resources.get("CPU", 0))
    return min(fitting, int(resources.get("GPU", 0) / gpus_per_worker)) if gpus_per_worker else fitting


class Crew:
    """As many workers as were asked for, as far as the cluster has room; a lost one is replaced."""

    def __init__(self, size: int, *, gpus_per_worker: float, say: Callable[[str], None]) -> None:
        import ray

        options = {"num_cpus": 1, "num_gpus": gpus_per_worker, "max_restarts": 0, "max_task_retries": 0}
        self.size = size
        self.members: list[Member] = []
        self._joining: dict[Any, Any] = {}  # reference of the introduction -> handle
        self._actor = ray.remote(worker_class()).options(**options, scheduling_strategy="SPREAD")
        self._wanted = about_here()
        self._say = say
        self._failed_starts = 0
        self._empty_since = time.monotonic()
        self.recruit()

    @property
    def running(self) -> dict[Any, Member]:
        """The worker of each answer that is awaited."""
        return {reference: member for member in self.members for reference in member.jobs}

    def recruit(self) -> None:
        """Ask for the workers that are missing."""
        while len(self.members) + len(self._joining) < self.size:
            handle = self._actor.remote()
            self._joining[handle.introduce.remote(DECIDE_NUMBERS)] = handle

    def ready(self) -> list[Any]:
        """Wait for the next answers, and take in workers that have started.

        Raises:
            DependencyError: a node has another fsbench or package than the driver; or workers cannot start.
            ConfigError: for a quarter of an hour there was no worker at all.
        """
        import ray

        running = self.running
        waited = [*running, *self._joining]
        found, _ = ray.wait(waited, num_returns=1, timeout=LOOK_SECONDS)
        for reference in [reference for reference in found if reference in self._joining]:
            self._take_in(reference)
        if self.members:
            self._empty_since = time.monotonic()
        elif not found:
            self._complain()
        return [reference for reference in found if reference in running]

    def lose(self, member: Member) -> None:
        """Let a worker go that died, or that cannot be reached, and ask for another."""
        import ray

        self.members.remove(member)
        ray.kill(member.handle)  # one that is only out of reach must not go on
        self.recruit()

    def dismiss(self) -> None:
        """Let all workers go."""
        import ray

        for handle in [*(member.handle for member in self.members), *self._joining.values()]:
            ray.kill(handle)
        self.members, self._joining = [], {}

    def _take_in(self, reference: Any) -> None:
        import ray
        from ray.exceptions import RayActorError

        handle = self._joining.pop(reference)
        try:
            about, (node, host) = ray.get(reference)
        except RayActorError as error:
            self._failed_starts += 1
            if self._failed_starts >= FAILED_STARTS:
                reason = " ".join(str(error).split())[-300:]
                raise DependencyError(f"workers die at their start: {reason}", hint="ray status") from None
            self.recruit()
            return
        require_same(host, about, self._wanted)
        self._failed_starts = 0
        self.members.append(Member(handle, node))

    def _complain(self) -> None:
        import ray

        waited = time.monotonic() - self._empty_since
        free = ray.available_resources()  # type: ignore[no-untyped-call]
        left = " and ".join(f"{free.get(name, 0):g} {name}" for name in ("CPU", "GPU"))
        found = f"no worker could start for {waited:.0f} s; the cluster has {left} free"
        if waited > PATIENCE_SECONDS:
            raise ConfigError(found, hint="ray status; --workers and --gpus-per-worker ask for less")
        self._say(found)
