"""Hopenet: a face to yaw, pitch and roll.

Source: Ruiz et al. 2018 (arXiv:1710.00925) and natanielruiz/deep-head-pose, code/hopenet.py, whose parameter names are
kept, so that its weights load strictly.
"""

from __future__ import annotations

import torch
from torch import nn

from fsbench.networks.resnet50 import FEATURES, ResNet50Trunk, expected_bin

BINS, DEGREES_PER_BIN, FIRST_DEGREE = 66, 3.0, -99.0


class Hopenet(ResNet50Trunk):
    """Crops (N, 3, 224, 224), normalised as for ImageNet, to (N, 3) yaw, pitch and roll in degrees, -99 to 96."""

    def __init__(self) -> None:
        super().__init__()
        self.fc_yaw = nn.Linear(FEATURES, BINS)
        self.fc_pitch = nn.Linear(FEATURES, BINS)
        self.fc_roll = nn.Linear(FEATURES, BINS)
        self.fc_finetune = nn.Linear(FEATURES + 3, 3)  # in the weight files, and used by nobody

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Measure the angles: the expectation over the bins of each head."""
        found = self.features(pictures)
        heads = (self.fc_yaw, self.fc_pitch, self.fc_roll)
        return torch.stack([expected_bin(head(found)) * DEGREES_PER_BIN + FIRST_DEGREE for head in heads], 1)
