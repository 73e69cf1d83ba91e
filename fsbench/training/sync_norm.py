"""Batch norm whose statistics go over the samples of all processes, also on a CPU, where torch's own does not."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
import torch.distributed
from torch import nn


class _Total(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of all processes' gradients."""

    @staticmethod
    def forward(context: Any, value: torch.Tensor) -> torch.Tensor:
        total = value.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        total = gradients[0].contiguous().clone()
        torch.distributed.all_reduce(total)
        return total


class SyncedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm2d over all processes; the same parameters and buffers, so state dicts are exchangeable."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to the same shape."""
        if not self.training:
            return super().forward(inputs)
        size = inputs.new_tensor([inputs.numel() / inputs.shape[1]])
        sums: torch.Tensor = _Total.apply(torch.cat([inputs.sum((0, 2, 3)), size]))
        count = sums[-1].detach()
        mean = sums[:-1] / count
        centred = inputs - mean[:, None, None]
        variance: torch.Tensor = _Total.apply(centred.square().sum((0, 2, 3))) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1))
        found = centred * torch.rsqrt(variance + self.eps)[:, None, None]
        return torch.addcmul(self.bias[:, None, None], found, self.weight[:, None, None]) if self.affine else found

    def _remember(self, mean: torch.Tensor, variance: torch.Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum or 0.1)
        self.running_var.lerp_(variance, self.momentum or 0.1)


Network = TypeVar("Network", bound=nn.Module)


def synced(network: Network, device: torch.device) -> Network:
    """Replace each batch norm by one over all processes: torch's own where it runs, ours on a CPU."""
    if device.type != "cpu":
        converted: Network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return converted
    for name, part in list(network.named_children()):
        if isinstance(part, nn.BatchNorm2d):
            norm = SyncedBatchNorm2d(part.num_features, part.eps, part.momentum, part.affine)
            norm.load_state_dict(part.state_dict())
            network.add_module(name, norm)
        else:
            synced(part, device)
    return network
