"""One training of MobileFSGAN from its settings: checked before any work, measured by the bench on the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsbench.errors import ConfigError
from fsbench.networks.packages import load_package
from fsbench.training.numbered import numbered
from fsbench.training.settings import TrainingSettings

if TYPE_CHECKING:
    from fsbench.records import RunResult
    from fsbench.training.triplets import FSTriplets

SETTINGS_FILE = "settings.toml"
MEASURED_FOLDER = "measured"
SMALLEST_CROP = 128  # pixels; in a smaller one dlib finds no face, whatever it shows
Step = Callable[[int, Mapping[str, float]], None]
Bar = Callable[[int, int], AbstractContextManager[Step]]  # samples in all, and of a step -> what to tell each step
NEEDED = ("lightning_fabric", "tensorboard", "matplotlib")


def check(settings: TrainingSettings, *, resume: bool) -> Path | None:
    """Look at packages, weights, data and folder before any work; give the checkpoint to go on from.

    Raises:
        FsbenchError: something is not as it must be; or there are checkpoints and nobody said what to do with them.
    """
    folder = Path(settings.out)
    there = numbered(folder)
    if there and not resume:  # looked at first, for it takes no time
        raise ConfigError(
            f"{folder} holds a training up to {there[-1].name}", hint="--resume goes on with it; or name another --out"
        )
    from fsbench.training.embedder import weight_files
    from fsbench.zoo.store import require

    for name in NEEDED:
        load_package(name, hint="pip install 'fsbench[train]'")
    weight_files(settings.loss.identity_network, require)
    if settings.loss.attribute_network == "vgg19":
        require("vgg19")
    if settings.loss.attribute_network == "dlib" or settings.loss.identity_network == "dlib":
        weight_files("dlib", require)
    if not settings.data.folder:
        raise ConfigError("no triplets are named", hint="--data FOLDER, which `fsbench data triplets` makes")
    triplets(settings)
    held_out(settings)
    return there[-1] if there else None


def triplets(settings: TrainingSettings) -> FSTriplets:
    """Open the triplets to train on."""
    from fsbench.training.triplets import FSTriplets

    data = settings.data
    size = data.picture_size or settings.network.image_size
    return FSTriplets(data.folder, image_size=size, weights=data.weights, augment=data.augment, seed=settings.seed)


def held_out(settings: TrainingSettings) -> FSTriplets | None:
    """Open the triplets to validate on: the same draws whatever the training, so that curves can be compared."""
    from fsbench.training.triplets import FSTriplets

    data = settings.data
    if not data.held_out:
        return None
    size = data.picture_size or settings.network.image_size
    return FSTriplets(data.held_out, image_size=size, weights=data.held_out_weights, augment=False)


def train(
    settings: TrainingSettings, *, resume: bool, bar: Bar, notify: Callable[[str], None] = lambda text: None
) -> Path | None:
    """Train to the end.

    Args:
        settings: all of them.
        resume: go on from the newest checkpoint of the folder, if there is one.
        bar: opens the display of progress.
        notify: takes lines for the user.

    Returns:
        The finished generator; None in the other processes of a training that has several.

    Raises:
        FsbenchError: see `check`.
        TrainingStopped: a loss or a gradient is not finite.
    """
    start = check(settings, resume=resume)
    from fsbench.training.trainer import Surroundings, Trainer, launched
    from fsbench.zoo.store import require

    fabric = launched(settings)
    first = fabric.is_global_zero
    if first:
        write_settings(settings)
    measure = measured_with(settings, device=fabric.device.type) if first and settings.measure.every else None
    options = settings.optimiser
    samples = options.batch_size * options.accumulate * fabric.world_size
    with bar(settings.steps * samples if first else 0, samples) as progress:
        around = Surroundings(
            triplets(settings),
            held_out(settings),
            require,
            progress=progress if first else lambda done, losses: None,
            notify=notify if first else lambda text: None,
            measure=measure,
        )
        path = Trainer(settings, fabric, around).run(resume=start)
    return path if first else None


def write_settings(settings: TrainingSettings) -> Path:
    """Write all settings where the training is, as a file that --config takes."""
    import tomli_w

    from fsbench.data.frames import write_atomically

    folder = Path(settings.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / SETTINGS_FILE, tomli_w.dumps(settings.dumped()).encode())
    return folder / SETTINGS_FILE


def measured_with(settings: TrainingSettings, *, device: str) -> Callable[[Path, int], dict[str, float | None]]:
    """Give what measures a generator's file with the bench: metric to value, and how many swaps succeeded."""

    def measure(path: Path, step: int) -> dict[str, float | None]:
        # a name of its own for each step: a swapper is built once for one name
        own = path.with_name(f"generator-{step:08d}.pt")
        shutil.copyfile(path, own)
        try:
            (result,) = measured(settings, own, label=f"step-{step:08d}", device=device)
        finally:
            own.unlink()
        numbers: dict[str, float | None] = {"planned": result.planned, "swapped": result.swapped}
        return numbers | {item.metric: item.value for item in result.measurements}

    return measure


def measured(settings: TrainingSettings, generator: Path, *, label: str, device: str) -> list[RunResult]:
    """Run the protocol of [measure] on a generator; its run folder lies beside it.

    Raises:
        FsbenchError: the protocol, suite or data of [measure] cannot be run.
    """
    from fsbench import runner
    from fsbench.engine.remote_cache import open_cache

    cache = open_cache()
    try:
        return list(runner.run(runner.prepare(_config(settings, generator, label, device)), cache).results)
    finally:
        cache.close()


def _config(settings: TrainingSettings, generator: Path, label: str, device: str) -> Any:
    from fsbench.api import located
    from fsbench.records import run_config

    options = settings.measure
    paste = options.paste
    if paste == "auto":
        paste = "frame" if settings.network.image_size < SMALLEST_CROP else "crop"
    swapper = {"name": "mobilefsgan", "label": label, "args": {"checkpoint": str(generator), "paste": paste}}
    given: dict[str, Any] = {
        "protocol": options.protocol,
        "suite": options.suite,
        "compression": options.compression,
        "split": options.split,
        "limit": options.limit,
        "swappers": [swapper],
        "controls": False,
        "device": device,
        "workers": 1,
        "max_failed": 1.0,  # a young generator paints no face at all; how many do is among the numbers
        "out": str(generator.parent / MEASURED_FOLDER),
    }
    return run_config(**{**given, **located(options.data, options.protocol, given)})
