"""A network that computes in half precision between float32 inputs and outputs."""

from __future__ import annotations

import copy

import torch


class HalfInside(torch.nn.Module):
    """A copy of a module in float16; what it is called with and gives stays float32."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = copy.deepcopy(module).half()

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Run."""
        found: torch.Tensor = self.module(*(each.half() for each in inputs))
        return found.float()
