"""Deep3DFaceRecon's network: an aligned face to the coefficients of a 3D face model.

Source: Deng et al. 2019 (arXiv:1903.08527) and sicxu/Deep3DFaceRecon_pytorch, models/networks.py (ReconNetWrapper with
resnet50 and use_last_fc=False), whose parameter names are kept, so that its weights load strictly.
"""

from __future__ import annotations

import torch
from torch import nn

from fsbench.networks.resnet50 import FEATURES, ResNet50Trunk

# What each head gives, in order: models/bfm.py, split_coeff. The last two together are the translation.
HEADS = {"identity": 80, "expression": 64, "texture": 80, "angle": 3, "light": 27, "shift": 2, "depth": 1}
COEFFICIENTS = sum(HEADS.values())


class FaceRecon(nn.Module):
    """Crops (N, 3, 224, 224), RGB in 0..1, to (N, 257) coefficients in the order of HEADS."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet50Trunk()
        self.final_layers = nn.ModuleList(nn.Conv2d(FEATURES, size, 1) for size in HEADS.values())

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Measure the coefficients."""
        found = self.backbone(pictures)[:, :, None, None]
        return torch.cat([head(found) for head in self.final_layers], 1).flatten(1)


def part(rows: torch.Tensor, name: str) -> torch.Tensor:
    """Take the coefficients (N, n) of one head out of rows (N, 257)."""
    names = list(HEADS)
    start = sum(HEADS[before] for before in names[: names.index(name)])
    return rows[:, start : start + HEADS[name]]
