"""The features of FID: pytorch-fid's Inception, pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fsbench import align
from fsbench.align import Matrix
from fsbench.errors import ConfigError, ItemError
from fsbench.evaluators.crop_network import CropNetwork
from fsbench.evaluators.distribution import ALIGNED_SIZE, REGIONS
from fsbench.networks.inception import DIM, INPUT_SIZE
from fsbench.types import Face, Image

if TYPE_CHECKING:
    import torch


class Inception(CropNetwork):
    """The network whose features make a Frechet distance an FID: 2048 numbers of the last pooling.

    The region is "aligned_256", the face moved to the FFHQ template in a 256 x 256 crop, or "frame", the whole
    picture; either is resized to 299 x 299 without rounding to 8 bits.
    """

    role = "distribution"
    name = "inception"
    title = "Inception"
    version = 1
    dim = DIM
    weight = "inception-fid"
    crop_size = (ALIGNED_SIZE, ALIGNED_SIZE)
    mean: ClassVar[tuple[float, float, float]] = (0.0, 0.0, 0.0)
    spread: ClassVar[tuple[float, float, float]] = (255.0, 255.0, 255.0)
    antialias: ClassVar[bool] = True
    batch_size = 32
    explanation = (
        "Inception sees the region resized to 299 x 299, bilinear, antialiased. pytorch-fid does not antialias, which "
        "makes no difference where the picture is enlarged, as an aligned crop of 256 px is."
    )

    def __init__(self, *, device: str = "cpu", precision: str = "float32", region: str = "aligned_256") -> None:
        super().__init__(device=device, precision=precision)
        if region not in REGIONS:
            raise ConfigError(f"'region' is '{region}', wanted one of: {', '.join(REGIONS)}", hint="region=aligned_256")
        self.region = region
        if region != "aligned_256":  # other numbers, so it must not share a name in a cache or a table
            self.name = f"{self.name}+{region}"  # type: ignore[misc]
            self.title = f"{self.title}, whole {region}"  # type: ignore[misc]

    def matrix(self, face: Face) -> Matrix:
        """Place the landmarks on FFHQ's template."""
        try:
            return align.template_matrix(face.landmarks, "ffhq", ALIGNED_SIZE)
        except ValueError as error:
            raise ItemError(f"the face in {face.image.path.name} cannot be aligned: {error}") from None

    def cut(self, face: Face, pixels: Image) -> Image:
        """Cut the region, of whatever size it is."""
        return pixels if self.region == "frame" else super().cut(face, pixels)

    def network(self, tensors: Mapping[str, torch.Tensor]) -> torch.nn.Module:
        """Build the network of the package pytorch_fid."""
        from fsbench.networks.inception import fid_network

        return fid_network(tensors, name=self.weight)

    def rows(self, network: Any, batch: torch.Tensor) -> torch.Tensor:
        """Give the pooled features."""
        from fsbench.networks.inception import pooled

        return pooled(network, batch)

    def _batch(self, group: Sequence[Any]) -> torch.Tensor:
        """Resize each picture by itself, since whole pictures differ in size."""
        import torch
        from torch.nn import functional

        size, resized = (INPUT_SIZE, INPUT_SIZE), []
        for picture in group:
            pixels = torch.from_numpy(np.ascontiguousarray(picture)).to(self.device).permute(2, 0, 1)[None].float()
            options: dict[str, Any] = {"mode": "bilinear", "align_corners": False, "antialias": self.antialias}
            resized.append(functional.interpolate(pixels / 255, size, **options))
        return torch.cat(resized)


class InceptionPlain(Inception):
    """The same with pytorch-fid's own resize, for comparison with numbers that were made with it."""

    name = "inception-plain"
    title = "Inception, resized without antialiasing"
    antialias = False
    explanation = "Inception sees the region resized to 299 x 299, bilinear, not antialiased, as pytorch-fid does it."
