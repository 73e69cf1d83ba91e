"""Downloads LFW and unpacks it safely."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fsbench.data.lfw import FOLDERS, PAIRS
from fsbench.data.transfer import Progress, Remote, fetch
from fsbench.errors import ConfigError, DataError, DependencyError

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
