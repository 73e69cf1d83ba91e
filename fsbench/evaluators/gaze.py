"""Gaze by L2CS-Net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from fsbench.align import Matrix
from fsbench.evaluators import crops
from fsbench.evaluators.crop_network import IMAGENET_MEAN, IMAGENET_SPREAD, CropNetwork
from fsbench.types import Face

if TYPE_CHECKING:
    import torch

INPUT_SIZE = 448


class L2cs(CropNetwork):
    """Two gaze angles in degrees, in the order of the network's outputs (which is yaw is not certain)."""

    role = "gaze"
    name = "l2cs"
    title = "L2CS-Net"
    version = 1
    dim = 2
    weight = "l2cs-gaze360"
    at_target = True
    crop_size = (224, 224)
    mean: ClassVar[tuple[float, float, float]] = IMAGENET_MEAN
    spread: ClassVar[tuple[float, float, float]] = IMAGENET_SPREAD
    explanation = (
        "L2CS-Net sees the target's box, of the detector, in the target and at the same place in the result, squeezed "
        "to 224 x 224 and then doubled. The gaze error is the L2 distance of its two angles in degrees."
    )

    def matrix(self, face: Face) -> Matrix:
        """Take the box without a margin."""
        return crops.box(face, self.crop_size[0])

    def network(self, tensors: Mapping[str, torch.Tensor]) -> torch.nn.Module:
        """Build L2CS-Net."""
        from fsbench.networks.l2cs import L2CS
        from fsbench.networks.loading import filled

        return filled(L2CS, tensors, name=self.weight)

    def rows(self, network: Any, batch: torch.Tensor) -> torch.Tensor:
        """Double the crops, bilinear, and measure the angles."""
        from torch.nn import functional

        doubled = functional.interpolate(batch, (INPUT_SIZE, INPUT_SIZE), mode="bilinear", align_corners=False)
        found: torch.Tensor = network(doubled)
        return found
