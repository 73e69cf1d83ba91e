"""The mini data set: seven people in the layouts of FaceForensics++ and LFW, made from pictures in installed packages.

It proves an installation and serves the tests. Numbers measured on it say nothing about a swapper.
"""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fsbench.data.frames import count_frames, decode_frames
from fsbench.data.people import PEOPLE, SHAPES, read_photograph
from fsbench.data.puppet import Person, motion, render, still
from fsbench.errors import DataError, ItemError
from fsbench.types import Image

VERSION = 1  # rises when the pixels or the layout change
MARKER = "mini.json"
METHOD = "FaceSwap"
CLIP_FRAMES, CLIP_SIZE, FPS = 40, 360, 25
PICTURES_EACH, PICTURE_SIZE, FOLDS, PAIRS_A_FOLD = 4, 250, 2, 12
FILMED = PEOPLE[:6]  # the seventh looks away too far to be a good target
PAIRS = (("000", "001"), ("002", "003"), ("004", "005"))


def location(cache: Path) -> Path:
    """Tell where the mini data set lies in a cache folder."""
    return cache / "data" / f"mini-{VERSION}"


def is_mini(root: Path) -> bool:
    """Tell whether a data folder is the mini set, wherever it lies and whatever it is called."""
    return any((folder / MARKER).is_file() for folder in (root, root.parent))


def build(root: Path, swap: Callable[[Image, Image], Image] | None = None) -> Path:
    """Make the mini data set at `root` unless it is there already, whole and of this version.

    Equal code and packages give equal pixels. A reader sees all of it or none; several processes may call at once.

    Args:
        root: the folder to make. FF++ is opened at `root`, LFW at `root` too (its folder there is `lfw`).
        swap: gives (source frame, target frame) -> the target frame with the source's face, for the videos of
            `manipulated_sequences`; where it raises an ItemError the target frame stays as it is, as in FF++.
            None: there are no manipulated videos, and a later call may add them.

    Raises:
        DataError: `root` holds something else, or cannot be written.
        DependencyError: a package lacks the photograph that this one is made from.
    """
    from filelock import FileLock

    if _is_whole(root) and (swap is None or (root / "manipulated_sequences").is_dir()):
        return root  # without the lock, so that a cache that cannot be written is enough
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(root.with_name(f".{root.name}.lock")):
            if not _is_whole(root):
                _refuse_foreign(root)
                _replace(root, _write_originals)
            if swap is not None and not (root / "manipulated_sequences").is_dir():
                _replace(root / "manipulated_sequences", lambda folder: _write_manipulated(folder, root, swap))
    except OSError as error:
        raise DataError(f"the mini data set cannot be written to {root}: {error}", hint="--data FOLDER") from None
    return root


def _is_whole(root: Path) -> bool:
    try:
        marker = json.loads((root / MARKER).read_text(encoding="utf-8"))
        return bool(marker["version"] == VERSION) and all(
            (root / name).stat().st_size == size for name, size in marker["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _refuse_foreign(root: Path) -> None:
    ours = {MARKER, "original_sequences", "manipulated_sequences", "splits", "lfw"}
    if root.exists() and not root.is_dir():
        raise DataError(f"{root} is a file; wanted a folder for the mini data set", hint="--data FOLDER")
    foreign = sorted(path.name for path in root.iterdir() if path.name not in ours) if root.exists() else []
    if foreign:
        raise DataError(f"{root} holds '{foreign[0]}', which is not of the mini data set", hint="name an empty folder")


def _replace(folder: Path, write: Callable[[Path], None]) -> None:
    """Write a folder beside its place, then move it there; what was there before goes away."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.", ignore_cleanup_errors=True) as space:
        fresh, old = Path(space) / "new", Path(space) / "old"
        fresh.mkdir()
        write(fresh)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)


def _write_originals(root: Path) -> None:
    photographs = {name: read_photograph(name) for name in SHAPES}
    videos = root / "original_sequences" / "youtube" / "c23" / "videos"
    videos.mkdir(parents=True)
    for number, person in enumerate(FILMED):
        poses = motion(CLIP_FRAMES, np.random.default_rng([VERSION, number]))
        frames = [render(photographs[person.photograph], person, pose, size=CLIP_SIZE) for pose in poses]
        _write_video(videos / f"{number:03d}.mp4", frames)
    (root / "splits").mkdir()
    (root / "splits" / "test.json").write_text(json.dumps(PAIRS, indent=2), encoding="utf-8")
    for number, person in enumerate(PEOPLE):
        _write_portraits(
            root / "lfw" / "lfw" / person.name, person, photographs[person.photograph], seed=[VERSION, 100, number]
        )
    (root / "lfw" / "pairs.txt").write_text(_pairs_text(np.random.default_rng([VERSION, 200])), encoding="utf-8")
    files = {path.relative_to(root).as_posix(): path.stat().st_size for path in root.rglob("*") if path.is_file()}
    marker = {"version": VERSION, "files": dict(sorted(files.items()))}
    (root / MARKER).write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")


def _write_video(path: Path, frames: Sequence[Image]) -> None:
    import av

    with av.open(str(path), "w") as container:
        # one thread, no processor-specific code and no macroblock tree: each would let the pixels differ between runs
        exact = "cpu-independent=1:mbtree=0"
        options = {"crf": "23", "preset": "veryfast", "threads": "1", "x264-params": exact}
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def _write_manipulated(folder: Path, root: Path, swap: Callable[[Image, Image], Image]) -> None:
    videos = folder / METHOD / "c23" / "videos"
    videos.mkdir(parents=True)
    clips = {name: _decode(root / f"original_sequences/youtube/c23/videos/{name}.mp4") for name in sum(PAIRS, ())}
    for first, second in PAIRS:
        for target, source in ((first, second), (second, first)):
            frames = [_swapped(swap, s, t) for s, t in zip(clips[source], clips[target], strict=True)]
            _write_video(videos / f"{target}_{source}.mp4", frames)


def _decode(path: Path) -> list[Image]:
    frames = decode_frames(path, range(count_frames(path)))
    broken = [frame for frame in frames if isinstance(frame, ItemError)]
    if broken:
        raise DataError(f"the mini data set is damaged: {broken[0]}", hint=f"remove {path.parents[4]}")
    return [frame for frame in frames if not isinstance(frame, ItemError)]


def _swapped(swap: Callable[[Image, Image], Image], source: Image, target: Image) -> Image:
    try:
        return swap(source, target)
    except ItemError:
        return target


def _write_portraits(folder: Path, person: Person, photograph: Image, *, seed: list[int]) -> None:
    import PIL.Image

    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for number in range(1, PICTURES_EACH + 1):
        picture = _relit(render(photograph, person, still(rng), size=PICTURE_SIZE), rng)
        PIL.Image.fromarray(picture).save(folder / f"{person.name}_{number:04d}.jpg", quality=92)


def _relit(picture: Image, rng: np.random.Generator) -> Image:
    """Change the exposure, the warmth, and the side the light comes from."""
    across: NDArray[np.float64] = np.linspace(-1, 1, picture.shape[1])[None, :, None]
    light = rng.uniform(0.8, 1.1) * (1 + rng.uniform(-0.25, 0.25) * across)
    warmth = 1 + rng.uniform(-0.06, 0.06) * np.array([1, 0, -1])
    lit = 255 * np.clip(picture / 255 * light * warmth, 0, 1) ** rng.uniform(0.85, 1.2)
    return np.rint(lit).astype(np.uint8)


def _pairs_text(rng: np.random.Generator) -> str:
    """List pairs in LFW's format; every two people meet, in either order."""
    alike = [f"{p.name}\t{i}\t{j}" for p in PEOPLE for i, j in itertools.combinations(range(1, PICTURES_EACH + 1), 2)]
    meetings = [rng.permutation(pair) for pair in itertools.combinations(range(len(PEOPLE)), 2)]
    numbers = rng.integers(1, PICTURES_EACH + 1, (2 * len(meetings), 2))
    different = [
        f"{PEOPLE[a].name}\t{i}\t{PEOPLE[b].name}\t{j}"
        for (a, b), (i, j) in zip([*meetings, *(pair[::-1] for pair in meetings)], numbers, strict=True)
    ]
    alike = [alike[i] for i in rng.permutation(len(alike))]
    lines = [f"{FOLDS}\t{PAIRS_A_FOLD}"]
    for start in range(0, FOLDS * PAIRS_A_FOLD, PAIRS_A_FOLD):
        lines += alike[start : start + PAIRS_A_FOLD] + different[start : start + PAIRS_A_FOLD]
    return "\n".join(lines) + "\n"
