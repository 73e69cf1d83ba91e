"""The training loop, on Lightning Fabric: one process or many, resumable to the same weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric

from fsbench.training import checkpoint
from fsbench.training.allocator import keep_freed_memory
from fsbench.training.assembly import assemble, inference_content, restore, training_content
from fsbench.training.draws import Draws, Triplets, batches, held_out_batches
from fsbench.training.journal import LOSSES, MEASURED, VALIDATION, Journal
from fsbench.training.settings import TrainingSettings
from fsbench.training.step import Batch, Parts, resized
from fsbench.training.update import Update
from fsbench.training.validation import mean_embedding, validate

GENERATOR_FILE = "generator.pt"
CENTRE_DRAWS = 256  # sources whose mean embedding is taken away
SHOWN = 8  # triplets on a sheet of pictures

Numbers = Mapping[str, float]
Measured = Mapping[str, float | None]  # None: the bench could not tell


@dataclass(frozen=True)
class Surroundings:
    """What a training is given from outside: data, weights, and where to report to."""

    triplets: Triplets
    held_out: Triplets | None
    weights: Callable[[str], Path]  # name in the weight zoo -> file
    progress: Callable[[int, Numbers], None] = lambda samples, losses: None
    notify: Callable[[str], None] = lambda text: None
    measure: Callable[[Path, int], Measured] | None = None  # a generator's file and step -> the bench's numbers


class Trainer:
    """One training, from the settings to a finished generator."""

    def __init__(self, settings: TrainingSettings, fabric: Fabric, around: Surroundings) -> None:
        """Build all networks; reads weight files, and no picture."""
        self.settings, self.fabric, self.around = settings, fabric, around
        self.folder, self.number = Path(settings.out), 0
        self.assembly = assemble(settings, fabric, around.weights)
        self.update = Update(self.assembly, fabric, self.folder)
        self.journal: Journal | None = None
        self.samples = settings.optimiser.batch_size * settings.optimiser.accumulate * fabric.world_size

    def run(self, *, resume: Path | None = None) -> Path:
        """Train to the end; give the file of the finished generator.

        Raises:
            ConfigError: the checkpoint was made under other settings.
            TrainingStopped: a loss or a gradient is not finite; the batch that caused it is in the folder.
        """
        self._begin(resume)
        with ExitStack() as stack:
            if self.fabric.is_global_zero:
                self.folder.mkdir(parents=True, exist_ok=True)
                self.journal = Journal(self.folder, step=self.number, tensorboard=self.settings.record.tensorboard)
                stack.callback(self.journal.close)
            self._loop()
        return self.folder / GENERATOR_FILE

    def _begin(self, resume: Path | None) -> None:
        if resume is not None:
            self.number = restore(checkpoint.read(resume), self.assembly, self.settings, self.fabric)
            self.around.notify(f"going on from step {self.number}, {resume}")
            self.around.progress(self.number * self.samples, {})
        elif self.settings.loss.centred:
            embedder = self.assembly.step.embedder
            centre = embedder.centre
            if self.fabric.is_global_zero:  # the others would find the same
                centre = mean_embedding(embedder, self.around.triplets, CENTRE_DRAWS, self.fabric.device)
            embedder.centre.copy_(self.fabric.broadcast(centre.cpu()))

    def _loop(self) -> None:
        stream, start, done = self._stream(), time.monotonic(), 0
        while self.number < self.settings.steps:
            passes = [self._moved(next(stream)) for _ in range(self.settings.optimiser.accumulate)]
            values = self.update(passes, self.number + 1)
            self.number, done = self.number + 1, done + self.samples
            shown = {}
            if self._is_due(self.settings.record.log):
                shown = self._averaged(values)
                self._note(LOSSES, {**shown, "images_per_second": done / (time.monotonic() - start)})
                start, done = time.monotonic(), 0
            self.around.progress(self.samples, shown)
            paused = time.monotonic()
            self._look()
            start += time.monotonic() - paused  # what looking takes is not training's pace

    def _stream(self) -> Iterator[Batch]:
        options, fabric = self.settings.optimiser, self.fabric
        first = self.number * options.accumulate
        draws = Draws(batch_size=options.batch_size, first_pass=first, rank=fabric.global_rank, world=fabric.world_size)
        pin = fabric.device.type == "cuda"
        return batches(self.around.triplets, draws, workers=self.settings.data.workers, pin=pin)

    def _moved(self, batch: Batch) -> Batch:
        moved = [field.to(self.fabric.device, non_blocking=True) for field in batch]
        if self.settings.hardware.channels_last:
            moved = [f.to(memory_format=torch.channels_last) if f.ndim == 4 else f for f in moved]
        return Batch(*moved)

    def _averaged(self, values: Parts) -> dict[str, float]:
        """Average over the processes."""
        stacked = torch.as_tensor(self.fabric.all_reduce(torch.stack(list(values.values())), reduce_op="mean"))
        return dict(zip(values, stacked.tolist(), strict=True))

    def _is_due(self, every: int) -> bool:
        return self.number % every == 0 or self.number == self.settings.steps

    def _look(self) -> None:
        """Validate, draw, save and measure where it is time; the other processes wait for the first."""
        record, measure = self.settings.record, self.settings.measure
        due = {
            self._validate: self._is_due(record.validate_) and self.around.held_out is not None,
            self._show: self._is_due(record.pictures),
            self._save: self._is_due(record.checkpoint),
            self._measure: measure.every > 0 and self._is_due(measure.every) and self.around.measure is not None,
        }
        for work, is_due in due.items():
            if is_due and self.fabric.is_global_zero:
                work()
        if any(due.values()):
            self.fabric.barrier()

    def _note(self, name: str, values: Measured) -> None:
        if self.journal is not None:
            self.journal.numbers(name, self.number, values)

    def _validate(self) -> None:
        held_out = self.around.held_out
        if held_out is None or self.journal is None:
            return
        count, size = self.settings.record.validate_draws, self.settings.optimiser.batch_size
        found = validate(self.assembly.step, held_out, draws=count, batch_size=size, device=self.fabric.device)
        self._note(VALIDATION, found)
        self.journal.curves()

    def _show(self) -> None:
        """Draw sources, targets, results at all sizes, and truths (black where there is none)."""
        if self.journal is None:
            return
        step, triplets = self.assembly.step, self.around.held_out or self.around.triplets
        batch = self._moved(next(held_out_batches(triplets, SHOWN, SHOWN)))
        step.generator.eval()
        with torch.inference_mode():
            pictures, _ = step.generate(batch)
        step.generator.train()
        side = step.sizes[0]
        truth = torch.where(batch.has_truth[:, None, None, None], batch.truth, -torch.ones_like(batch.truth))
        self.journal.pictures(
            self.number, [*(resized(row, side) for row in (batch.source, batch.target, truth)), *pictures]
        )

    def _save(self) -> None:
        content = training_content(self.assembly, self.settings, self.number, self.fabric)
        checkpoint.save(self.folder, self.number, content, keep=self.settings.record.keep)
        self._export()

    def _export(self) -> Path:
        path = self.folder / GENERATOR_FILE
        checkpoint.write(path, inference_content(self.assembly, self.settings, self.number))
        return path

    def _measure(self) -> None:
        if self.around.measure is not None:
            self._note(MEASURED, self.around.measure(self._export(), self.number))


def launched(settings: TrainingSettings) -> Fabric:
    """Start the processes of a training; each goes on from here with a Fabric of its own.

    Raises:
        ConfigError: there is no such device here.
    """
    from fsbench.errors import ConfigError

    hardware = settings.hardware
    if hardware.threads:
        torch.set_num_threads(hardware.threads)
    several = hardware.devices * hardware.nodes > 1
    keep_freed_memory()
    try:
        fabric = Fabric(
            accelerator=hardware.accelerator,
            devices=hardware.devices,
            num_nodes=hardware.nodes,
            precision=hardware.precision,
            strategy="ddp" if several else "auto",
        )
        fabric.launch()
    except (RuntimeError, ValueError) as error:
        problem = str(error).splitlines()[0]
        raise ConfigError(f"this machine cannot train like that: {problem}", hint="[hardware] accelerator") from None
    return fabric
