"""Brings weights into the folder: fetched or given by hand, checked, made safe, moved in whole, remembered."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fsbench.data.frames import file_sha256
from fsbench.data.transfer import Progress, Remote, fetch
from fsbench.errors import ConfigError, DataError, WeightError
from fsbench.zoo import store
from fsbench.zoo.archive import take_out
from fsbench.zoo.content import check_content, check_format, is_archive
from fsbench.zoo.convert import Converted, convert
from fsbench.zoo.manifest import SAFETENSORS, TORCH, Address, Weight
from fsbench.zoo.pins import changing_pins, exclusive, read_pins

INCOMING = ".incoming"  # in the weights folder, so that a file can be moved to its place in one step

Notify = Callable[[str], None]


@dataclass(frozen=True)
class Installed:
    """What became of a file."""

    path: Path
    sha256: str  # of the file as it came
    pinned: bool  # nobody publishes a hash, so the first file decides
    converted: Converted | None = None


def accept_licences(items: Iterable[Weight], *, accepted: bool, notify: Notify) -> None:
    """Show the licences that forbid commercial use, and remember that they were accepted.

    Raises:
        ConfigError: one was not accepted, now or before.
    """
    known = read_pins(store.weights_folder()).accepted
    asking = [item for item in items if item.non_commercial and known.get(item.name) != item.licence]
    for item in asking:
        notify(f"{item.name}: {item.licence}{f' ({item.page})' if item.page else ''}")
    if not asking:
        return
    if not accepted:
        names = ", ".join(item.name for item in asking)
        raise ConfigError(
            f"the licence of {names} forbids commercial use and was not accepted yet",
            hint="the same command with --accept-licence, if your use is allowed",
        )
    with changing_pins(store.weights_folder()) as pins:
        pins.accepted.update({item.name: item.licence for item in asking})


def fetch_weights(
    items: Iterable[Weight], *, progress: Progress | None = None, notify: Notify = lambda line: None
) -> list[Installed]:
    """Download weights, each from the first of its addresses that has it; an archive for several comes once.

    What is there and untouched is not asked for again. Licences are the caller's business: `accept_licences`.

    Raises:
        WeightError: an address has the wrong bytes, or none has the file.
        ConfigError: a weight has no address.
    """
    incoming = store.weights_folder() / INCOMING
    done = []
    with exclusive(store.weights_folder()):
        for item in items:
            if store.state(item) == "present":
                path = store.require(item.name)
                pin = read_pins(store.weights_folder()).weights[item.name]
                done.append(Installed(path, pin.source_sha256, not item.has_published_hash))
            else:
                done.append(_fetch_one(item, incoming, progress, notify))
        shutil.rmtree(incoming, ignore_errors=True)  # only archives are left, and only where all went well
    return done


def add_weight(item: Weight, source: Path) -> Installed:
    """Take a file that was got by hand into the folder; an archive that holds it will do.

    Raises:
        ConfigError: there is no such file.
        WeightError: it is not the file it should be, damaged, or unsafe.
    """
    if not source.is_file():
        raise ConfigError(f"there is no file {source}", hint=f"fsbench zoo show {item.name}")
    with exclusive(store.weights_folder()):
        return _install(item, source, member=item.file, origin=store.BY_HAND)


def remove_weight(item: Weight, *, forget: bool = False) -> bool:
    """Remove a weight from the folder, and with `forget` its pin too; whether there was anything to remove."""
    folder = store.weights_folder() / item.name
    there = folder.is_dir()
    with changing_pins(store.weights_folder()) as pins:
        shutil.rmtree(folder, ignore_errors=True)
        if forget or item.sha256:
            there = pins.weights.pop(item.name, None) is not None or there
    return there


def _fetch_one(item: Weight, incoming: Path, progress: Progress | None, notify: Notify) -> Installed:
    if not item.urls:
        raise ConfigError(f"'{item.name}' can be had by hand alone", hint=store.how_to_get(item))
    problems = []
    for address in item.urls:
        notify(f"{item.name}: {item.size_text} from {address.url}")
        try:
            came = fetch(_remote(item, address), incoming, progress=progress)
            try:
                installed = _install(item, came, member=address.member, origin=address.url)
            except BaseException:
                came.unlink(missing_ok=True)  # the next try must not find it
                raise
            if not address.member:
                came.unlink()
            return installed
        except (DataError, WeightError) as error:
            problems.append(str(error))
            notify(f"{item.name}: {error}")
    hint = f"fsbench zoo show {item.name} tells how to get it by hand"
    raise WeightError(f"{item.name} cannot be fetched: {'; '.join(problems)}", hint=hint)


def _remote(item: Weight, address: Address) -> Remote:
    """Say what is to be fetched; the name tells addresses apart, so that no part is continued from another one."""
    name = f"{hashlib.sha256(address.url.encode()).hexdigest()[:8]}-{Path(address.url.partition('?')[0]).name}"
    if address.member:
        return Remote(name, address.url, address.sha256, address.bytes)
    return Remote(name, address.url, item.sha256, item.bytes)


def _install(item: Weight, source: Path, *, member: str, origin: str) -> Installed:
    """Check a file and move it to its place; the given file stays where it is."""
    with _staging() as staging:
        given = staging / item.file
        if is_archive(source) and item.format != "other":
            take_out(source, member or item.file, given)
        else:
            shutil.copyfile(source, given)
        sha256 = file_sha256(given)
        check_content(item, given, sha256)
        store.check_pin(item, sha256, given.name)
        converted = None
        try:
            check_format(item, given)
        except WeightError:
            if item.format != TORCH:
                raise
            result = given.with_name(f"{Path(item.file).stem}.{SAFETENSORS}")
            converted = convert(given, result, key=item.state_key)
            check_format(item, result)
            given = result
        path = store.weights_folder() / item.name / given.name
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(given, path)
        kept = file_sha256(path) if converted else sha256
        store.remember(item, path, source_sha256=sha256, sha256=kept, origin=origin)
    return Installed(path, sha256, not item.has_published_hash, converted)


@contextlib.contextmanager
def _staging() -> Iterator[Path]:
    """Give an empty folder on the disk of the weights folder, for as long as it is needed."""
    folder = store.weights_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".staging.") as space:
        yield Path(space)
