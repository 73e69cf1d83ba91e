"""A Ray cluster of several nodes on this machine, for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

STORE_BYTES = 80 * 2**20  # Ray takes no less than 75 MiB


@contextmanager
def cluster(nodes: int) -> Iterator[Any]:
    """Start a head without CPUs and `nodes` nodes of one CPU each."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # its name; else workers get what others leave
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    started = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(nodes):
            started.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        started.wait_for_nodes()
        yield started
    finally:
        ray.shutdown()
        started.shutdown()
