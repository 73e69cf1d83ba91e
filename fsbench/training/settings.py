"""The settings of one training, as a TOML file writes them; unknown keys are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fsbench.errors import ConfigError
from fsbench.training.architecture import NetworkSettings

Scales = tuple[float, float, float]  # for the largest picture, the half and the quarter


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataSettings(_Section):
    """Which triplets are drawn, and how often."""

    folder: str = ""  # of triplets, in the layout of `fsbench data triplets`
    held_out: str = ""  # another such folder, never trained on, for the validation curves
    weights: str | dict[str, float] = "paper"  # a named set of sampling weights, or a table of kind = weight
    held_out_weights: str | dict[str, float] = "paper"
    picture_size: int = Field(default=0, ge=0)  # pixels; 0: the network's own. Larger ones show sources more sharply
    augment: bool = True
    workers: int = Field(default=2, ge=0)  # processes that read pictures, a training process


class LossSettings(_Section):
    """Weights and forms of the losses; the defaults are the paper's, with the released weights."""

    identity_network: Literal["mobilefacenet", "dlib"] = "mobilefacenet"
    centre: bool | None = None  # take the mean embedding away; default: for dlib
    attribute_network: Literal["vgg19", "dlib"] = "vgg19"
    adversarial: Scales = (1.0, 0.02, 0.02)
    identity: Scales = (20.0, 20.0, 20.0)
    pixel: float = Field(default=10.0, ge=0)
    attribute: float = Field(default=4.0, ge=0)
    adversarial_form: Literal["paper", "released"] = "paper"
    reduction: Literal["mean", "sum"] = "mean"  # sum: adversarial losses grow with the batch, as released
    margin: float = Field(default=0.0, ge=0, lt=2)  # of the identity loss; released: 0.02
    bgr: bool = False  # feed VGG19 reversed channels, as released

    @property
    def centred(self) -> bool:
        """Whether the mean embedding is taken away."""
        return self.identity_network == "dlib" if self.centre is None else self.centre


class OptimiserSettings(_Section):
    """Adam, for both networks alike."""

    generator_rate: float = Field(default=1e-4, gt=0)
    discriminator_rate: float = Field(default=1e-4, gt=0)
    betas: tuple[float, float] = (0.0, 0.999)
    batch_size: int = Field(default=16, ge=1)  # samples a process and pass
    accumulate: int = Field(default=1, ge=1)  # passes before the weights move


class HardwareSettings(_Section):
    """Where and how it is computed."""

    accelerator: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    devices: int = Field(default=1, ge=1)  # processes on this machine, one a device
    nodes: int = Field(default=1, ge=1)
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    sync_batch_norm: bool = True  # statistics over the samples of all processes
    channels_last: bool = False
    compile: bool = False  # torch.compile for the generator
    threads: int = Field(default=0, ge=0)  # torch threads a process; 0: torch's own choice


class RecordSettings(_Section):
    """What is written down, every how many steps."""

    log: int = Field(default=10, ge=1)  # losses to CSV and TensorBoard
    pictures: int = Field(default=500, ge=1)
    validate_: int = Field(default=500, ge=1, alias="validate")
    validate_draws: int = Field(default=64, ge=1)
    checkpoint: int = Field(default=1000, ge=1)
    keep: int = Field(default=3, ge=1)  # newest checkpoints that stay
    tensorboard: bool = True


class MeasureSettings(_Section):
    """The bench's own metrics on held-out pictures while training goes on."""

    every: int = Field(default=0, ge=0)  # steps; 0: not
    protocol: Literal["ff++", "lfw"] = "ff++"
    data: str = "mini"
    compression: Literal["", "raw", "c0", "c23", "c40"] = ""
    split: Literal["all", "train", "val", "test"] = "all"
    suite: str = "offline"
    limit: int | None = Field(default=None, ge=1)  # swaps
    paste: Literal["auto", "crop", "frame"] = "auto"  # what is measured


class TrainingSettings(_Section):
    """All settings of one training."""

    out: str = "runs/train"
    steps: int = Field(default=100_000, ge=1)
    seed: int = Field(default=0, ge=0)
    discriminator_width: int = Field(default=16, ge=1)
    network: NetworkSettings = NetworkSettings()
    data: DataSettings = DataSettings()
    loss: LossSettings = LossSettings()
    optimiser: OptimiserSettings = OptimiserSettings()
    hardware: HardwareSettings = HardwareSettings()
    record: RecordSettings = RecordSettings()
    measure: MeasureSettings = MeasureSettings()

    @model_validator(mode="after")
    def _check(self) -> TrainingSettings:
        size = {"mobilefacenet": 512, "dlib": 128}[self.loss.identity_network]
        if self.network.embedding_size != size:
            found = f"network.embedding_size is {self.network.embedding_size}"
            raise ValueError(f"{found}, but {self.loss.identity_network} gives {size} numbers")
        return self

    def dumped(self) -> dict[str, Any]:
        """Give all settings in the form that `training_settings` takes back, without the absent ones."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def training_settings(values: Mapping[str, Any]) -> TrainingSettings:
    """Check settings. The embedding size follows from the identity network where it is not given.

    Raises:
        ConfigError: a key is unknown, or a value is out of its range; the message names the key.
    """
    given = dict(values)
    loss, network = given.get("loss", {}), given.get("network", {})
    if isinstance(loss, Mapping) and isinstance(network, Mapping) and loss.get("identity_network") == "dlib":
        given["network"] = {"embedding_size": 128, **network}
    try:
        return TrainingSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "settings"
        found = f"{key}: {first['msg']}"
        if first["type"] == "extra_forbidden":
            found = f"{key} is no setting of a training"
        raise ConfigError(found, hint="docs/training.md lists the settings") from None
