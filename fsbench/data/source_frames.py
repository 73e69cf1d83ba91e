"""Which frame of the source video a method used for each pair, as its authors list it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from fsbench.data.places import place
from fsbench.errors import ConfigError

HINT = "--source-frames FILE: a line such as '000_003 17' a pair, target first, or a JSON object"
LINE = re.compile(r"(?P<name>[^\s,;:]*?(?P<target>[0-9]{3})_(?P<source>[0-9]{3})[^\s,;:]*)[\s,;:]+(?P<frame>[0-9]+)")
NAME = re.compile(r"(?<![0-9])([0-9]{3})_([0-9]{3})(?![0-9])")


def read_source_frames(file: str, swaps: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Read the source frame of each pair: text with a pair and a number a line, or a JSON object.

    Names may be those of files, such as 000_003.mp4; numbers count from 0.

    Args:
        file: path of the list.
        swaps: (target id, source id) of every planned swap.

    Raises:
        ConfigError: there is no file, a line is not like that, or a planned pair is not in it.
    """
    if not file:
        raise ConfigError("source_frame=listed needs a list of frames", hint=HINT)
    try:
        text = place(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint=HINT) from None
    found = _from_json(file, text) if text.lstrip().startswith("{") else _from_lines(file, text)
    if missing := [f"{target}_{source}" for target, source in swaps if (target, source) not in found]:
        raise ConfigError(f"{file} lacks {len(missing)} pairs, such as {', '.join(missing[:3])}", hint=HINT)
    return found


def _from_json(file: str, text: str) -> dict[tuple[str, str], int]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint=HINT) from None
    found = {}
    for name, frame in content.items():
        match = NAME.search(name)
        if match is None or not isinstance(frame, int) or isinstance(frame, bool) or frame < 0:
            raise ConfigError(f"{file}: '{name}': {json.dumps(frame)} is no pair with a frame", hint=HINT)
        found[match[1], match[2]] = frame
    return found


def _from_lines(file: str, text: str) -> dict[tuple[str, str], int]:
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line.strip())
        if match is None:
            raise ConfigError(f"{file}, line {number}: '{line.strip()[:60]}' is no pair with a frame", hint=HINT)
        found[match["target"], match["source"]] = int(match["frame"])
    return found
