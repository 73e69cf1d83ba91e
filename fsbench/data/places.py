"""Folders and files by path or by address: `s3://bucket/ff++` is a place as `/data/ff++` is."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from fsbench.errors import DataError, DependencyError

# A path in place of an address has lost a slash: Path("s3://a") is "s3:/a".
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/{1,2}(?=[^/])|memory:/{2,}|file:/{2,}")
IN_PROCESS = ("memory",)  # each process has its own
WITHOUT_FOLDERS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss")
BLOCK_BYTES = 1 << 20
BLOCKS = 32  # kept of one open file: most compressed videos fit, so a second pass reads nothing again


def is_address(text: str) -> bool:
    """Tell an address such as "s3://bucket/folder" from a path."""
    return _ADDRESS.match(text) is not None


def place(text: str) -> Path:
    """Give the path, or what serves as one for an address.

    Args:
        text: a path; or an address of any file system that fsspec knows, with keys and endpoints from its own
            settings (such as the variables AWS_ACCESS_KEY_ID and FSSPEC_S3_ENDPOINT_URL).

    Raises:
        DependencyError: the package for addresses, or for this kind of address, is not installed.
        DataError: the address is of a kind that does not exist.
    """
    if not is_address(text):
        return Path(text).expanduser()
    scheme, _, rest = text.partition(":")
    if scheme == "file":
        return Path("/" + rest.lstrip("/"))
    try:
        from upath import UPath
    except ImportError:
        raise DependencyError(f"{text} needs universal-pathlib", hint='pip install "fsbench[remote]"') from None
    try:
        found = UPath(f"{scheme}://{rest.lstrip('/')}")
        found.fs.protocol  # noqa: B018  # connects, which is when a missing package is found
    except ImportError as error:
        raise DependencyError(f"{text}: {error}", hint=f"install what fsspec needs for {scheme}://") from None
    except ValueError as error:
        raise DataError(f"{text} cannot be used: {error}", hint="a path, s3://..., gs://..., hdfs://...") from None
    return cast(Path, found)  # it has the methods of one that are used here


def is_remote(path: Path) -> bool:
    """Tell what is no file of this machine, or of a disk that it has mounted."""
    return not isinstance(path, Path)


def is_everywhere(path: Path) -> bool:
    """Tell whether every process of every machine finds the same there."""
    return is_remote(path) and cast(Any, path).protocol not in IN_PROCESS


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Give what a decoder opens: the name of a local file, or a stream that reads the blocks it is asked for.

    Of a remote file, the last 32 MiB that were read are kept while it is open, because decoders go back.
    """
    if not is_remote(path):
        yield str(path)
        return
    remote = cast(Any, path)
    options = {"block_size": BLOCK_BYTES, "cache_type": "blockcache", "cache_options": {"maxblocks": BLOCKS}}
    with _failures_as_os_errors(path), remote.fs.open(remote.path, "rb", **options) as file:
        yield file


def content(path: Path) -> str | BinaryIO:
    """Give what Pillow opens: the name of a local file, or the bytes of a remote one."""
    if not is_remote(path):
        return str(path)
    with _failures_as_os_errors(path):
        return io.BytesIO(path.read_bytes())


def state_of(path: Path) -> dict[str, Any]:
    """Tell by what a changed file is known without reading it: size, and time of change or the store's own mark.

    Raises:
        OSError: it is not there, or cannot be reached.
    """
    if not is_remote(path):
        stat = path.stat()
        return {"path": str(path.resolve()), "size": stat.st_size, "changed": stat.st_mtime_ns}
    remote = cast(Any, path)
    with _failures_as_os_errors(path):
        info = remote.fs.info(remote.path)
    marks = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "updated", "created")
    return {"path": str(path), "size": info["size"], "changed": next((str(info[m]) for m in marks if info.get(m)), "")}


def write(path: Path, content: bytes) -> None:
    """Write a remote file whole, making folders where the store has any; never a bucket.

    Raises:
        DataError: it cannot be written.
    """
    with reaching(path, hint="an address that can be written"):
        if is_remote(path) and cast(Any, path).protocol not in WITHOUT_FOLDERS:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def require_folder(path: Path, what: str, hint: str) -> None:
    """Refuse what is no folder.

    Args:
        path: a place.
        what: it should be, for the message.
        hint: what to do.

    Raises:
        DataError: it is not there, is a file, or cannot be reached.
    """
    with reaching(path, hint=hint):
        if path.is_dir():
            return
        found = "is a file; wanted a folder" if path.exists() else "is not there"
    raise DataError(f"{what} {path} {found}", hint=hint)


@contextlib.contextmanager
def reaching(path: Path, *, hint: str = "check the address, its keys and its endpoint") -> Iterator[None]:
    """Inside, what goes wrong at a place is one line for the user.

    Raises:
        DataError: anything did.
    """
    try:
        with _failures_as_os_errors(path):
            yield
    except OSError as error:
        raise DataError(f"{path} cannot be used: {error.strerror or error}", hint=hint) from None


@contextlib.contextmanager
def _failures_as_os_errors(path: Path) -> Iterator[None]:
    """Turn the failures of a remote store, of which each kind has classes of its own, into OSError."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        if not is_remote(path) or type(error).__module__.startswith(("fsbench", "av")):
            raise
        raise OSError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
