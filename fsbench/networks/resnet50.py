"""The trunk that Hopenet, Deep3DFaceRecon and L2CS share: torchvision's ResNet-50 without its classifier.

All three took torchvision's network (stride on the 3 x 3 convolution) and its parameter names, and put heads of their
own behind it.
"""

from __future__ import annotations

import torch
from torchvision.models.resnet import Bottleneck, ResNet

FEATURES = 2048


class ResNet50Trunk(ResNet):  # type: ignore[misc]  # torchvision has no types
    """Pictures (N, 3, H, W) to pooled features (N, 2048)."""

    def __init__(self) -> None:
        super().__init__(Bottleneck, [3, 4, 6, 3])
        del self.fc

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """Give what the classifier would see."""
        found = self.maxpool(self.relu(self.bn1(self.conv1(pictures))))
        found = self.layer4(self.layer3(self.layer2(self.layer1(found))))
        pooled: torch.Tensor = self.avgpool(found).flatten(1)
        return pooled

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Give the pooled features."""
        return self.features(pictures)


def expected_bin(logits: torch.Tensor) -> torch.Tensor:
    """Turn the logits of bins (N, B) into the expectation of the bin's number (N,), 0 to B - 1."""
    numbers = torch.arange(logits.shape[1], dtype=torch.float32, device=logits.device)
    return (logits.float().softmax(1) * numbers).sum(1)
