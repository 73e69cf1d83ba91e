"""Head pose by networks of the zoo: Hopenet and 6DRepNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from fsbench.align import Matrix
from fsbench.evaluators import crops
from fsbench.evaluators.crop_network import IMAGENET_MEAN, IMAGENET_SPREAD, CropNetwork
from fsbench.types import Face

if TYPE_CHECKING:
    import torch

HEAD_CROP = (
    "the target's box, of the detector, in the target and at the same place in the result, widened as in Hopenet's "
    "training (18 % of its width to the left, 60 % of its height to the top, then 18 % of what it has become to the "
    "right and to the bottom), its middle square as 224 x 224"
)


class PoseNetwork(CropNetwork):
    """Yaw, pitch and roll in degrees from a crop of the whole head."""

    role = "pose"
    version = 1
    dim = 3
    at_target = True
    crop_size = (224, 224)
    mean: ClassVar[tuple[float, float, float]] = IMAGENET_MEAN
    spread: ClassVar[tuple[float, float, float]] = IMAGENET_SPREAD

    def matrix(self, face: Face) -> Matrix:
        """Widen the box to the head."""
        return crops.head(face, self.crop_size[0])


class Hopenet(PoseNetwork):
    """Hopenet robust_alpha1: three heads of 66 bins, each angle the expectation over its bins."""

    name = "hopenet"
    title = "Hopenet"
    weight = "hopenet-robust-alpha1"
    explanation = f"Hopenet sees {HEAD_CROP}."

    def network(self, tensors: Mapping[str, torch.Tensor]) -> torch.nn.Module:
        """Build Hopenet."""
        from fsbench.networks import hopenet
        from fsbench.networks.loading import filled

        return filled(hopenet.Hopenet, tensors, name=self.weight)


class SixDRepNet(PoseNetwork):
    """6DRepNet: a rotation, split into yaw, pitch and roll, from which it can be put together again."""

    name = "6drepnet"
    title = "6DRepNet"
    weight = "6drepnet-300wlp"
    measures: ClassVar[Mapping[str, slice]] = {"pose_error": slice(0, 3), "pose_geodesic": slice(0, 3)}
    explanation = (
        f"6DRepNet sees {HEAD_CROP}. The rotation error is the angle of the turn that takes the head of the target to "
        "that of the result."
    )

    def network(self, tensors: Mapping[str, torch.Tensor]) -> torch.nn.Module:
        """Build the network of the package sixdrepnet."""
        from fsbench.networks.sixdrepnet import rotation_network

        return rotation_network(tensors, name=self.weight)

    def rows(self, network: Any, batch: torch.Tensor) -> torch.Tensor:
        """Turn crops into yaw, pitch and roll (N, 3)."""
        from fsbench.networks.sixdrepnet import degrees

        return degrees(network(batch))
