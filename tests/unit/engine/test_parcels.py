"""What a worker must see before it takes a batch."""

from __future__ import annotations

from pathlib import Path

from fsbench.engine import parcels
from fsbench.engine.plugins import identify, plugin
from fsbench.engine.stages import Task
from fsbench.interfaces import Swapper

PARTS = Path(__file__).parent / "parts.py"


def of_a_swapper_with(log: Path) -> Task:
    return Task.of("swap", identify(plugin(f"{PARTS}:Inverted", {"log": str(log)}, {}), Swapper))


def test_a_file_that_a_swapper_writes_to_may_change(tmp_path: Path) -> None:
    """A worker that took a grown log for another file would leave the batch to the driver, which it may kill."""
    log = tmp_path / "log"
    log.write_text("first")
    parcel = parcels.pack(of_a_swapper_with(log), [], ship=False)
    log.write_text("first and second")
    assert not isinstance(parcels.work(of_a_swapper_with(log), parcel, set()), parcels.Unseen)


def test_a_file_that_a_swapper_names_must_be_there(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("first")
    task = of_a_swapper_with(log)
    parcel = parcels.pack(task, [], ship=False)
    log.unlink()
    assert parcels.work(task, parcel, set()) == parcels.Unseen((log,))
