"""Archives of finished results, unpacked once beside themselves and never outside their folder."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from fsbench.errors import DataError

ENDING = ".unpacked"


def unpacked(path: Path) -> Path:
    """Give the folder with an archive's content; a folder is given back as it is.

    An archive is unpacked into `<archive>.unpacked` the first time. Links, devices and members whose path leads out of
    the folder are refused, so that an archive can write nowhere else.

    Raises:
        DataError: there is no such file, it is no zip or tar, it is broken or unsafe, or there is no room.
    """
    if path.is_dir():
        return path
    if not path.is_file():
        raise DataError(f"{path} is not there", hint="archive=FILE, as its authors give it out, or its folder")
    target = path.with_name(path.name + ENDING)
    if target.is_dir():
        return target
    try:
        partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise DataError(
            f"{path.parent} cannot be written, so {path.name} cannot be unpacked there: {error.strerror}",
            hint="unpack it elsewhere and name the folder",
        ) from None
    try:
        _unpack(path, partial)
        os.replace(partial, target)
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, RuntimeError) as error:
        raise DataError(f"{path.name} cannot be unpacked: {error}", hint="get it again, or unpack it by hand") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _unpack(path: Path, folder: Path) -> None:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                _check(path, info.filename, is_plain=not stat.S_ISLNK(info.external_attr >> 16))
            archive.extractall(folder)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            members = archive.getmembers()
            for member in members:
                _check(path, member.name, is_plain=member.isfile() or member.isdir())
                member.mode = 0o755 if member.isdir() else 0o644
            archive.extractall(folder, members)
    else:
        raise DataError(f"{path.name} is neither a zip nor a tar", hint="archive=FILE, as its authors give it out")


def _check(path: Path, name: str, *, is_plain: bool) -> None:
    parts = PurePosixPath(name.replace("\\", "/"))
    if not is_plain or parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[:1]:
        raise DataError(f"{path.name} holds '{name}', which may lead out of its folder", hint="do not unpack this file")
