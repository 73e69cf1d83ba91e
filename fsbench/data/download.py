"""Downloads LFW: continues what was broken off, checks the hash, unpacks safely."""

from __future__ import annotations

import http.client
import os
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsbench.data.frames import file_sha256
from fsbench.data.lfw import FOLDERS, PAIRS
from fsbench.errors import ConfigError, DataError, DependencyError

Progress = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes that are wanted (0: not known)."""

BLOCK = 1 << 18
TRIES = 3
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Remote:
    """A file on the internet, and the hash of its content."""

    name: str
    url: str
    sha256: str


FIGSHARE = "https://ndownloader.figshare.com/files/"

# Source of addresses and hashes: scikit-learn, sklearn/datasets/_lfw.py. The home of LFW no longer answers.
LFW_FILES: Mapping[str, Remote] = {
    "pairs": Remote(PAIRS, FIGSHARE + "5976006", "ea42330c62c92989f9d7c03237ed5d591365e89b3e649747777b70e692dc1592"),
    "raw": Remote("lfw.tgz", FIGSHARE + "5976018", "055f7d9c632d7370e6fb4afc7468d40f970c34a80d4c6f50ffec63f5a8d536c0"),
    "funneled": Remote(
        "lfw-funneled.tgz", FIGSHARE + "5976015", "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a"
    ),
}


def get_lfw(
    folder: Path, *, variant: str = "raw", progress: Progress | None = None, files: Mapping[str, Remote] = LFW_FILES
) -> Path:
    """Put LFW into a folder: pairs.txt, and the pictures of a variant unless their folder is there.

    Args:
        folder: is made if needed.
        variant: "raw" or "funneled".
        progress: is told how far each file is.
        files: where "pairs" and the variants are.

    Returns:
        The folder, for Lfw.open.

    Raises:
        ConfigError: the variant cannot be downloaded.
        DataError: no network, a file that ends early or has another hash, an archive with unsafe or other content.
    """
    from filelock import FileLock

    if variant not in files or variant == "pairs":
        known = ", ".join(name for name in files if name != "pairs")
        raise ConfigError(f"LFW's variant '{variant}' has no public address", hint=f"--variant, one of: {known}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".fsbench.lock"):
            fetch(files["pairs"], folder, progress=progress)
            if not any((folder / name).is_dir() for name in FOLDERS[variant]):
                archive = fetch(files[variant], folder, progress=progress)
                _unpack(archive, folder, FOLDERS[variant])
                archive.unlink()
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error}", hint="name another folder") from None
    return folder


def fetch(remote: Remote, folder: Path, *, progress: Progress | None = None) -> Path:
    """Download a file unless it is there with the right hash; `<name>.part` beside it keeps what came so far.

    Raises:
        DataError: no network, the file ends early, its hash is wrong, or another file has its name here.
    """
    import pooch

    path = folder / remote.name

    def download(url: str, output: str, _: Any) -> None:
        part = path.with_name(path.name + ".part")
        _download(url, part, progress)
        os.replace(part, output)

    if path.exists() and file_sha256(path) != remote.sha256:
        raise DataError(
            f"{path} is there with another content than {remote.url}", hint="name another folder, or move it"
        )
    try:
        pooch.retrieve(remote.url, f"sha256:{remote.sha256}", remote.name, folder, downloader=download)
    except ValueError:  # pooch's word for a wrong hash; it has removed the file
        raise DataError(
            f"{remote.name} from {remote.url} has not the sha256 {remote.sha256[:12]}...: damaged, or another file",
            hint="try again; if it stays so, the file at this address has changed",
        ) from None
    return path


def _download(url: str, part: Path, progress: Progress | None) -> None:
    """Bring `part` to its whole length, going on where it ends."""
    reason = ""
    for _ in range(TRIES):
        try:
            total = _continue(url, part, progress)
        except urllib.error.HTTPError as error:
            raise DataError(f"{url} answers {error.code} {error.reason}", hint="try again later") from None
        except (http.client.HTTPException, OSError) as error:
            reason = str(getattr(error, "reason", "") or error) or type(error).__name__
            continue
        here = part.stat().st_size
        if total in (0, here):
            return
        reason = f"it ended after {here} of {total} bytes"
    raise DataError(f"{url} cannot be had: {reason}", hint="the same command goes on where it stopped")


def _continue(url: str, part: Path, progress: Progress | None) -> int:
    """Ask for what is missing of `part` and append it; returns the length of the whole file, 0 if not told."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "fsbench", "Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not start:
            raise
        if _total(error.headers, 0) == start:
            return start  # nothing is missing
        part.unlink()
        return _continue(url, part, progress)
    with answer:
        goes_on = answer.status == http.client.PARTIAL_CONTENT and _first_byte(answer.headers) == start
        if not goes_on and answer.status != http.client.OK:
            raise http.client.HTTPException(f"unexpected answer {answer.status} {answer.reason}")
        total = _total(answer.headers, start if goes_on else 0)
        with part.open("ab" if goes_on else "wb") as file:
            while block := answer.read(BLOCK):
                file.write(block)
                if progress:
                    progress(file.tell(), total)
    return total


def _first_byte(headers: Any) -> int:
    """Read the start in "Content-Range: bytes 100-199/200"; -1 if it is not told."""
    start = (headers.get("Content-Range") or "").removeprefix("bytes ").partition("-")[0]
    return int(start) if start.isdigit() else -1


def _total(headers: Any, start: int) -> int:
    whole = (headers.get("Content-Range") or "").rpartition("/")[2]
    if whole.isdigit():
        return int(whole)
    rest = headers.get("Content-Length") or ""
    return start + int(rest) if rest.isdigit() else 0


def _unpack(archive: Path, folder: Path, names: tuple[str, ...]) -> None:
    """Unpack beside, then move the one wanted folder to its place, so that it is there whole or not at all."""
    if not hasattr(tarfile, "data_filter"):
        raise DependencyError("this Python cannot unpack archives safely", hint="Python 3.10.12, 3.11.4 or newer")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpack.") as space:
        try:
            with tarfile.open(archive) as file:
                file.extractall(space, filter="data")
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise DataError(f"{archive.name} cannot be unpacked: {error}", hint=f"remove {archive}") from None
        for name in names:
            if (Path(space) / name).is_dir():
                (Path(space) / name).rename(folder / name)
                return
    raise DataError(f"{archive.name} holds no folder {names[0]}", hint=f"remove {archive}")
