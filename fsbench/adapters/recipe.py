"""A program in somebody's repository as a swapper, by a recipe that says how it is called."""

from __future__ import annotations

import fnmatch
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from fsbench import align
from fsbench.adapters import process
from fsbench.adapters.masks import box_mask, hull_mask
from fsbench.adapters.one_by_one import one_by_one
from fsbench.adapters.onnx_table import Crop
from fsbench.adapters.recipe_file import Recipe, load_recipe
from fsbench.adapters.source_code import aligned_crop
from fsbench.data.frames import png_bytes, read_rgb
from fsbench.errors import ConfigError, DependencyError, ItemError
from fsbench.interfaces import Swapper
from fsbench.types import IDENTITY_MATRIX, Face, Image, SwapItem, Swapped

PasteMask = Literal["box", "hull"]


class RecipeSwapper(Swapper):
    """Runs a repository's own program once a pair, in the crops that it wants, and pastes its result back.

    The repository's script and its weights, as the recipe names them, are hashed: when they change, pairs are swapped
    anew. What else the program reads is not seen.
    """

    name = "recipe"
    version = 1

    def __init__(
        self,
        *,
        recipe: str,
        repo: str,
        python: str = sys.executable,
        weights: str = "",
        extra: str = "",
        timeout: float = 0,
        mask: PasteMask = "box",
    ) -> None:
        self._recipe: Recipe = load_recipe(recipe)
        self._repo = Path(repo).expanduser().resolve() / self._recipe.root
        if not repo or not self._repo.is_dir():
            below = f" with a folder {self._recipe.root}" if self._recipe.root else ""
            hint = f"repo=FOLDER, a checkout of {self._recipe.page}"
            raise ConfigError(f"the repository '{repo}' is no folder{below}", hint=hint)
        if mask not in get_args(PasteMask):
            raise ConfigError(f"there is no mask '{mask}'", hint=f"mask = {' | '.join(get_args(PasteMask))}")
        if timeout < 0:
            raise ConfigError(f"timeout is {timeout:g} seconds; it must be above 0", hint="timeout=600")
        self.name = Path(recipe).stem  # type: ignore[misc]  # a class variable elsewhere; tables name the program
        self.trained_with = self._recipe.family  # type: ignore[misc]
        self._weights = weights or self._recipe.weights
        self._timeout, self._mask = timeout or self._recipe.timeout, mask
        self._words = process.words_of(f"{self._recipe.call} {extra}", hint="extra='--option value'")
        self._python = python

    def weight_files(self) -> Mapping[str, Path]:
        """Name the weights and every file of the repository that the call or the recipe names.

        Raises:
            DependencyError: the repository lacks something that the recipe needs.
        """
        if missing := self.missing():
            raise DependencyError(
                f"{self._repo} lacks {', '.join(missing)}", hint=f"prepare it as {self._recipe.page} says"
            )
        named = [self._weights, *self._recipe.needs, *self._words]
        found = {name: self._repo / name for name in named if name and not name.startswith("-")}
        return {name: path for name, path in found.items() if path.is_file()}

    def missing(self) -> list[str]:
        """Name what the recipe needs and the repository lacks."""
        wanted = [*self._recipe.needs, *([self._weights] if self._weights else [])]
        return [name for name in dict.fromkeys(wanted) if not (self._repo / name).exists()]

    def licences(self) -> Mapping[str, str]:
        """Give the licence of the repository and its weights, which come under one."""
        return {self.name: self._recipe.licence}

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        """Call the program once an item; whatever goes wrong with it is an ItemError that quotes its stderr."""
        return one_by_one(items, self._swap_one)

    def _swap_one(self, item: SwapItem) -> Swapped:
        with tempfile.TemporaryDirectory(prefix="fsbench-") as name:
            work = Path(name)
            folder = self._linked(work) if self._recipe.links else self._repo
            matrix = self._write_inputs(work, item)
            values = {key: str(work / getattr(self._recipe, key)) for key in ("source", "target", "mask", "result")}
            values |= {"output": values.pop("result"), "python": self._python, "repo": str(self._repo)}
            values |= {"work": str(work), "weights": str(self._repo / self._weights)}
            words = [process.filled(word, values) for word in self._words]
            words[0] = process.program(words[0], folder)
            notes = work / ".stderr.txt"
            process.run(words, folder=folder, timeout=self._timeout, notes=notes)
            return self._taken(self._read_result(work, notes), item, matrix)

    def _linked(self, work: Path) -> Path:
        """Lay links to what the repository holds into the work folder, which the program then takes for it.

        Where pictures come and go there is no link: the program must not write into the repository, nor a result of
        another day be taken for its own.
        """
        recipe = self._recipe
        afresh = [Path(name).parts[0] for name in (recipe.source, recipe.target, recipe.mask, recipe.result) if name]
        for path in self._repo.iterdir():
            if not any(fnmatch.fnmatch(path.name, name) for name in afresh):
                os.symlink(path, work / path.name)
        return work

    def _write_inputs(self, work: Path, item: SwapItem) -> align.Matrix:
        source, _ = _part(item.source, self._recipe.source_crop)
        target, matrix = _part(item.target, self._recipe.target_crop)
        pictures = {self._recipe.source: source, self._recipe.target: target}
        if self._recipe.mask:
            inside = hull_mask(item.target, matrix, target.shape[:2], 0) > 0.5
            pictures[self._recipe.mask] = np.repeat(inside[..., None], 3, 2).astype(np.uint8) * np.uint8(
                self._recipe.mask_value
            )
        for name, picture in pictures.items():
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png_bytes(picture))
        return matrix

    def _read_result(self, work: Path, notes: Path) -> Image:
        found = sorted(path for path in work.glob(self._recipe.result) if path.is_file())
        if not found:
            raise ItemError(f"the program ended well but wrote no {self._recipe.result}{process.quote(notes)}")
        if len(found) > 1:
            raise ItemError(f"the program wrote {len(found)} files like {self._recipe.result}, wanted one")
        result = read_rgb(found[0])
        if self._recipe.panel is None:
            return result
        place, count = self._recipe.panel
        width, rest = divmod(result.shape[1], count)
        if rest:
            raise ItemError(f"the program wrote {result.shape[1]} columns, which are no {count} pictures of one width")
        return np.ascontiguousarray(result[:, place * width : (place + 1) * width])

    def _taken(self, result: Image, item: SwapItem, matrix: align.Matrix) -> Swapped:
        """Turn what the program wrote into an outcome."""
        if self._recipe.result_is == "unknown":
            return Swapped(result, None)
        frame = read_rgb(item.target.image.path)
        crop = self._recipe.target_crop
        wanted = frame.shape[:2] if self._recipe.result_is == "frame" or crop is None else (crop.size, crop.size)
        if result.shape[:2] != wanted:
            if not self._recipe.resize:
                found, size = (f"{shape[1]} x {shape[0]}" for shape in (result.shape, wanted))
                raise ItemError(f"the program wrote {found} pixels, wanted {size}")
            result = _resized(result, wanted)
        if self._recipe.result_is == "frame":
            return Swapped(result)
        mask = box_mask(wanted) if self._mask == "box" else hull_mask(item.target, matrix, wanted)
        return Swapped(align.paste_back(frame, result, matrix, mask))


def _part(face: Face, crop: Crop | None) -> tuple[Image, align.Matrix]:
    """Give the picture that a program gets, and the matrix that leads from the whole picture to it."""
    return (read_rgb(face.image.path), IDENTITY_MATRIX) if crop is None else aligned_crop(face, crop)


def _resized(image: Image, size: tuple[int, int]) -> Image:
    import cv2

    shrinks = image.shape[0] > size[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size[1], size[0]), interpolation=how), np.uint8)
