"""Moving both networks by one step: passes, gradients over all processes, and the look for what is not finite."""

from __future__ import annotations

import io
from contextlib import ExitStack
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import nn

from fsbench.data.frames import write_atomically
from fsbench.errors import TrainingStopped
from fsbench.training.assembly import Assembly
from fsbench.training.step import Batch, Parts


class Update:
    """One step of the optimisers from one or several batches."""

    def __init__(self, assembly: Assembly, fabric: Fabric, folder: Path) -> None:
        self.assembly, self.fabric, self.folder = assembly, fabric, folder

    def __call__(self, batches: list[Batch], number: int) -> Parts:
        """Find both gradients over all batches, look whether they are finite, then move both networks.

        The discriminator's gradient does not depend on where the generator moves to, so a bad batch is found before
        either has moved. Batch norms see one batch at a time.

        Returns:
            Each loss, averaged over the batches of this process.

        Raises:
            TrainingStopped: a loss or a gradient is not finite; step `number`'s batches are in the folder.
        """
        assembly = self.assembly
        assembly.generator_optimiser.zero_grad()
        assembly.discriminator_optimiser.zero_grad()
        share = self._truth_share(batches)
        found: list[Parts] = []
        made = []
        for index, batch in enumerate(batches):
            with self._passing(assembly.generator, is_last=index == len(batches) - 1):
                with self.fabric.autocast():
                    pictures, wanted = assembly.step.generate(batch, assembly.generator)
                    loss = assembly.step.generator_loss(batch, pictures, wanted, share)
                self.fabric.backward(loss.total / len(batches))
            made.append(tuple(picture.detach() for picture in pictures))
            found.append({"generator": loss.total.detach(), **loss.parts})
        for index, (batch, pictures) in enumerate(zip(batches, made, strict=True)):
            with self._passing(assembly.discriminator, is_last=index == len(batches) - 1):
                with self.fabric.autocast():
                    loss = assembly.step.discriminator_loss(batch, pictures, assembly.discriminator)
                self.fabric.backward(loss.total / len(batches))
            found[index] |= {"discriminator": loss.total.detach(), **loss.parts}
        values = {name: torch.stack([one[name] for one in found]).mean() for name in found[0]}
        self._stop_if_broken(batches, values, number)
        assembly.generator_optimiser.step()
        assembly.discriminator_optimiser.step()
        return values

    def _truth_share(self, batches: list[Batch]) -> torch.Tensor:
        """Count the samples with a ground truth over all batches and processes, as an average of one batch."""
        count = torch.stack([batch.has_truth.sum() for batch in batches]).sum().float()
        return self._summed(count).clamp(min=1) / (len(batches) * self.fabric.world_size)

    def _summed(self, value: torch.Tensor) -> torch.Tensor:
        if self.fabric.world_size == 1:
            return value
        total = self.fabric.all_reduce(value.clone(), reduce_op="sum")
        return torch.as_tensor(total)

    def _passing(self, network: nn.Module, *, is_last: bool) -> ExitStack:
        """Let the processes exchange gradients in the last pass alone."""
        stack = ExitStack()
        if self.fabric.world_size > 1:
            stack.enter_context(self.fabric.no_backward_sync(network, enabled=not is_last))  # type: ignore[arg-type]
        return stack

    def _stop_if_broken(self, batches: list[Batch], values: Parts, number: int) -> None:
        checked = [values["generator"], values["discriminator"]]
        if not self.fabric.strategy.precision.state_dict():  # under fp16 the scaler deals with gradients that overflow
            for network in (self.assembly.step.generator, self.assembly.step.discriminator):
                gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
                checked.append(torch.nn.utils.get_total_norm(gradients))
        broken = (~torch.stack([value.float() for value in checked]).isfinite()).sum().float()
        if not self._summed(broken).item():
            return
        path = self.folder / f"not-finite-step-{number:08d}-process-{self.fabric.global_rank}.pt"
        buffer = io.BytesIO()
        losses = {name: value.cpu() for name, value in values.items()}
        torch.save({"batches": [tuple(field.cpu() for field in batch) for batch in batches], "losses": losses}, buffer)
        write_atomically(path, buffer.getvalue())
        names = [name for name, value in values.items() if not value.isfinite()] or ["a gradient"]
        raise TrainingStopped(
            f"step {number}: {', '.join(names)} is not finite; the batch is in {path}",
            hint="lower the learning rates, or take precision 32-true; --resume goes on from the last checkpoint",
        )
