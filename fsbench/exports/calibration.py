"""Inputs from real pictures, for int8: faces are found, aligned as the network wants them, and paired in a ring."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fsbench import align, catalog
from fsbench.adapters.mobilefsgan import TEMPLATE
from fsbench.data.frames import PICTURES, pixel_sha256, read_rgb
from fsbench.errors import DataError, ItemError
from fsbench.exports.network import FACE_SIDE, Arrays, Network
from fsbench.types import Face, Image, ImageRef

if TYPE_CHECKING:
    from fsbench.training.embedder import Embedder

COUNT = 32  # pictures; more moved the ranges of activations by little
LEAST = 8
DETECTOR = "dlib"


@dataclass(frozen=True, eq=False)
class Calibration:
    """Samples, and what they are, for the manifest."""

    samples: list[Arrays]
    facts: dict[str, str]


def calibration(folder: Path, network: Network, embedder: Embedder | None) -> Calibration:
    """Make samples of the pictures below a folder, at most COUNT, evenly spaced in the order of their names.

    Args:
        folder: of a data set, such as LFW.
        network: the generator takes a picture and the embedding of the one before; the face net takes pictures.
        embedder: the face net, for the generator.

    Raises:
        DataError: there is no such folder, or fewer than LEAST of its pictures show a face.
        DependencyError: the detector's packages are not here.
    """
    if not folder.is_dir():
        raise DataError(f"--calibrate {folder}: there is no such folder", hint="--calibrate DIR with pictures of faces")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)
    chosen = paths[:: max(1, len(paths) // (2 * COUNT))]  # twice as many as wanted: some show no face
    tried, crops = 0, []
    side = network.inputs[0].shape[-1]
    for face in _faces(chosen):
        tried += 1
        if face is not None:
            crops.append((_crop(face, side), _crop(face, FACE_SIDE)))
        if len(crops) == COUNT:
            break
    if len(crops) < LEAST:
        what = f"{len(crops)} of {tried} pictures show a face that can be aligned, wanted {LEAST}"
        raise DataError(f"--calibrate {folder}: {what}", hint="a folder of pictures of faces; videos are not read")
    if embedder is None:
        samples: list[Arrays] = [(_scaled(source),) for _, source in crops]
    else:
        rows = [_embedded(embedder, source) for _, source in crops]
        samples = [(_scaled(target), rows[place - 1]) for place, (target, _) in enumerate(crops)]
    digest = hashlib.sha256("".join(pixel_sha256(target) for target, _ in crops).encode()).hexdigest()
    facts = {"folder": folder.resolve().name, "pictures": f"{len(crops)}; {tried - len(crops)} of {tried} left out"}
    return Calibration(samples, {**facts, "sha256 of their crops": digest, "detector": DETECTOR})


def _faces(paths: list[Path]) -> Iterator[Face | None]:
    """Find the largest face of each picture; None where there is none."""
    detector = catalog.load(catalog.EVALUATORS[DETECTOR].target)()
    for path in paths:
        try:
            found = detector.detect([ImageRef(path, pixel_sha256(read_rgb(path)))])[0]
            if found:
                align.template_matrix(found[0].landmarks, TEMPLATE, FACE_SIDE)
            yield found[0] if found else None
        except (ItemError, ValueError):
            yield None


def _crop(face: Face, side: int) -> Image:
    matrix = align.template_matrix(face.landmarks, TEMPLATE, side)
    return align.crop(read_rgb(face.image.path), matrix, (side, side), border="edge")


def _scaled(picture: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """(S, S, 3) uint8 to (1, 3, S, S) in [-1, 1]."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1)


def _embedded(embedder: Embedder, picture: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    import torch

    with torch.inference_mode():
        return np.asarray(embedder(torch.from_numpy(_scaled(picture))).numpy(), np.float32)
