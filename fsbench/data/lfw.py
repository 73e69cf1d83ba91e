"""Labeled Faces in the Wild on disk: the pictures and the pairs of pairs.txt.

The first picture of a pair is the target of a swap and the second is the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fsbench.data.frames import read_rgb
from fsbench.data.report import DataReport, listing
from fsbench.errors import ConfigError, DataError, ItemError

__all__ = ["DataReport", "Lfw", "LfwPair"]

FOLDERS = {
    "raw": ("lfw",),
    "funneled": ("lfw_funneled", "lfw-funneled"),
    "deepfunneled": ("lfw-deepfunneled", "lfw_deepfunneled"),
}
LISTS_BELOW = ("lfw", "lfw_home", "lfw-py")  # where other tools keep pairs.txt inside the folder they are given
PAIRS = "pairs.txt"

GET = "fsbench data get lfw FOLDER"


@dataclass(frozen=True)
class LfwPair:
    """Two pictures, of one person or of two."""

    first: Path  # the target
    second: Path  # the source
    first_person: str
    second_person: str
    line: int  # of pairs.txt, from 1


@dataclass(frozen=True)
class Lfw:
    """A copy of LFW in one variant."""

    root: Path  # holds pairs.txt
    variant: str  # "raw" | "funneled" | "deepfunneled"
    pairs: tuple[LfwPair, ...]  # as listed, positives and negatives

    @classmethod
    def open(cls, root: Path, *, variant: str) -> Lfw:
        """Read pairs.txt and find the folder of pictures beside it. Opens no picture.

        Args:
            root: holds pairs.txt and `lfw`, `lfw_funneled` or `lfw-deepfunneled`; or holds such a folder as `lfw`.
            variant: "raw", "funneled" or "deepfunneled"; "" takes the only one there is.

        Raises:
            DataError: the layout is another, or a line of pairs.txt is not a pair.
            ConfigError: the variant is not there, or "" and there are several.
        """
        if not root.is_dir():
            what = "is a file" if root.exists() else "does not exist"
            raise DataError(f"{root} {what}; wanted the folder of LFW", hint=f"{GET}, or --data mini")
        homes = [folder for folder in (root, *(root / name for name in LISTS_BELOW)) if (folder / PAIRS).is_file()]
        if not homes:
            hint = f"--data {root.parent}" if (root.parent / PAIRS).is_file() else GET
            raise DataError(f"{root} holds no {PAIRS}", hint=hint)
        chosen, folder = _variant(homes[0], variant)
        return cls(homes[0], chosen, tuple(read_pairs(homes[0] / PAIRS, folder)))

    def negatives(self) -> list[LfwPair]:
        """List the pairs of two different people, in the order of pairs.txt."""
        return [pair for pair in self.pairs if pair.first_person != pair.second_person]

    def positives(self) -> list[LfwPair]:
        """List the pairs of two pictures of one person, in the order of pairs.txt."""
        return [pair for pair in self.pairs if pair.first_person == pair.second_person]

    def require_complete(self) -> None:
        """Check that all pictures of all pairs are on disk.

        Raises:
            DataError: some are not; the message counts and names them.
        """
        pictures = _pictures(self.pairs)
        missing = [path.name for path in pictures if not path.is_file()]
        if missing:
            found = f"{len(pictures) - len(missing)} of {len(pictures)} pictures that {PAIRS} names"
            hint = f"fsbench data check lfw --data {self.root}"
            raise DataError(f"{self.root} holds {found}; missing {listing(missing)}", hint=hint)

    def check(self, *, thorough: bool = False) -> DataReport:
        """Tell which pictures are missing, and how many negative pairs can run.

        Args:
            thorough: decode every picture too.

        Returns:
            A report; its pairs are the negative ones, which are swapped.
        """
        pictures = _pictures(self.pairs)
        bad = {path: problem for path in pictures if (problem := _problem(path, thorough=thorough))}
        negatives = self.negatives()
        possible = sum(pair.first not in bad and pair.second not in bad for pair in negatives)
        lines = [
            f"{self.root}: {self.variant}: {len(pictures) - len(bad)} of {len(pictures)} pictures",
            *(f"{path.name}: {problem}" for path, problem in bad.items()),
            f"{possible} of {len(negatives)} negative pairs can run",
        ]
        return DataReport(tuple(lines), len(negatives), possible, ok=not bad)


def read_pairs(path: Path, folder: Path) -> list[LfwPair]:
    """Read a list in the format of LFW's pairs.txt.

    The first line holds the number of folds and of pairs a fold, or that of pairs alone; then come, for each fold, as
    many lines `name i j` as lines `name i name j`.

    Args:
        path: the list.
        folder: of the pictures, <Name>/<Name>_0001.jpg (or .png).

    Raises:
        DataError: a line is not a pair, or their number is not what the first line says.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as text: {error}", hint=GET) from None
    while lines and not lines[-1].strip():
        lines.pop()
    head = lines[0].split() if lines else []
    if len(head) not in (1, 2) or not all(_is_number(field) for field in head):
        raise _malformed(path, 1, lines[0] if lines else "", "the number of folds, a tab, the pairs a fold")
    expected = int(head[0]) * (int(head[1]) if len(head) == 2 else 1)
    pairs = [_pair(path, number, line, folder) for number, line in enumerate(lines[1:], start=2)]
    same = sum(pair.first_person == pair.second_person for pair in pairs)
    if same != expected or len(pairs) != 2 * expected:
        found = f"{same} pairs of one person and {len(pairs) - same} of two"
        raise DataError(f"{path} holds {found}; its first line says {expected} of each", hint=GET)
    return pairs


def _pair(path: Path, number: int, line: str, folder: Path) -> LfwPair:
    fields = line.split()
    if len(fields) == 3:
        first_name, i, j = fields
        second_name = first_name
    elif len(fields) == 4 and fields[0] != fields[2]:
        first_name, i, second_name, j = fields
    else:
        raise _malformed(path, number, line, "'name i j', or 'name i name j' with two names")
    if not (_is_number(i) and _is_number(j)):
        raise _malformed(path, number, line, "picture numbers from 1")
    if any(name in (".", "..") or "/" in name or "\\" in name for name in (first_name, second_name)):
        raise _malformed(path, number, line, "a name that is no path")
    first, second = _picture(folder, first_name, int(i)), _picture(folder, second_name, int(j))
    return LfwPair(first, second, first_name, second_name, number)


def _malformed(path: Path, number: int, line: str, wanted: str) -> DataError:
    return DataError(f"{path}, line {number}: found {line[:60]!r}, wanted {wanted}", hint=GET)


def _is_number(field: str) -> bool:
    return field.isascii() and field.isdigit() and 0 < int(field) < 100_000


def _picture(folder: Path, name: str, number: int) -> Path:
    jpeg = folder / name / f"{name}_{number:04d}.jpg"
    png = jpeg.with_suffix(".png")
    return png if png.is_file() and not jpeg.is_file() else jpeg


def _pictures(pairs: Sequence[LfwPair]) -> list[Path]:
    return sorted({path for pair in pairs for path in (pair.first, pair.second)})


def _problem(path: Path, *, thorough: bool) -> str:
    if not path.is_file():
        return "missing"
    if path.stat().st_size == 0:
        return "empty"
    if thorough:
        try:
            read_rgb(path)
        except ItemError as error:
            return error.reason
    return ""


def _variant(home: Path, variant: str) -> tuple[str, Path]:
    """Choose the folder of pictures."""
    found = {name: home / folder for name, folders in FOLDERS.items() for folder in folders if (home / folder).is_dir()}
    if variant and variant not in FOLDERS:
        raise ConfigError(f"no variant is called '{variant}'", hint=f"one of: {', '.join(FOLDERS)}")
    if not found:
        wanted = ", ".join(folders[0] for folders in FOLDERS.values())
        raise DataError(f"{home} holds none of {wanted}", hint=GET)
    if not variant and len(found) > 1:
        raise ConfigError(f"{home} holds {', '.join(found)}: say which", hint=f"--variant {next(iter(found))}")
    chosen = variant or next(iter(found))
    if chosen not in found:
        raise ConfigError(f"{home} holds {', '.join(found)}, not {chosen}", hint=f"--variant {next(iter(found))}")
    folder = found[chosen]
    nested = folder / folder.name  # some archives repeat the folder's name
    return chosen, nested if nested.is_dir() else folder
