"""The ablation study: train each variant on the same data, measure it, and print the supplement's table.

Each training is a process of its own, so that nothing of one reaches another and several devices can be used.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsbench.errors import ConfigError, FsbenchError
from fsbench.experiments.training import check, measured, write_settings
from fsbench.records import RunResult
from fsbench.training.ablations import FIGURE, Values, ablation
from fsbench.training.settings import TrainingSettings, training_settings

CURVES_FILE = "curves.png"
RESULT_COPY = "measured.json"


@dataclass(frozen=True)
class Size:
    """How large a generator is, in every way that one can mean it."""

    parameters: int
    raw_bytes: int  # parameters as float32
    file_bytes: int  # the state dict as torch saves it

    @property
    def megabytes(self) -> float:
        """The file in decimal megabytes."""
        return self.file_bytes / 1e6

    @property
    def mebibytes(self) -> float:
        """The file in units of 2 ** 20 bytes, as `ls -lh` counts."""
        return self.file_bytes / 2**20


@dataclass(frozen=True)
class Variant:
    """A variant that was trained and measured."""

    name: str
    title: str
    folder: Path
    size: Size
    result: RunResult


def settings_of(values: Values, names: Sequence[str], out: Path) -> dict[str, TrainingSettings]:
    """Give the settings of each variant; each writes to a folder of its own below `out`.

    Raises:
        ConfigError: a name is unknown or twice, or a setting is wrong.
    """
    if len(set(names)) < len(names):
        raise ConfigError("a variant is named twice", hint="--variant NAME, each once")
    return {name: training_settings({**ablation(name).applied(values), "out": str(out / name)}) for name in names}


def study(
    values: Values, names: Sequence[str], out: Path, *, notify: Callable[[str], None] = lambda text: None
) -> list[Variant]:
    """Train and measure variants one after the other; what is finished is not done again.

    Args:
        values: the baseline's settings, as a TOML file holds them.
        names: of `ablations.ABLATIONS`.
        out: folder for all trainings, the table and the curves.
        notify: takes lines for the user.

    Raises:
        FsbenchError: a setting, the data or a weight file is not right, or a training stopped.
    """
    plans = settings_of(values, names, out)
    for settings in plans.values():  # all of them before the first takes days
        check(settings, resume=True)
    found = []
    for name, settings in plans.items():
        notify(f"-- {name}")
        generator = _trained(settings)
        result = _measured_once(settings, generator, name)
        found.append(Variant(name, ablation(name).title, generator.parent, size_of(generator), result))
    draw(found, out)
    return found


def size_of(generator: Path) -> Size:
    """Measure a generator's file, without the settings that lie beside its weights."""
    import torch

    from fsbench.training.checkpoint import load_trained

    network = load_trained(generator).generator
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    count = sum(parameter.numel() for parameter in network.parameters())
    return Size(count, 4 * count, buffer.tell())


def draw(variants: Sequence[Variant], out: Path) -> Path | None:
    """Draw the validation curves of the variants that the paper's figure 4 shows into one picture."""
    from fsbench.data.frames import write_atomically
    from fsbench.training.curves import draw_curves
    from fsbench.training.journal import VALIDATION, read_rows

    runs = {v.title: read_rows(v.folder / VALIDATION) for v in variants if v.name in FIGURE}
    runs = {title: columns for title, columns in runs.items() if columns}
    if not runs:
        return None
    write_atomically(out / CURVES_FILE, draw_curves(runs))
    return out / CURVES_FILE


def _trained(settings: TrainingSettings) -> Path:
    """Train in a process of its own, from where an earlier one stopped; give the finished generator."""
    from fsbench.training.trainer import GENERATOR_FILE

    generator = Path(settings.out) / GENERATOR_FILE
    if _step_of(generator) >= settings.steps:
        return generator
    file = write_settings(settings)
    words = [sys.executable, "-m", "fsbench", "train", "mobilefsgan", "--config", str(file), "--resume"]
    code = subprocess.run(words, stdout=subprocess.DEVNULL, check=False).returncode
    if code == 130:
        raise KeyboardInterrupt
    if code:
        raise _Stopped(f"the training in {settings.out} ended with {code}", code)
    return generator


class _Stopped(FsbenchError):
    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, hint="its own message stands above; the same command goes on from there")
        self.exit_code = 2 if code == 2 else 1


def _step_of(generator: Path) -> int:
    from fsbench.training.checkpoint import read

    return int(read(generator).get("step", -1)) if generator.is_file() else -1


def _measured_once(settings: TrainingSettings, generator: Path, name: str) -> RunResult:
    """Measure, unless this very file was measured by this very definition before."""
    from fsbench.data.frames import file_sha256, write_atomically

    note = generator.parent / RESULT_COPY
    key: dict[str, Any] = {"sha256": file_sha256(generator), "measure": settings.measure.model_dump(mode="json")}
    if note.is_file():
        before = json.loads(note.read_text(encoding="utf-8"))
        if before["key"] == key:
            return RunResult.model_validate(before["result"])
    (result,) = measured(settings, generator, label=name, device="cpu")
    write_atomically(note, json.dumps({"key": key, "result": result.model_dump(mode="json")}).encode())
    return result
