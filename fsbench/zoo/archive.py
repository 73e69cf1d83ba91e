"""Takes one file out of a zip or tar archive, and never writes anywhere but where it is told."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from fsbench.errors import WeightError

BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError, NotImplementedError)


def take_out(archive: Path, member: str, result: Path) -> Path:
    """Write a member of an archive to a file.

    Args:
        archive: a zip or tar file, the latter also compressed.
        member: the name of the file in it, or the end of its path; folders before it do not matter.
        result: where the bytes go.

    Raises:
        WeightError: the archive is damaged, has no such member or several, or one that points outside of it.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                name = _find(archive, [info.filename for info in opened.infolist() if not info.is_dir()], member)
                with opened.open(name) as stream:
                    _copy(stream, result)
        else:
            with tarfile.open(archive) as tar:
                info = tar.getmember(_find(archive, [info.name for info in tar if info.isfile()], member))
                taken = tar.extractfile(info)
                if taken is None:
                    raise WeightError(f"{info.name} in {archive.name} is no file")
                with taken:
                    _copy(taken, result)
    except (*BROKEN, RuntimeError) as error:  # RuntimeError: the zip wants a password
        result.unlink(missing_ok=True)
        raise WeightError(f"{archive.name} is a damaged archive: {error}", hint="remove it and get it again") from None
    return result


def _find(archive: Path, names: Sequence[str], member: str) -> str:
    """Find the one member with that name.

    An archive with a path that leads outside is refused whole: whoever made it meant harm.
    """
    unsafe = [name for name in names if _leads_outside(name)]
    if unsafe:
        raise WeightError(f"{archive.name} is refused: its member '{unsafe[0]}' leads outside of the archive")
    wanted = PurePosixPath(member).parts
    fitting = [name for name in names if PurePosixPath(name).parts[-len(wanted) :] == wanted]
    if len(fitting) != 1:
        there = ", ".join(names[:5]) or "nothing"
        what = f"no {member}" if not fitting else f"{len(fitting)} files called {member}"
        raise WeightError(f"{archive.name} holds {what}; it holds {there}")
    return fitting[0]


def _leads_outside(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in path.parts[0]


def _copy(stream: IO[bytes], result: Path) -> None:
    with result.open("wb") as file:
        shutil.copyfileobj(stream, file, 1 << 20)
