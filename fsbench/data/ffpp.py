"""FaceForensics++ on disk: original videos, manipulated videos, and which are paired."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fsbench.data.clip import Clip
from fsbench.data.frames import VIDEOS, read_frames
from fsbench.data.report import DataReport, listing
from fsbench.data.sampling import FRAME_RULES, evenly
from fsbench.data.splits import SPLITS, VIDEO_ID, load_pairs
from fsbench.errors import ConfigError, DataError, ItemError

__all__ = ["FRAME_RULES", "Clip", "DataReport", "FaceForensics", "evenly"]

COMPRESSIONS = ("raw", "c0", "c23", "c40")
ALIASES = {"raw": ("raw", "c0"), "c0": ("c0", "raw"), "c23": ("c23",), "c40": ("c40",)}  # one thing, two names
PAIR_NAME = re.compile(r"([0-9]{3})_([0-9]{3})")
LAYOUT = "wanted original_sequences/youtube/<raw|c23|c40>/<videos|images>"


@dataclass(frozen=True)
class FaceForensics:
    """A copy of FaceForensics++ at one compression and split. Knows names; reads no pixels."""

    root: Path  # holds original_sequences
    compression: str  # the name of its folder
    split: str
    pairs: tuple[tuple[str, str], ...]  # unordered
    originals: Mapping[str, Clip]  # all that are on disk, in the split or not

    @classmethod
    def open(cls, root: Path, *, compression: str, split: str) -> FaceForensics:
        """Find the videos of a copy and the pairs of a split.

        Args:
            root: the data set, or its `original_sequences`, or a folder that holds one data set.
            compression: "raw" (also called "c0"), "c23" or "c40"; "" takes the only one there is.
            split: "train", "val", "test" or "all". Files in `root`/splits replace the official pairs.

        Raises:
            DataError: the layout is another.
            ConfigError: the compression is not there, or "" and there are several; or no split has this name.
        """
        if split not in (*SPLITS, "all"):
            raise ConfigError(f"no split is called '{split}'; known: {', '.join(SPLITS)}, all", hint="--split test")
        home = _home(root)
        youtube = home / "original_sequences" / "youtube"
        folder = _compression(youtube, compression)
        clips = {clip.video_id: clip for clip in _clips(folder, VIDEO_ID, "000.mp4")}
        return cls(home, folder.name, split, tuple(load_pairs(home, split)), clips)

    def swaps(self) -> list[tuple[str, str]]:
        """List (target id, source id) of all swaps: both directions of each pair, in the order of the split."""
        return [swap for first, second in self.pairs for swap in ((first, second), (second, first))]

    def original(self, video_id: str) -> Clip:
        """Find an original video.

        Raises:
            DataError: it is not on disk.
        """
        if video_id not in self.originals:
            raise DataError(f"{self.root} holds no original video {video_id}", hint=self._check_command())
        return self.originals[video_id]

    def manipulated(self, method: str) -> Mapping[tuple[str, str], Clip]:
        """Find the videos of a manipulation method, by (target id, source id); a file is <target>_<source>.mp4.

        Raises:
            ConfigError: no method has this name.
            DataError: the method has no videos at this compression, or one whose name is no pair.
        """
        home = self.root / "manipulated_sequences"
        known = sorted(path.name for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
        if method not in known:
            folded = {name.lower(): name for name in known}
            near = difflib.get_close_matches(method.lower(), folded, n=1)
            guess = f"; did you mean '{folded[near[0]]}'?" if near else ""
            raise ConfigError(
                f"{home} has no method '{method}'{guess}", hint=f"one of: {', '.join(known) or 'none is there'}"
            )
        folder = _compression(home / method, self.compression)
        return {(c.video_id[:3], c.video_id[4:]): c for c in _clips(folder, PAIR_NAME, "000_003.mp4")}

    def require_complete(self) -> None:
        """Check that all original videos of the split are on disk.

        Raises:
            DataError: some are not; the message counts and names them.
        """
        wanted, missing = self._wanted(), self._missing()
        if not missing:
            return
        hint = self._check_command()
        complete = [name for name in SPLITS if self.split == "all" and self._holds_split(name)]
        if complete:
            hint += f", or take the complete part: --split {complete[-1]}"
        found = f"{len(wanted) - len(missing)} of {len(wanted)} original videos"
        raise DataError(f"{self.root} holds {found}; missing {listing(missing)}", hint=hint)

    def check(self, *, frames: int = 10, rule: str = "linspace", thorough: bool = False) -> DataReport:
        """Tell what is missing, what cannot be opened, and how many swaps can run.

        Args:
            frames: how many frames a run takes of each video.
            rule: which, see `evenly`.
            thorough: decode these frames too, which takes as long as reading all videos.

        Returns:
            A report; its pairs are (target, source) videos. A pair is possible if a frame can be had of both.
        """
        wanted, missing = self._wanted(), self._missing()
        lines = [
            f"{self.root}: {self.compression}, split {self.split}: {len(wanted) - len(missing)} of {len(wanted)} videos"
        ]
        lines += [f"missing: {video_id}" for video_id in missing]
        present = [self.originals[video_id] for video_id in wanted if video_id in self.originals]
        looks = {clip.video_id: _look(clip, frames, rule, thorough=thorough) for clip in present}
        lines += [f"{video_id}: {line}" for video_id, look in looks.items() for line in (*look.notes, *look.problems)]
        usable = {video_id for video_id, look in looks.items() if look.usable}
        ok = not missing and not any(look.problems for look in looks.values())
        swaps = self.swaps()
        possible = sum(target in usable and source in usable for target, source in swaps)
        lines.append(f"{possible} of {len(swaps)} swaps of one video by another can run")
        return DataReport(tuple(lines), len(swaps), possible, ok)

    def _wanted(self) -> list[str]:
        return sorted({video_id for pair in self.pairs for video_id in pair})

    def _missing(self) -> list[str]:
        return [video_id for video_id in self._wanted() if video_id not in self.originals]

    def _holds_split(self, split: str) -> bool:
        try:
            pairs = load_pairs(self.root, split)
        except DataError:
            return False
        return all(video_id in self.originals for pair in pairs for video_id in pair)

    def _check_command(self) -> str:
        return f"fsbench data check ff++ --data {self.root}"


def _home(root: Path) -> Path:
    """Find the folder that holds original_sequences: this one, the one above it, or the only one below."""
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise DataError(f"{root} {what}; wanted the folder of FaceForensics++", hint="--data FOLDER, or --data mini")
    if (root / "original_sequences").is_dir():
        return root
    if root.resolve().name == "original_sequences":
        return root.resolve().parent
    below = sorted(path for path in root.iterdir() if (path / "original_sequences").is_dir())
    if len(below) > 1:
        names = ", ".join(path.name for path in below)
        raise DataError(f"{root} holds several data sets: {names}", hint=f"--data {below[0]}")
    if not below:
        raise DataError(f"{root} holds no original_sequences folder", hint=LAYOUT)
    return below[0]


def _compression(folder: Path, compression: str) -> Path:
    """Choose the folder of a compression."""
    found = [name for name in COMPRESSIONS if (folder / name).is_dir()]
    if compression and compression not in COMPRESSIONS:
        raise ConfigError(f"no compression is called '{compression}'", hint=f"one of: {', '.join(COMPRESSIONS)}")
    if not found:
        raise DataError(f"{folder} holds none of {', '.join(COMPRESSIONS)}", hint=LAYOUT)
    hint = f"--compression {'c23' if 'c23' in found else found[0]}"
    if not compression:
        if len(found) > 1 and set(found) != {"raw", "c0"}:
            raise ConfigError(f"{folder} holds {', '.join(found)}: say which", hint=hint)
        return folder / found[0]
    for name in ALIASES[compression]:
        if name in found:
            return folder / name
    raise ConfigError(f"{folder} holds {', '.join(found)}, not {compression}", hint=hint)


def _clips(folder: Path, name: re.Pattern[str], example: str) -> list[Clip]:
    """List the clips of a compression: its videos, or the folders of extracted frames where there are none."""
    clips: dict[str, Clip] = {}
    for kind in ("videos", "images"):
        is_folder = kind == "images"
        paths = sorted((folder / kind).iterdir()) if (folder / kind).is_dir() else []
        for path in paths:
            fits = path.is_dir() if is_folder else path.suffix.lower() in VIDEOS
            if path.name.startswith(".") or not fits:
                continue
            video_id = path.name if is_folder else path.stem
            if not name.fullmatch(video_id):
                raise DataError(f"{path} is not named like {example}", hint="move the file elsewhere, or rename it")
            if video_id in clips:
                raise DataError(f"{folder / kind} holds video {video_id} twice", hint=f"remove {path}")
            clips[video_id] = Clip(video_id, path, is_folder)
        if clips:
            return list(clips.values())
    raise DataError(f"{folder} holds no videos and no folders of frames", hint=f"wanted {folder / 'videos' / example}")


@dataclass(frozen=True)
class _Look:
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    usable: bool  # at least one wanted frame can be had, as far as was looked


def _look(clip: Clip, frames: int, rule: str, *, thorough: bool) -> _Look:
    try:
        length = clip.length()
        refs = [clip.frame(index) for index in evenly(length, frames, rule)]
    except ItemError as error:
        return _Look((), (error.reason,), usable=False)
    notes = (f"has {length} frames, fewer than {frames}",) if length < frames else ()
    outcomes = read_frames(refs) if thorough else []
    broken = tuple(outcome.reason for outcome in outcomes if isinstance(outcome, ItemError))
    return _Look(notes, broken, usable=len(broken) < len(refs))
