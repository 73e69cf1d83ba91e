"""What a generator is made of: its settings, and how many blocks and channels follow from them.

Source: the released code for the baseline; MobileFSGAN's supplement, section 2, for the ablations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Architecture = Literal["baseline", "wide", "shallow", "nofuse", "hourglass"]


class NetworkSettings(BaseModel):
    """The generator's settings; the defaults are the released network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    architecture: Architecture = "baseline"
    variant: Literal["released", "paper"] = "released"  # the paper: identity maps halved 3 times, 3x3 attention
    image_size: int = Field(default=256, ge=64, le=1024)  # pixels, a power of two
    width: int = Field(default=64, ge=1)  # channels
    embedding_size: int = Field(default=512, ge=1)  # numbers in an identity embedding
    attention_kernel: Literal[0, 1, 3] = 0  # 0: the variant's own
    outputs: int = Field(default=3, ge=1, le=3)  # pictures that the decoder gives, the largest first

    @model_validator(mode="after")
    def _check(self) -> NetworkSettings:
        if self.image_size & (self.image_size - 1):
            raise ValueError(f"image_size is {self.image_size}; wanted a power of two, such as 64, 128 or 256")
        return self

    @property
    def sizes(self) -> tuple[int, ...]:
        """Height of the pictures it gives, largest first: 256, 128, 64."""
        return tuple(self.image_size >> step for step in range(self.outputs))


@dataclass(frozen=True)
class Layout:
    """Blocks and channels, scale by scale from the full size down."""

    attribute_blocks: tuple[int, ...]  # also says how many scales attribute encoder and decoder have
    decoder_blocks: tuple[int, ...]
    identity_downs: int  # how often the identity branch halves
    doubles: bool  # channels double wherever height halves
    fuses: bool  # skips, residuals and attention are there
    attention_kernel: int

    def channels(self, width: int, scale: int) -> int:
        """Count the channels at a scale, 0 being the full size."""
        return width << scale if self.doubles else width


def layout(settings: NetworkSettings) -> Layout:
    """Work out blocks and channels.

    Shallow has one block fewer at each of the three scales in attribute encoder and decoder. Hourglass goes down to one
    pixel with one block a scale, so that it keeps the 9 + 9 + 12 blocks of the baseline at 256 pixels; its identity
    branch does not come back up. NoFuse keeps all layers but those that join two maps; its attribute encoder then
    reaches nothing.
    """
    kernel = settings.attention_kernel or (3 if settings.variant == "paper" else 1)
    attribute, decoder = (2, 3, 4), (3, 4, 5)
    downs = 3 if settings.variant == "paper" else 5
    if settings.architecture == "shallow":
        attribute, decoder = (1, 2, 3), (2, 3, 4)
    if settings.architecture == "hourglass":
        downs = settings.image_size.bit_length() - 1
        return Layout((1,) * (downs + 1), (2, 2, 2, *(1,) * (downs - 2)), downs, False, True, kernel)
    fuses = settings.architecture != "nofuse"
    return Layout(attribute, decoder, downs, settings.architecture == "wide", fuses, kernel if fuses else 0)
