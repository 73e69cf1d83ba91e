"""What a training writes down as it goes: CSV files, TensorBoard, pictures, curves."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from fsbench.data.frames import png_bytes, write_atomically
from fsbench.training.curves import draw_curves
from fsbench.types import Image

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

LOSSES, VALIDATION, MEASURED = "losses.csv", "validation.csv", "measured.csv"
CURVES, PICTURES = "curves.png", "pictures"
SYNTHETIC = {"fsbench:synthetic": "true", "fsbench:swapper": "mobilefsgan in training"}


class Journal:
    """The files of one training. Of several processes the first alone has one."""

    def __init__(self, folder: Path, *, step: int, tensorboard: bool) -> None:
        """Open at a step; rows that a killed training wrote beyond it are taken out."""
        self.folder, self.board = folder, None
        for name in (LOSSES, VALIDATION, MEASURED):
            _cut(folder / name, step)
        if tensorboard:
            self.board = _board(folder, step)

    def numbers(self, name: str, step: int, values: Mapping[str, float | None]) -> None:
        """Add a row to one of the CSV files, and its numbers to TensorBoard."""
        path = self.folder / name
        is_new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(["step", *values])
            writer.writerow([step, *("" if value is None else f"{value:.6g}" for value in values.values())])
        if self.board is not None:
            for key, value in values.items():
                if value is not None:
                    self.board.add_scalar(f"{path.stem}/{key}", value, step)

    def pictures(self, step: int, rows: Iterable[torch.Tensor]) -> Path:
        """Write a sheet of pictures, one row each of source, target, result and so on."""
        sheet = sheet_of(rows)
        path = self.folder / PICTURES / f"step-{step:08d}.png"
        write_atomically(path, png_bytes(sheet, SYNTHETIC))
        if self.board is not None:
            self.board.add_image("pictures", sheet, step, dataformats="HWC")
        return path

    def curves(self) -> None:
        """Draw the validation curves anew."""
        write_atomically(self.folder / CURVES, draw_curves({"": read_rows(self.folder / VALIDATION)}))

    def close(self) -> None:
        """Write out what is still in memory."""
        if self.board is not None:
            self.board.close()


def sheet_of(rows: Iterable[torch.Tensor]) -> Image:
    """Lay rows of pictures (N, 3, H, W) in [-1, 1] under each other; smaller ones keep their size at the top left."""
    batches = [batch.detach().float().cpu() for batch in rows]
    side = max(batch.shape[-1] for batch in batches)
    lines = []
    for batch in batches:
        cells = np.zeros((len(batch), side, side, 3), np.uint8)
        pixels = ((batch.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        cells[:, : pixels.shape[1], : pixels.shape[2]] = pixels
        lines.append(np.concatenate(list(cells), axis=1))
    return np.concatenate(lines, axis=0)


def read_rows(path: Path) -> dict[str, list[float]]:
    """Read a CSV file of numbers as columns; empty where there is none. An absent number is NaN."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    return {name: [float(row[name] or "nan") for row in table] for name in (table[0] if table else {})}


def _board(folder: Path, step: int) -> SummaryWriter:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1 if step else None)


def _cut(path: Path, step: int) -> None:
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]  # a kill may have cut the last one
    kept = io.StringIO()
    kept.writelines(whole[:1] + [line for line in whole[1:] if int(line.partition(",")[0]) <= step])
    write_atomically(path, kept.getvalue().encode())
