"""L2CS-Net: a face to its gaze.

Source: Abdelrahman et al. 2022 (arXiv:2203.03339) and Ahmednull/L2CS-Net, l2cs/model.py, whose parameter names are
kept, so that its weights load strictly.
"""

from __future__ import annotations

import torch
from torch import nn

from fsbench.networks.resnet50 import FEATURES, ResNet50Trunk, expected_bin

BINS, DEGREES_PER_BIN, FIRST_DEGREE = 90, 4.0, -180.0


class L2CS(ResNet50Trunk):
    """Crops (N, 3, 448, 448), normalised as for ImageNet, to (N, 2) gaze angles in degrees.

    The order is that of the network's own outputs: the head called yaw, then the one called pitch. The project's
    pipeline reads the first as pitch, so which is which is not certain; a distance over both does not depend on it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fc_yaw_gaze = nn.Linear(FEATURES, BINS)
        self.fc_pitch_gaze = nn.Linear(FEATURES, BINS)
        self.fc_finetune = nn.Linear(FEATURES + 3, 3)  # in the weight files, and used by nobody

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Measure the two angles: the expectation over the bins of each head."""
        found = self.features(pictures)
        heads = (self.fc_yaw_gaze, self.fc_pitch_gaze)
        return torch.stack([expected_bin(head(found)) * DEGREES_PER_BIN + FIRST_DEGREE for head in heads], 1)
