"""Expression, shape and light by Deep3DFaceRecon's coefficients of a 3D face model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from fsbench.align import Matrix
from fsbench.evaluators import crops
from fsbench.evaluators.crop_network import CropNetwork
from fsbench.types import Face

if TYPE_CHECKING:
    import torch


class Deep3D(CropNetwork):
    """64 numbers of expression, then 80 of shape and 27 of light (spherical harmonics, 9 a colour)."""

    role = "expression"
    name = "deep3d"
    title = "Deep3DFaceRecon"
    version = 1
    dim = 64 + 80 + 27
    weight = "deep3d-epoch20"
    measures: ClassVar[Mapping[str, slice]] = {
        "expression_error": slice(0, 64),
        "shape_error": slice(64, 144),
        "light_error": slice(144, 171),
    }
    crop_size = crops.RECON_SIZE
    mean: ClassVar[tuple[float, float, float]] = (0.0, 0.0, 0.0)
    spread: ClassVar[tuple[float, float, float]] = (255.0, 255.0, 255.0)
    explanation = (
        "Deep3DFaceRecon sees the picture scaled and shifted, not turned, so that its mean face fits the five "
        "landmarks of target and result each, 224 x 224, bilinear, averaged first where it shrinks by half. "
        "Expression is coefficients 80 to 143; the shape error is the distance of coefficients 0 to 79 between source "
        "and result, the light error that of 227 to 253 between target and result."
    )

    def matrix(self, face: Face) -> Matrix:
        """Fit the mean face to the landmarks."""
        return crops.recon(face)

    def network(self, tensors: Mapping[str, torch.Tensor]) -> torch.nn.Module:
        """Build the network."""
        from fsbench.networks.face_recon import FaceRecon
        from fsbench.networks.loading import filled

        return filled(FaceRecon, tensors, name=self.weight)

    def rows(self, network: Any, batch: torch.Tensor) -> torch.Tensor:
        """Take expression, shape and light out of the coefficients."""
        import torch

        from fsbench.networks.face_recon import part

        found = network(batch)
        return torch.cat([part(found, name) for name in ("expression", "identity", "light")], 1)
