"""How many faces a second does the identity network embed, against face_recognition.face_encodings?

Both embed the same aligned 150 x 150 chips, in turn (A B A B ...), so that a busy machine slows both. The bar holds
for batches of 16, which is what a run sends. A lone face is computed twice, so that its row has the same bits as in a
batch; its rate is printed beside. The peer is the package face_recognition where it can be imported, and otherwise the
call it makes, dlib's own compute_face_descriptor. On a busy machine let --threads be the number of idle processors:
torch's threads wait for each other, dlib has only one.

    python benchmarks/identity.py [--threads N] [--pairs N]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import torch

from fsbench.data.frames import read_rgb
from fsbench.evaluators.detectors import Dlib
from fsbench.evaluators.identity import DlibResNet, face_chip
from fsbench.networks.packages import package_file
from fsbench.types import Image, ImageRef

BAR = 10.0  # times the peer's faces a second


def main() -> int:
    """Time both for batches of 1 and 16 and print the rates; exit code 1 where batches of 16 are under the bar."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch; dlib uses one")
    parser.add_argument("--pairs", type=int, default=7, help="measurements of each")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    chips = real_chips()
    ours, (name, peer) = DlibResNet(), the_peer()
    gap = np.abs(ours.embed_chips(chips) - plain_dlib(chips)).max()
    print(f"torch {torch.__version__}, {options.threads} threads; peer: {name}; largest difference to dlib {gap:.1e}")
    compare(ours, peer, chips, 1, options.pairs)
    return 0 if compare(ours, peer, chips, 16, options.pairs) >= BAR else 1


def compare(ours: DlibResNet, peer: Callable[[Image], object], chips: list[Image], size: int, pairs: int) -> float:
    """Time 16 faces a turn, embedded in batches of `size`; give the median ratio of the pairs."""
    faces = [chips[i % len(chips)] for i in range(16)]
    batches = [faces[start : start + size] for start in range(0, len(faces), size)]
    ours.embed_chips(batches[0])  # builds the network
    peer(faces[0])
    rates, ratios = [], []
    for _ in range(pairs):
        fast = rate(lambda: [ours.embed_chips(batch) for batch in batches], len(faces))
        slow = rate(lambda: [peer(chip) for chip in faces], len(faces))
        rates.append((fast, slow))
        ratios.append(fast / slow)
    fast, slow = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(ratios)
    each = " ".join(f"{value:.1f}" for value in ratios)
    print(f"batch {size:2}: {fast:6.1f} faces/s, peer {slow:5.1f}: {ratio:.1f}x (pairs {each})")
    return ratio


def rate(work: Callable[[], object], count: int) -> float:
    """Give items a second."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def real_chips() -> list[Image]:
    """Cut the chips of the seven faces in photographs that installed packages ship."""
    paths = [
        package_file("skimage", "data", "astronaut.png"),
        package_file("insightface", "data", "images", "t1.jpg"),
    ]
    found = Dlib().detect([ImageRef(path, "") for path in paths])
    return [
        face_chip(read_rgb(path), face.landmarks68)
        for path, faces in zip(paths, found, strict=True)
        for face in faces
        if face.landmarks68 is not None
    ]


def the_peer() -> tuple[str, Callable[[Image], object]]:
    """Find face_recognition, or the call of dlib that it wraps."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its use of pkg_resources
            import face_recognition
    except (ImportError, SystemExit):  # it exits where its models cannot be imported
        return "dlib's compute_face_descriptor (face_recognition is not importable)", plain_dlib_call()
    whole = [(0, 150, 150, 0)]  # top, right, bottom, left
    return f"face_recognition {face_recognition.__version__}", lambda chip: face_recognition.face_encodings(chip, whole)


def plain_dlib_call() -> Callable[[Image], object]:
    """Load dlib's own network."""
    import dlib

    (path,) = DlibResNet().weight_files().values()
    network = dlib.face_recognition_model_v1(str(path))
    return lambda chip: network.compute_face_descriptor(chip)


def plain_dlib(chips: Sequence[Image]) -> np.ndarray:
    """Embed chips with dlib."""
    call = plain_dlib_call()
    return np.array([call(chip) for chip in chips])


if __name__ == "__main__":
    sys.exit(main())
