"""MobileFSGAN: a generator that was trained here, or with the code that its authors released."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from fsbench import align
from fsbench.adapters.masks import box_mask, hull_mask
from fsbench.adapters.mobilefsgan_networks import SOURCE_SIZE, Networks, Rows
from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError, ItemError
from fsbench.interfaces import Swapper
from fsbench.types import Face, IdentityUse, Image, Part, SwapItem, Swapped

if TYPE_CHECKING:
    from fsbench.training.checkpoint import Trained

TEMPLATE = "mobilefsgan"
REMEMBERED = 4096  # codes of about 5 kB
Paste = Literal["crop", "frame"]
Mask = Literal["box", "hull"]


class MobileFSGAN(Swapper):
    """Swaps aligned crops with one generator; a source is embedded once, however many targets it goes on."""

    name = "mobilefsgan"
    version = 2

    def __init__(
        self,
        *,
        checkpoint: str,
        device: str = "cpu",
        paste: Paste = "crop",
        mask: Mask = "box",
        blur: float = 0.3,
        batch: int = 0,
        threads: int = 1,
        runtime: str = "torch-folded",
        exported: str = "",
    ) -> None:
        if paste not in get_args(Paste):
            raise ConfigError(f"there is no paste '{paste}'", hint=f"paste = {' | '.join(get_args(Paste))}")
        if mask not in get_args(Mask):
            raise ConfigError(f"there is no mask '{mask}'", hint=f"mask = {' | '.join(get_args(Mask))}")
        if not 0 <= blur <= 1:
            raise ConfigError(f"'blur' is {blur:g}, wanted 0 to 1", hint="blur=0.3")
        if not 0 <= batch <= 64:
            raise ConfigError(f"'batch' is {batch}, wanted 0 to 64", hint="batch=0 leaves it to the device")
        if not 1 <= threads <= 256:
            raise ConfigError(f"'threads' is {threads}, wanted 1 to 256", hint="threads=1")
        self._path = Path(checkpoint).expanduser()
        if not self._path.is_file():
            raise ConfigError(f"there is no checkpoint {checkpoint}", hint="fsbench train mobilefsgan makes one")
        self._device, self._threads, self._runtime = device, threads, runtime
        self._exported = Path(exported).expanduser() if exported else None
        if runtime != "torch-folded" or exported:
            from fsbench.adapters.mobilefsgan_runtimes import check_runtime

            check_runtime(runtime, self._exported)
        self._paste, self._mask, self._blur = paste, mask, blur
        # one thread of a CPU gains nothing from a batch, and the last bits of a row may then depend on its neighbours
        self.batch_size = batch or (1 if device == "cpu" else 8)  # type: ignore[misc]  # a class variable elsewhere
        self._known: OrderedDict[tuple[str, bytes], Rows] = OrderedDict()

    def weight_files(self) -> Mapping[str, Path]:
        """Name the checkpoint and the file of the identity network that it understands.

        Raises:
            RecordError: the checkpoint holds no generator.
            DependencyError: the identity network's weights are not there.
        """
        from fsbench.training.embedder import weight_files
        from fsbench.zoo.store import require

        found = {self._path.name: self._path, **weight_files(self._trained.identity, require)}
        if self._exported is None:
            return found
        from fsbench.adapters.mobilefsgan_runtimes import exported_files

        return {**found, **{path.name: path for path in exported_files(self._exported)}}

    def identity_networks(self) -> tuple[IdentityUse, ...]:
        """Name the identity network in its input, which is also that of its loss."""
        from fsbench.training.embedder import identity_use

        return (identity_use(self._trained.identity),)

    def facts(self) -> Mapping[str, str]:
        """Say which network it is and how long it was trained."""
        trained = self._trained
        settings, step = trained.generator.settings, trained.step
        size = f"{settings.image_size} px, width {settings.width}"
        return {
            "network": f"{settings.architecture}, {settings.variant}, {size}",
            "framework": self._networks.framework,
            "training": "step not said" if step is None else f"{step} steps",
        }

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        """Swap a batch; an item that cannot be aligned fails alone."""
        outcomes: list[Swapped | ItemError] = [ItemError("not tried")] * len(items)
        ready: dict[int, tuple[Image, align.Matrix, Rows]] = {}
        for place, item in enumerate(items):
            try:
                ready[place] = (*_aligned(item.target, self._size), self._code(item.source))
            except ItemError as error:
                outcomes[place] = error
        if not ready:
            return outcomes
        painted = self._painted([target for target, _, _ in ready.values()], [code for _, _, code in ready.values()])
        for picture, (place, (_, matrix, _)) in zip(painted, ready.items(), strict=True):
            try:
                outcomes[place] = self._finished(items[place], picture, matrix)
            except ItemError as error:
                outcomes[place] = error
        return outcomes

    def _painted(self, targets: Sequence[Image], codes: Sequence[Rows]) -> list[Image | None]:
        """Paint (S, S, 3) results of aligned targets, at most `batch_size` at a time; None where one is not finite."""
        parts = []
        for start in range(0, len(targets), self.batch_size):
            now = slice(start, start + self.batch_size)
            parts.append(self._networks.paint(np.stack(targets[now]), np.stack(codes[now])))
        values = (np.concatenate(parts) + 1) * 127.5
        pixels = np.rint(np.nan_to_num(values)).clip(0, 255).astype(np.uint8)
        finite = np.isfinite(values).all((1, 2, 3))
        return [picture if ok else None for picture, ok in zip(pixels, finite, strict=True)]

    def _finished(self, item: SwapItem, picture: Image | None, matrix: align.Matrix) -> Swapped:
        if picture is None:
            raise ItemError("the generator gave pixels that are not finite")
        if self._paste == "crop":
            return Swapped(picture, matrix)
        size = (self._size, self._size)
        is_hull = self._mask == "hull"
        mask = hull_mask(item.target, matrix, size, self._blur) if is_hull else box_mask(size, self._blur)
        return Swapped(align.paste_back(read_rgb(item.target.image.path), picture, matrix, mask))

    def parts(self) -> tuple[Part, ...]:
        """Give the generator and the face net."""
        return self._networks.parts()

    def forget(self) -> None:
        """Drop the codes of sources."""
        self._known.clear()

    def _code(self, face: Face) -> Rows:
        """Turn a source into what the generator takes, once: with one source and many targets only painting is left."""
        key = face.image.sha256, np.asarray(face.landmarks, np.float64).tobytes()
        if key not in self._known:
            source, _ = _aligned(face, SOURCE_SIZE)
            self._known[key] = self._networks.code(source)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    @property
    def _size(self) -> int:
        return self._trained.generator.settings.image_size

    @cached_property
    def _trained(self) -> Trained:
        from fsbench.training.checkpoint import load_trained

        return load_trained(self._path)

    @cached_property
    def _networks(self) -> Networks:
        from fsbench.adapters.mobilefsgan_runtimes import networks_for

        return networks_for(
            self._runtime,
            self._path,
            self._trained,
            exported=self._exported,
            device=self._device,
            threads=self._threads,
        )


def _aligned(face: Face, size: int) -> tuple[Image, align.Matrix]:
    """Cut a crop of the template; beyond the picture its border pixels repeat.

    Raises:
        ItemError: the picture cannot be read, or the landmarks coincide.
    """
    try:
        matrix = align.template_matrix(face.landmarks, TEMPLATE, size)
    except ValueError as error:
        raise ItemError(f"the face in {face.image.path.name} cannot be aligned: {error}") from None
    return align.crop(read_rgb(face.image.path), matrix, (size, size), border="edge"), matrix
