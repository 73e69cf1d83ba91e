"""The table of ONNX swappers: what each network takes and gives, read from onnx_swappers.toml or a user's own file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from fsbench.align import TEMPLATES
from fsbench.errors import ConfigError
from fsbench.records import first_problem

BUILT_IN = Path(__file__).parent / "onnx_swappers.toml"
Normalise = Literal["none", "unit", "each", "emap", "emap_unit"]
Channels = Annotated[float | tuple[float, float, float], Field()]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Crop(_Entry):
    """An aligned square crop and how its pixels are scaled."""

    template: str
    size: int = Field(ge=16, le=2048)
    mean: Channels = 0.0
    std: Channels = 1.0

    @field_validator("template")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in TEMPLATES:
            raise ValueError(f"no template is called '{name}'; known: {', '.join(TEMPLATES)}")
        return name

    def scaled(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Turn (..., H, W, 3) RGB pixels into what a network gets, (..., 3, H, W)."""
        values = (pixels.astype(np.float32) / 255 - np.asarray(self.mean, np.float32)) / np.asarray(
            self.std, np.float32
        )
        return np.ascontiguousarray(np.moveaxis(values, -1, -3), np.float32)

    def unscaled(self, values: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Turn (..., 3, H, W) network values back into (..., H, W, 3) RGB pixels, clipped and rounded."""
        channels_last = np.moveaxis(np.asarray(values, np.float32), -3, -1)
        found = (channels_last * np.asarray(self.std, np.float32) + np.asarray(self.mean, np.float32)) * 255
        return np.asarray(np.rint(np.clip(found, 0, 255)), np.uint8)


class Source(Crop):
    """How the source's face reaches the network: as a picture, or as the code that identity networks give."""

    kind: Literal["code", "image"]
    template: str = "arcface"  # ArcFace's own crop, which most codes are made of
    size: int = Field(default=112, ge=16, le=2048)
    mean: Channels = 0.5
    std: Channels = 0.5
    networks: tuple[str, ...] = ()
    converter: str = ""
    normalise: Normalise = "none"


class Inputs(_Entry):
    """The names of the network's two inputs."""

    target: str = "target"
    source: str = "source"


class OnnxModel(Crop):
    """One swapper: its crop, its source, its output, its terms."""

    about: str
    weight: str
    output: Literal["unit", "as_input"]
    inputs: Inputs = Inputs()
    mask_output: int | None = Field(default=None, ge=1)
    source: Source
    family: tuple[str, ...]
    licence: str
    non_commercial: bool = False
    fact: str = ""

    def result(self, values: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Turn the network's (..., 3, H, W) output into (..., H, W, 3) pixels."""
        scale = self if self.output == "as_input" else Crop(template=self.template, size=self.size)
        return scale.unscaled(values)


def load_table(path: Path = BUILT_IN) -> dict[str, OnnxModel]:
    """Read a table of models.

    Raises:
        ConfigError: the file cannot be read, or an entry is wrong; the message names it.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"the table {path} cannot be read: {error}", hint="table=FILE.toml") from None
    models = {}
    for name, entry in content.items():
        try:
            models[name] = OnnxModel.model_validate(entry)
        except ValidationError as error:
            hint = f"as in {BUILT_IN.name}: fsbench list swappers names its models"
            raise ConfigError(f"{path.name}, {name}: {first_problem(error)}", hint=hint) from None
    return models
