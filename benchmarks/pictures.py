"""Time how results are written and read again, against Pillow at the same level of compression.

    python benchmarks/pictures.py --data FOLDER --pictures 40 --repeats 5

Pictures are those below FOLDER or, where none is given, frames of the mini set. Ratios are Pillow's time over ours,
each the best of the repeats, so higher is better for fsbench; that of sizes is ours over Pillow's, so lower is better.
Both sides are read by `read_rgb`.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import PIL.Image

from fsbench.data.frames import PICTURES, decode_frames, png_bytes, read_rgb
from fsbench.engine.cache import default_folder
from fsbench.errors import ItemError
from fsbench.mini import ready
from fsbench.types import Image


def pillow_bytes(image: Image) -> bytes:
    """Encode as Pillow does, with the best filter for each row."""
    buffer = io.BytesIO()
    PIL.Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def pictures(folder: Path | None) -> Iterator[Image]:
    """Give the pictures of a folder, or every fourth frame of the mini set's videos."""
    if folder is not None:
        yield from (read_rgb(path) for path in sorted(folder.rglob("*")) if path.suffix.lower() in PICTURES)
        return
    for video in sorted((ready(default_folder()) / "original_sequences").rglob("*.mp4")):
        for frame in decode_frames(video, range(0, 40, 4)):
            if not isinstance(frame, ItemError):
                yield frame


def best(work: Callable[[], object], repeats: int) -> float:
    """Time the work, the best of several."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def main() -> None:
    """Print the three ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    images = list(islice(pictures(options.data), options.pictures))
    with tempfile.TemporaryDirectory() as folder:
        seconds, bytes_ = {}, {}
        for name, encode in (("Pillow", pillow_bytes), ("fsbench", png_bytes)):
            files = [Path(folder, f"{name}-{number}.png") for number in range(len(images))]
            for image, file in zip(images, files, strict=True):
                file.write_bytes(encode(image))
                if not np.array_equal(read_rgb(file), image):
                    raise ValueError(f"{name} gave other pixels back")
            bytes_[name] = sum(file.stat().st_size for file in files)
            seconds[name] = (
                best(lambda encode=encode: [encode(image) for image in images], options.repeats),
                best(lambda files=files: [read_rgb(file) for file in files], options.repeats),
            )
    for place, what in enumerate(("written", "read")):
        theirs, ours = (1e3 * seconds[name][place] / len(images) for name in ("Pillow", "fsbench"))
        print(f"{what}: {theirs / ours:.1f} times as fast ({theirs:.1f} ms and {ours:.1f} ms a picture)")
    print(f"size: {bytes_['fsbench'] / bytes_['Pillow']:.2f} of Pillow's, {bytes_['fsbench'] / len(images):,.0f} bytes")


if __name__ == "__main__":
    main()
