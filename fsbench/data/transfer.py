"""Brings a file from the internet: goes on where an earlier try stopped, checks the hash, moves it in whole."""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsbench.data.frames import file_sha256
from fsbench.errors import DataError

Progress = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes that are wanted (0: not known)."""

BLOCK = 1 << 18
TRIES = 3
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Remote:
    """A file on the internet, and what is known of its content."""

    name: str  # as which it is kept
    url: str
    sha256: str = ""  # empty: nobody published it
    size_bytes: int = 0  # 0: not known


def fetch(remote: Remote, folder: Path, *, progress: Progress | None = None) -> Path:
    """Download a file unless it is there with the right hash; `<name>.part` beside it keeps what came so far.

    Raises:
        DataError: no network, the file ends early, its hash is wrong, or another file has its name here.
    """
    import pooch

    pooch.get_logger().setLevel("ERROR")  # it prints the hash of a file without a known one: the zoo's own words do
    path = folder / remote.name

    def download(url: str, output: str, _: Any) -> None:
        part = path.with_name(path.name + ".part")
        _download(remote, part, progress)
        os.replace(part, output)

    if path.exists() and remote.sha256 and file_sha256(path) != remote.sha256:
        raise DataError(
            f"{path} is there with another content than {remote.url}", hint="name another folder, or move it"
        )
    try:
        known = f"sha256:{remote.sha256}" if remote.sha256 else None
        pooch.retrieve(remote.url, known, remote.name, folder, downloader=download)
    except ValueError:  # pooch's word for a wrong hash; it has removed the file
        raise DataError(
            f"{remote.name} from {remote.url} has not the sha256 {remote.sha256[:12]}...: damaged, or another file",
            hint="try again; if it stays so, the file at this address has changed",
        ) from None
    return path


def _download(remote: Remote, part: Path, progress: Progress | None) -> None:
    """Bring `part` to its whole length, going on where it ends."""
    reason, url = "", remote.url
    for _ in range(TRIES):
        try:
            total = _continue(remote, part, progress)
        except urllib.error.HTTPError as error:
            raise DataError(f"{url} answers {error.code} {error.reason}", hint="try again later") from None
        except (http.client.HTTPException, OSError) as error:
            reason = str(getattr(error, "reason", "") or error) or type(error).__name__
            continue
        here = part.stat().st_size
        if total in (0, here):
            _state(part).unlink(missing_ok=True)
            return
        reason = f"it ended after {here} of {total} bytes"
    raise DataError(f"{url} cannot be had: {reason}", hint="the same command goes on where it stopped")


def _continue(remote: Remote, part: Path, progress: Progress | None) -> int:
    """Ask for what is missing of `part` and append it; returns the length of the whole file, 0 if not told."""
    start = part.stat().st_size if part.exists() else 0
    try:
        answer = _open(remote.url, start, _state(part))
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not start:
            raise
        if _total(error.headers, 0) == start:
            return start  # nothing is missing
        part.unlink()
        return _continue(remote, part, progress)
    with answer:
        goes_on = answer.status == http.client.PARTIAL_CONTENT and _first_byte(answer.headers) == start
        if not goes_on and answer.status != http.client.OK:
            raise http.client.HTTPException(f"unexpected answer {answer.status} {answer.reason}")
        total = _total(answer.headers, start if goes_on else 0)
        _refuse_other(remote, answer.headers, total)
        _state(part).write_text(answer.headers.get("ETag") or answer.headers.get("Last-Modified") or "")
        with part.open("ab" if goes_on else "wb") as file:
            while block := answer.read1(BLOCK):  # what is here, so that a silence loses nothing
                file.write(block)
                if progress:
                    progress(file.tell(), total)
    return total


def _open(url: str, start: int, state: Path) -> Any:
    """Ask for a file from a byte on, or from its beginning where it is no longer the file of the first bytes."""
    headers = {"User-Agent": "fsbench", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        known = state.read_text() if state.exists() else ""
        if known and not known.startswith("W/"):
            headers["If-Range"] = known
    opener = urllib.request.build_opener(_NoDowngrade)
    return opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_SECONDS)


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to an address that anyone on the way could answer."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise DataError(f"{req.full_url} redirects to {newurl}, which is not https", hint="fetch the file by hand")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _refuse_other(remote: Remote, headers: Any, total: int) -> None:
    """Refuse before the first byte what cannot be the file: a page for people, or another length."""
    if (headers.get("Content-Type") or "").startswith("text/html"):
        raise DataError(
            f"{remote.url} answers with a web page: it asks for a sign-in or a confirmation, or the file has moved",
            hint="open the address in a browser and save the file by hand",
        )
    if total and remote.size_bytes and total != remote.size_bytes:
        raise DataError(
            f"{remote.url} has {total:,} bytes, {remote.name} has {remote.size_bytes:,}",
            hint="the file at this address has changed",
        )


def _state(part: Path) -> Path:
    """Where it is kept which version of the remote file the bytes of `part` are from."""
    return part.with_name(part.name + ".version")


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
