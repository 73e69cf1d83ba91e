"""The folder of weights: where a file is, whether it is the right one, and what to do when it is not there."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import platformdirs

from fsbench.data.frames import file_sha256
from fsbench.errors import DependencyError, WeightError
from fsbench.zoo.content import check_content, check_format
from fsbench.zoo.manifest import Weight, weight, weights
from fsbench.zoo.pins import Pin, changing_pins, read_pins

State = Literal["present", "missing", "changed"]
BY_HAND = "by hand"


def weights_folder() -> Path:
    """Where weights are: the environment variable FSBENCH_WEIGHTS, or the user's data folder."""
    given = os.environ.get("FSBENCH_WEIGHTS")
    return Path(given).expanduser() if given else platformdirs.user_data_path("fsbench") / "weights"


def require(name: str) -> Path:
    """Find a weight that is present and verified.

    The hash is computed once; later calls compare length and time of change, and `fsbench zoo verify` the bytes. A
    file that was put into the folder without `fsbench zoo add` is checked, and pinned, the first time it is needed.

    Raises:
        ConfigError: no weight has that name.
        DependencyError: it is not there; the hint is the command that brings it.
        WeightError: it is there and is not what it should be.
    """
    item = weight(name)
    folder = weights_folder()
    pin = read_pins(folder).weights.get(name)
    path = folder / name / (pin.file if pin else item.file)
    if not path.is_file():
        raise DependencyError(f"the weight '{name}' ({item.purpose}) is not there", hint=how_to_get(item))
    if pin is None or not pin.still(path):
        _verify(item, path, pin)
    return path


def how_to_get(item: Weight) -> str:
    """Give the command that brings a weight."""
    if not item.urls:
        return f"fsbench zoo show {item.name} tells where it is; then: fsbench zoo add {item.name} FILE"
    return f"fsbench zoo fetch {item.name}" + (" --accept-licence" if item.non_commercial else "")


def state(item: Weight) -> State:
    """Tell whether a weight is there and looks untouched, without reading it."""
    pin = read_pins(weights_folder()).weights.get(item.name)
    path = weights_folder() / item.name / (pin.file if pin else item.file)
    if not path.is_file():
        return "missing"
    return "present" if pin is None or pin.still(path) else "changed"


def verify(name: str) -> Path:
    """Read a weight whole and compare it with its hash; pin it if nobody did.

    Raises:
        ConfigError: no weight has that name.
        DependencyError: it is not there.
        WeightError: it is another file than it should be.
    """
    item = weight(name)
    pin = read_pins(weights_folder()).weights.get(name)
    path = weights_folder() / name / (pin.file if pin else item.file)
    if not path.is_file():
        raise DependencyError(f"the weight '{name}' is not there", hint=how_to_get(item))
    _verify(item, path, pin)
    return path


def remember(item: Weight, path: Path, *, source_sha256: str, origin: str, sha256: str = "") -> None:
    """Note what a file in the folder is and that its hash was checked."""
    found = path.stat()
    pin = Pin(
        file=path.name,
        sha256=sha256 or source_sha256,
        source_sha256=source_sha256,
        origin=origin,
        size=found.st_size,
        mtime_ns=found.st_mtime_ns,
    )
    with changing_pins(weights_folder()) as pins:
        pins.weights[item.name] = pin


def check_pin(item: Weight, sha256: str, where: str) -> None:
    """Refuse another file than the one that was pinned when the weight was first added.

    Raises:
        WeightError: it is another.
    """
    pin = read_pins(weights_folder()).weights.get(item.name)
    if pin and pin.source_sha256 != sha256 and not item.sha256:
        raise WeightError(
            f"{where} has sha256 {sha256[:12]}..., but {item.name} was pinned to {pin.source_sha256[:12]}... "
            f"({pin.origin})",
            hint=f"if the new file is meant: fsbench zoo remove {item.name} --forget, then the same again",
        )


def known_sha256(path: Path) -> str:
    """Give the sha256 of a file, from memory where it is a weight that was verified and looks untouched since."""
    folder = weights_folder()
    if path.parent.parent == folder:
        pin = read_pins(folder).weights.get(path.parent.name)
        if pin and pin.file == path.name and pin.still(path):
            return pin.sha256
    state = path.stat()
    return _sha256(path, state.st_size, state.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, size: int, changed: int) -> str:
    """Hash a file of that size and time of change, once in a process: a package's weights have 100 MB."""
    return file_sha256(path)


def strangers() -> Iterator[Path]:
    """Give what lies in the folder under no name of the tables, or is no file of its weight."""
    for path in sorted(weights_folder().glob("*/*")):
        item = weights().get(path.parent.name)
        pin = read_pins(weights_folder()).weights.get(path.parent.name)
        if item is None or path.name not in (item.file, pin.file if pin else item.file):
            yield path


def _verify(item: Weight, path: Path, pin: Pin | None) -> None:
    sha256 = file_sha256(path)
    if pin is None:
        check_content(item, path, sha256)
        check_format(item, path)
    elif sha256 != pin.sha256:
        raise WeightError(
            f"{path} has changed: sha256 {sha256[:12]}..., when it was added {pin.sha256[:12]}...",
            hint=f"fsbench zoo remove {item.name}, then {how_to_get(item)}",
        )
    try:
        source = pin.source_sha256 if pin else sha256
        remember(item, path, source_sha256=source, sha256=sha256, origin=pin.origin if pin else BY_HAND)
    except WeightError:
        if not item.has_published_hash and pin is None:
            raise  # a pin that is not kept protects nobody
        # A folder that others look after: the file is right, and its hash is computed again next time.
