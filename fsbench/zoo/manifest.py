"""Which weight files there are: the tables in `*weights.toml` of this folder, merged and checked."""

from __future__ import annotations

import difflib
import functools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from fsbench.errors import ConfigError

TABLES = "*weights.toml"
TORCH, ONNX, SAFETENSORS, OTHER = "torch", "onnx", "safetensors", "other"
FORMATS = {
    **dict.fromkeys((".pth", ".pt", ".pkl", ".tar", ".bin", ".ckpt"), TORCH),
    **{".onnx": ONNX, ".safetensors": SAFETENSORS},
}
Digest = Field(default="", pattern="^([0-9a-f]{64})?$")


class Address(BaseModel):
    """Where a weight can be downloaded: the file itself, or an archive that holds it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(pattern="^https?://")
    member: str = ""  # of the archive: the last parts of the path, or the name; empty where the url is the file
    sha256: str = Digest  # of the archive
    bytes: int = Field(default=0, ge=0)  # of the archive; 0: not known


class Weight(BaseModel):
    """One weight file, and all that is known of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9\-]*$")
    file: str = Field(pattern=r"^[^/\\]+$")  # as its authors call it
    urls: tuple[Address, ...] = ()  # in the order of trying; empty: only by hand
    bytes: int = Field(default=0, ge=0)  # 0: not known
    size: str = ""  # in words, where the bytes are not known
    sha256: str = Digest
    sha256_start: str = Field(default="", pattern="^[0-9a-f]{0,63}$")  # where no more of it is known
    md5: str = Field(default="", pattern="^([0-9a-f]{32})?$")
    git_blob: str = Field(default="", pattern="^([0-9a-f]{40})?$")  # sha1 that git gives the file
    vouched: Literal["", "owner", "several", "one"] = ""  # who quotes the hash: its owner, several projects, one
    licence: str
    non_commercial: bool = False  # must be accepted once
    purpose: str
    source: str  # where these facts are from
    page: str = ""  # for people
    by_hand: str = ""  # how to get the file without `fetch`
    suites: tuple[str, ...] = ()
    family: str = ""  # of an identity network
    same_weights_as: str = ""  # the name of the weight of which this is another export
    state_key: str = ""  # under which key of the checkpoint the state dict is

    @field_validator("urls", mode="before")
    @classmethod
    def _addresses(cls, value: Any) -> Any:
        return tuple({"url": item} if isinstance(item, str) else item for item in value)

    @model_validator(mode="after")
    def _can_be_had(self) -> Weight:
        if not self.urls and not self.by_hand:
            raise ValueError("there is neither an address nor a way to get it by hand")
        if (self.sha256 or self.sha256_start or self.md5) and not self.vouched:
            raise ValueError("who vouches for the hash?")
        return self

    @property
    def format(self) -> str:
        """What kind of file it is: torch, onnx, safetensors or other."""
        return FORMATS.get(Path(self.file).suffix.lower(), OTHER)

    @property
    def has_published_hash(self) -> bool:
        """Whether anything but the first download says what the bytes should be."""
        return bool(self.sha256 or self.sha256_start or self.md5 or self.git_blob)

    @property
    def size_text(self) -> str:
        """The size for people."""
        return f"{self.bytes / 1e6:.1f} MB" if self.bytes else self.size or "size not known"


def weights() -> Mapping[str, Weight]:
    """Give all weights by name, in the order of the tables."""
    return read_tables(Path(__file__).parent)


def weight(name: str) -> Weight:
    """Find a weight.

    Raises:
        ConfigError: there is no such name; the message offers the nearest.
    """
    known = weights()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else ""
    raise ConfigError(f"no weight is called '{name}'{guess}", hint="fsbench zoo list")


def of_suite(suite: str) -> list[Weight]:
    """Give the weights that a suite needs.

    Raises:
        ConfigError: no weight is for that suite.
    """
    found = [item for item in weights().values() if suite in item.suites]
    if not found:
        known = sorted({name for item in weights().values() for name in item.suites})
        raise ConfigError(
            f"suite '{suite}' needs no weight of the zoo; those that do: {', '.join(known)}", hint="fsbench list suites"
        )
    return found


def origin(name: str) -> str:
    """Follow `same_weights_as` to the weight that was trained; a name that is not in the tables stands for itself."""
    found = weights().get(name)
    return origin(found.same_weights_as) if found and found.same_weights_as else name


@functools.cache
def read_tables(folder: Path) -> Mapping[str, Weight]:
    """Read the tables of a folder.

    Raises:
        ValueError: a table is wrong, which is a mistake of this package.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    merged: dict[str, Weight] = {}
    for path in sorted(folder.glob(TABLES)):
        for name, fields in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if name in merged:
                raise ValueError(f"{path.name}: two weights are called '{name}'")
            try:
                merged[name] = Weight(name=name, **fields)
            except ValidationError as error:
                raise ValueError(f"{path.name}: {name}: {error}") from error
    for item in merged.values():
        if item.same_weights_as and item.same_weights_as not in merged:
            raise ValueError(f"{item.name}: same_weights_as names '{item.same_weights_as}', which is not there")
    return merged
