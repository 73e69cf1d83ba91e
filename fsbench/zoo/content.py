"""Is a file what its name says? Length, hashes, and whether it can be read as what it should be."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from fsbench.errors import WeightError
from fsbench.zoo.manifest import ONNX, SAFETENSORS, TORCH, Weight

ONNX_START = b"\x08"  # field 1 of a ModelProto: ir_version, which every writer puts first
VOUCHED = {
    "owner": "as its owner publishes",
    "several": "as several projects quote",
    "one": "as one other project quotes; that project may be wrong",
}


def check_content(item: Weight, path: Path, sha256: str) -> None:
    """Compare a file with all that is published of it.

    Args:
        item: what it should be.
        path: the file.
        sha256: of its bytes.

    Raises:
        WeightError: the length or a hash differs.
    """
    length = path.stat().st_size
    hint = f"get it again: fsbench zoo show {item.name}"
    if item.bytes and length != item.bytes:
        word = "short" if length < item.bytes else "long"
        raise WeightError(f"{path.name} is too {word}: {length:,} bytes, wanted {item.bytes:,}", hint=hint)
    if not sha256.startswith(item.sha256 or item.sha256_start):
        wanted = (item.sha256 or item.sha256_start)[:12]
        raise WeightError(
            f"{path.name} has sha256 {sha256[:12]}..., wanted {wanted}... ({VOUCHED[item.vouched or 'owner']})",
            hint=hint,
        )
    if item.md5 and not item.sha256:
        _compare(path, "md5", hashlib.md5(usedforsecurity=False), item.md5, hint)
    if item.git_blob:
        start = f"blob {length}\0".encode()
        _compare(path, "git blob", hashlib.sha1(start, usedforsecurity=False), item.git_blob, hint)


def check_format(item: Weight, path: Path) -> None:
    """Find out whether a file can be read as what it should be, without running anything in it.

    Raises:
        WeightError: it cannot, or it holds more than tensors.
    """
    if path.stat().st_size == 0:
        raise WeightError(f"{path.name} is empty", hint=f"fsbench zoo show {item.name}")
    with path.open("rb") as file:
        start = file.read(64)
    if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise WeightError(f"{path.name} is a web page, not a weight", hint=f"fsbench zoo show {item.name}")
    if path.suffix == ".safetensors" or item.format in (TORCH, SAFETENSORS):
        from fsbench.zoo.tensors import load_state

        load_state(path, key=item.state_key)
    elif item.format == ONNX and not start.startswith(ONNX_START):
        raise WeightError(f"{path.name} is no ONNX file", hint=f"fsbench zoo show {item.name}")


def is_archive(path: Path) -> bool:
    """Whether a file is an archive of files: a zip that is no torch checkpoint, or a tar."""
    import tarfile

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return not any(name.endswith(("data.pkl", "constants.pkl")) for name in archive.namelist())
    return tarfile.is_tarfile(path)


def _compare(path: Path, kind: str, digest: hashlib._Hash, wanted: str, hint: str) -> None:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != wanted:
        raise WeightError(f"{path.name} has {kind} {digest.hexdigest()[:12]}..., wanted {wanted[:12]}...", hint=hint)
