"""ArcFace R50 trained on WebFace600K, as InsightFace's ONNX file, through the package insightface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsbench import align
from fsbench.data.frames import read_rgb
from fsbench.errors import DependencyError
from fsbench.evaluators import crops
from fsbench.evaluators.identity_networks import ARCFACE_CROP, EMBEDDING
from fsbench.evaluators.loader import groups_ahead
from fsbench.evaluators.onnx_session import open_session
from fsbench.interfaces import Evaluator
from fsbench.networks.packages import load_package
from fsbench.types import Face, Image

GROUP = 8


class ArcFaceW600k(Evaluator):
    """512 numbers a face, not normalised; with `flip`, those of the mirrored crop behind them: 1024."""

    role = "identity"
    name = "arcface-w600k-r50"
    title = "ArcFace R50"
    version = 1
    dim = EMBEDDING
    family = "arcface"
    weight = "arcface-w600k-r50"
    batch_size = 64
    explanation = f"{title} (w600k) sees {ARCFACE_CROP}."

    def __init__(self, *, device: str = "cpu", flip: bool = False) -> None:
        self.device = device
        self.flip = flip
        if flip:  # other numbers, so it must not share a name in a cache or a table
            self.dim = 2 * EMBEDDING  # type: ignore[misc]
            self.name = f"{self.name}+flip"  # type: ignore[misc]
            self.title = f"{self.title} with mirror"  # type: ignore[misc]

    def weight_files(self) -> Mapping[str, Path]:
        """Name the ONNX file, which must be in the zoo's folder.

        Raises:
            DependencyError: it is not there.
        """
        from fsbench.zoo.store import require

        path = require(self.weight)
        return {path.name: path}

    def extract(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        """Embed faces as (N, 512) rows, or (N, 1024) with `flip`.

        Raises:
            ItemError: a picture cannot be read, or the landmarks of a face coincide.
        """
        parts = [np.zeros((0, self.dim), np.float32)]
        parts += [self._measure(group) for group in groups_ahead(faces, self._prepare, size=GROUP)]
        return np.concatenate(parts)

    def measure_crops(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        """Embed (112, 112, 3) RGB crops that are aligned already."""
        groups = [pictures[start : start + GROUP] for start in range(0, len(pictures), GROUP)]
        return np.concatenate([np.zeros((0, self.dim), np.float32), *(self._measure(group) for group in groups)])

    def _prepare(self, face: Face) -> Image:
        return align.crop(read_rgb(face.image.path), crops.arcface(face), crops.ARCFACE_SIZE)

    def _measure(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        rows = self._embed(pictures)
        return np.concatenate([rows, self._embed([one[:, ::-1] for one in pictures])], 1) if self.flip else rows

    def _embed(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        """Let insightface embed each crop by itself: a batch would be no faster here, and its rows not the same bits.

        The package takes B, G, R and turns it round.
        """
        found = [self._network.get_feat(np.ascontiguousarray(one[..., ::-1])) for one in pictures]
        return np.concatenate(found).astype(np.float32)

    @cached_property
    def _network(self) -> Any:
        (path,) = self.weight_files().values()
        package = load_package("insightface.model_zoo.arcface_onnx", hint="pip install insightface")
        network = package.ArcFaceONNX(model_file=str(path), session=open_session(path, self.device))
        if tuple(network.input_size) != crops.ARCFACE_SIZE or network.output_shape[-1] != EMBEDDING:
            found = f"takes {network.input_size} and gives {network.output_shape}"
            raise DependencyError(f"{path.name} is no ArcFace R50: it {found}", hint="fsbench zoo verify")
        return network
