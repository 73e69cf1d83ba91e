from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

SIZE, CELL = 96, 16
EXACT = {"threads": "1", "x264-params": "keyint=12:cpu-independent=1:mbtree=0"}  # equal bytes in every run


def painted(index: int) -> np.ndarray:
    """A picture whose left half shows `index` as six bits, one a stripe, and whose right half differs each time."""
    picture = np.full((SIZE, SIZE, 3), 30, np.uint8)
    for bit in range(6):
        picture[CELL * bit : CELL * (bit + 1), : SIZE // 2] = 230 if index >> bit & 1 else 30
    noise = np.random.default_rng(index).integers(0, 255, (12, 6, 3), np.uint8)
    picture[:, SIZE // 2 :] = noise.repeat(8, 0).repeat(8, 1)
    return picture


@pytest.fixture
def index_of() -> Callable[[np.ndarray], int]:
    def read(picture: np.ndarray) -> int:
        stripes = [picture[CELL * bit + 4 : CELL * bit + 12, 8:40].mean() for bit in range(6)]
        return sum((stripe > 128) << bit for bit, stripe in enumerate(stripes))

    return read


@pytest.fixture
def make_video() -> Callable[..., Path]:
    """Writes an H.264 file whose frames show their own index; B-frames and a key frame every 12."""

    def make(path: Path, frames: Sequence[int], **container: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w", options=container) as file:
            stream = file.add_stream("libx264", rate=25, options=EXACT)
            stream.width = stream.height = SIZE
            stream.pix_fmt = "yuv420p"
            for index in frames:
                file.mux(stream.encode(av.VideoFrame.from_ndarray(painted(index), format="rgb24")))
            file.mux(stream.encode())
        return path

    return make
