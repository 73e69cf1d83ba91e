"""What runs on the nodes of a Ray cluster, and what a node must have so that its numbers are the driver's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fsbench.errors import DependencyError

DECIDE_NUMBERS = ("numpy", "scipy", "torch", "torchvision", "onnxruntime", "av", "pillow", "scikit-image", "dlib-bin")


def worker_class() -> type[Any]:
    """Give the class of the workers.

    It is defined inside a function so that it travels by value: a node with another fsbench, or with none, must be
    able to start it and say what it has.
    """

    class Worker:
        """Builds each network once and does batches with it."""

        def __init__(self) -> None:
            self.known: set[Any] = set()

        def about(self, packages: Sequence[str]) -> dict[str, str]:
            """Say what decides numbers here: the source of fsbench, Python, and packages."""
            import hashlib
            import importlib.metadata
            import pathlib
            import platform

            found = {"Python": platform.python_version()}
            for name in packages:
                try:
                    found[name] = importlib.metadata.version(name)
                except importlib.metadata.PackageNotFoundError:
                    continue
            try:
                import fsbench
            except ImportError:
                return found
            root, digest = pathlib.Path(fsbench.__file__).parent, hashlib.sha256()
            for path in sorted(path for path in root.rglob("*") if path.suffix in (".py", ".toml", ".json")):
                digest.update(f"{path.relative_to(root).as_posix()}\n".encode())
                digest.update(path.read_bytes())
            found["fsbench"] = f"{fsbench.__version__} (source {digest.hexdigest()[:12]})"
            return found

        def place(self) -> tuple[str, str]:
            """Name the node that the worker runs on: its id in the cluster, and its host name."""
            import socket

            import ray

            return str(ray.get_runtime_context().get_node_id()), socket.gethostname()

        def introduce(self, packages: Sequence[str]) -> tuple[dict[str, str], tuple[str, str]]:
            """Say what is here, and where that is."""
            return self.about(packages), self.place()

        def work(self, task: Any, parcel: Any) -> Any:
            """Do a batch; see `fsbench.engine.parcels.work`."""
            from fsbench.engine.parcels import work

            return work(task, parcel, self.known)

    return Worker


def about_here() -> dict[str, str]:
    """Say of this process what `Worker.about` says of a node."""
    found: dict[str, str] = worker_class()().about(DECIDE_NUMBERS)
    return found


def require_same(node: str, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Refuse a node whose numbers could differ from the driver's.

    Raises:
        DependencyError: it has another fsbench, Python or package, or lacks one; fsbench itself is named first.
    """
    for name in ("fsbench", *(name for name in wanted if name != "fsbench")):
        if found.get(name) != wanted[name]:
            raise DependencyError(
                f"node {node} has {name} {found.get(name, 'not installed')}, the driver has {wanted[name]}",
                hint="install the same on every node: the same fsbench, Python and packages",
            )
