"""The pairs of FaceForensics++: its official splits, and a user's own in the same format."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from fsbench.errors import DataError

SPLITS = ("train", "val", "test")
VIDEO_ID = re.compile(r"[0-9]{3}")

Pairs = list[tuple[str, str]]


def official_pairs(split: str) -> Pairs:
    """Give the 360, 70 or 70 unordered pairs of the train, val or test split, in the published order.

    Source: dataset/splits of github.com/ondyari/FaceForensics; checked by the sha256 of the published files.
    """
    text = resources.files("fsbench.data").joinpath("ffpp_splits.json").read_text(encoding="ascii")
    return [(pair[:3], pair[4:]) for line in json.loads(text)[split] for pair in line.split()]


def load_pairs(root: Path, split: str) -> Pairs:
    """Read the pairs of a split: from `root`/splits where that folder holds JSON files, else the official ones.

    Args:
        root: the data set.
        split: "train", "val", "test", or "all" for those that exist, in this order.

    Raises:
        DataError: the split is not there, or a file is not a list of pairs of different three-digit ids.
    """
    folder = root / "splits"
    names = SPLITS if split == "all" else (split,)
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; wanted a folder with train.json, val.json or test.json")
    own = (
        sorted(path.name for path in folder.glob("*.json") if not path.name.startswith(".")) if folder.exists() else []
    )
    if not own:
        return [pair for name in names for pair in official_pairs(name)]
    present = [name for name in names if f"{name}.json" in own]
    if not present:
        wanted = "train.json, val.json or test.json" if split == "all" else f"{split}.json"
        raise DataError(f"{folder} holds {', '.join(own)}; wanted {wanted}", hint="--split all, or remove the folder")
    pairs = [pair for name in present for pair in read_pairs(folder / f"{name}.json")]
    _refuse_repeats(pairs, folder)
    return pairs


def read_pairs(path: Path) -> Pairs:
    """Read one split file: a JSON list of pairs of video ids, [["071", "054"], ...].

    Raises:
        DataError: the file is not that; the message names the first wrong pair.
    """
    hint = 'wanted [["071", "054"], ...]'
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}", hint=hint) from None
    if not isinstance(content, list) or not content:
        raise DataError(f"{path} holds no list of pairs", hint=hint)
    return [_pair(item, f"{path}, pair {number}", hint) for number, item in enumerate(content, start=1)]


def _pair(item: Any, where: str, hint: str) -> tuple[str, str]:
    if not isinstance(item, list) or len(item) != 2:
        raise DataError(f"{where}: found {json.dumps(item)[:60]}, wanted two video ids", hint=hint)
    for video_id in item:
        if not isinstance(video_id, str) or not VIDEO_ID.fullmatch(video_id):
            raise DataError(f"{where}: found {json.dumps(video_id)[:60]}, wanted three digits in quotes", hint=hint)
    if item[0] == item[1]:
        raise DataError(f"{where}: video {item[0]} is paired with itself", hint=hint)
    return item[0], item[1]


def _refuse_repeats(pairs: Sequence[tuple[str, str]], folder: Path) -> None:
    seen: set[frozenset[str]] = set()
    for pair in pairs:
        if frozenset(pair) in seen:
            raise DataError(f"{folder} names the pair {pair[0]}, {pair[1]} twice (either order counts)")
        seen.add(frozenset(pair))
