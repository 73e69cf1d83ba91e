"""Recipes: how the program in somebody's repository is called, what it is given, and where it leaves its result."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from fsbench.adapters import process
from fsbench.adapters.onnx_table import Crop
from fsbench.errors import ConfigError
from fsbench.records import first_problem

FOLDER = Path(__file__).parent / "recipes"
PLACEHOLDERS = ("python", "repo", "work", "source", "target", "mask", "output", "weights")


class Recipe(BaseModel):
    """One program. Paths of pictures are relative to a fresh folder, in which the program runs if `links` says so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str
    page: str  # of the repository
    commit: str  # at which the call was read
    licence: str
    non_commercial: bool = False
    family: tuple[str, ...] | None = None  # of the identity networks in its loss or input; left out: not said
    needs: tuple[str, ...]  # files and folders that its repository must hold, weights among them
    weights: str = ""  # the file that decides the result, relative to the repository; hashed, and {weights} in the call
    call: str
    root: str = ""  # the folder of the repository that the program runs in and all paths start from
    links: bool = False  # run in a fresh folder of links to what that folder holds, so that it stays as it is
    source: str = "source.png"
    target: str = "target.png"
    mask: str = ""  # where it reads a picture that is `mask_value` inside the face and 0 elsewhere
    mask_value: int = Field(default=255, ge=1, le=255)
    source_crop: Crop | None = None  # None: the whole picture
    target_crop: Crop | None = None
    result: str  # file or pattern of the result
    result_is: Literal["frame", "crop", "unknown"] = "frame"  # crop: of target_crop; unknown: the program's own crop
    panel: tuple[int, int] | None = None  # the result is a strip of n pictures, and this the i-th: (i, n), i from 0
    resize: bool = False  # a frame of another size than the target's is brought to it
    timeout: float = Field(default=600, gt=0)
    close: str  # how close this is to the set-up of the paper's table
    notes: str = ""

    @field_validator("call")
    @classmethod
    def _placeholders(cls, call: str) -> str:
        words = process.words_of(call, hint="")
        found = {name for word in words for name in process.fields(word)}
        if unknown := sorted(found - set(PLACEHOLDERS)):
            raise ValueError(f"it has the unknown placeholder {{{unknown[0]}}}; known: {', '.join(PLACEHOLDERS)}")
        return call

    @model_validator(mode="after")
    def _fits(self) -> Recipe:
        if self.result_is == "crop" and self.target_crop is None:
            raise ValueError("result_is = 'crop' needs target_crop")
        if self.panel is not None and not 0 <= self.panel[0] < self.panel[1]:
            raise ValueError(f"panel {self.panel[0]} of {self.panel[1]} does not exist")
        return self


def names() -> list[str]:
    """Name the recipes that come with fsbench."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_recipe(name: str) -> Recipe:
    """Read a recipe by its name, or from a TOML file.

    Raises:
        ConfigError: there is none, or it is wrong.
    """
    path = Path(name).expanduser() if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not name.endswith(".toml") and name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        guess = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(names())}"
        raise ConfigError(f"no recipe is called '{name}'; {guess}", hint="recipe:NAME or recipe:path/to/file.toml")
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        hint = "docs/swappers.md lists the keys of a recipe"
        raise ConfigError(f"recipe {path.name}: {first_problem(error)}", hint=hint) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"recipe {path} cannot be read: {error}", hint="recipe:path/to/file.toml") from None
