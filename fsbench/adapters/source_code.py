"""The code of a source face: what identity networks say of it, in the form that a swapper's network takes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fsbench import align
from fsbench.adapters.onnx_session import Session
from fsbench.adapters.onnx_table import Crop, Source
from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError, ItemError
from fsbench.types import Face, Image

REMEMBERED = 4096  # codes of 2 kB each: as many sources as a run has, and no more memory than a picture


def aligned_crop(face: Face, crop: Crop) -> tuple[Image, align.Matrix]:
    """Cut the crop that a table entry describes; beyond the picture its border pixels repeat.

    Returns:
        (size, size, 3) pixels, and the (2, 3) matrix from picture to crop.

    Raises:
        ItemError: the picture cannot be read, or the landmarks coincide.
    """
    try:
        matrix = align.template_matrix(face.landmarks, crop.template, crop.size)
    except ValueError as error:
        raise ItemError(f"the face in {face.image.path.name} cannot be aligned: {error}") from None
    return align.crop(read_rgb(face.image.path), matrix, (crop.size, crop.size), border="edge"), matrix


class SourceCodes:
    """Gives the network's source input of each face; each distinct face is read and embedded once."""

    def __init__(
        self, source: Source, files: Mapping[str, Path], swapper_file: Path, open_session: Callable[[Path], Session]
    ) -> None:
        self._source, self._swapper_file = source, swapper_file
        self._networks = [open_session(files[name]) for name in source.networks]
        self._converter = open_session(files[source.converter]) if source.converter else None
        self._matrix = last_matrix(swapper_file) if source.normalise.startswith("emap") else None
        self._known: OrderedDict[tuple[str, bytes], NDArray[np.float32]] = OrderedDict()

    @property
    def sessions(self) -> list[Session]:
        """The networks that make a code, the converter last."""
        return [*self._networks, *([self._converter] if self._converter is not None else [])]

    def forget(self) -> None:
        """Drop the codes that were computed."""
        self._known.clear()

    def of(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        """Give (N, ...) source inputs: codes (N, D), or pictures (N, 3, S, S)."""
        return np.stack([self._of_one(face) for face in faces])

    def _of_one(self, face: Face) -> NDArray[np.float32]:
        key = face.image.sha256, np.asarray(face.landmarks, np.float64).tobytes()
        if key not in self._known:
            self._known[key] = self._computed(face)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def _computed(self, face: Face) -> NDArray[np.float32]:
        pixels = self._source.scaled(aligned_crop(face, self._source)[0])
        if self._source.kind == "image":
            return pixels
        codes = [np.ravel(net.run({net.first_input: pixels[None]})[0]).astype(np.float32) for net in self._networks]
        if self._source.normalise == "each":
            codes = [_unit(code) for code in codes]
        code = np.asarray(sum(codes), np.float32)
        if self._converter is not None:
            code = np.ravel(self._converter.run({self._converter.first_input: code[None]})[0]).astype(np.float32)
        return self._normalised(code)

    def _normalised(self, code: NDArray[np.float32]) -> NDArray[np.float32]:
        rule = self._source.normalise
        if rule == "unit":
            return _unit(code)
        if self._matrix is None:
            return code
        if self._matrix.shape[0] != len(code):
            shape = " x ".join(str(side) for side in self._matrix.shape)
            raise ConfigError(
                f"{self._swapper_file.name} ends with a matrix of {shape}; its codes have {len(code)} numbers",
                hint="another file of this model, or another 'normalise' in its table entry",
            )
        mapped = np.asarray(_unit(code) @ self._matrix, np.float32)
        return _unit(mapped) if rule == "emap_unit" else mapped


def _unit(code: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(code))
    if not np.isfinite(length) or length == 0:
        raise ItemError("the identity network gave a code without direction")
    return code / np.float32(length)


def last_matrix(path: Path) -> NDArray[np.float32]:
    """Read the last initializer of an ONNX file, which inswapper's authors put there to map ArcFace codes.

    Raises:
        ConfigError: the file has none, or it is no matrix.
    """
    import onnx

    initializers = onnx.load(path).graph.initializer
    found = onnx.numpy_helper.to_array(initializers[-1]) if initializers else np.zeros(0)
    if found.ndim != 2:
        raise ConfigError(
            f"{path.name} does not end with a matrix for its codes (found {found.ndim} dimensions)",
            hint="the file as its authors export it; an optimised copy may have lost the order",
        )
    return np.asarray(found, np.float32)
