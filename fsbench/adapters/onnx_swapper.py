"""Any ONNX swapper that the table describes: align, embed the source once, run, paste back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from fsbench import align
from fsbench.adapters.masks import Mask, MaskKind, box_mask, hull_mask, model_mask
from fsbench.adapters.onnx_session import Session, count_parameters, provider_name
from fsbench.adapters.onnx_table import BUILT_IN, OnnxModel, load_table
from fsbench.adapters.source_code import SourceCodes, aligned_crop
from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError, ItemError
from fsbench.interfaces import Swapper
from fsbench.types import Image, Part, SwapItem, Swapped

Paste = Literal["frame", "crop"]
Prepared = tuple[SwapItem, Image, align.Matrix]  # with the target's crop and where it lies


class OnnxSwapper(Swapper):
    """Runs one model of the table; its results are whole frames, or the crops as the network paints them."""

    name = "onnx"
    version = 1

    def __init__(
        self,
        *,
        model: str,
        device: str = "cpu",
        provider: str = "",
        mask: MaskKind = "box",
        blur: float = 0.3,
        paste: Paste = "frame",
        batch: int = 0,
        threads: int = 1,
        table: str = "",
    ) -> None:
        models = load_table(Path(table).expanduser() if table else BUILT_IN)
        if model not in models:
            raise ConfigError(f"no ONNX model is called '{model}'; known: {', '.join(models)}", hint="model=NAME")
        if mask not in get_args(MaskKind):
            raise ConfigError(f"there is no mask '{mask}'", hint=f"mask = {' | '.join(get_args(MaskKind))}")
        if paste not in get_args(Paste):
            raise ConfigError(f"there is no paste '{paste}'", hint=f"paste = {' | '.join(get_args(Paste))}")
        if not 0 <= blur <= 1:
            raise ConfigError(f"'blur' is {blur:g}, wanted 0 to 1", hint="blur=0.3")
        if not 0 <= batch <= 64:
            raise ConfigError(f"'batch' is {batch}, wanted 0 to 64", hint="batch=0 leaves it to the device")
        if not 1 <= threads <= 256:
            raise ConfigError(f"'threads' is {threads}, wanted 1 to 256", hint="threads=1")
        self._model: OnnxModel = models[model]
        if mask == "model" and self._model.mask_output is None:
            raise ConfigError(f"{model} gives no mask of its own", hint="mask=box or mask=hull")
        self.name = model  # type: ignore[misc]  # a class variable elsewhere; tables name the model
        self.trained_with = self._model.family  # type: ignore[misc]
        # one thread of a CPU gains nothing from a batch, and the last bits of a row may then depend on its neighbours
        self.batch_size = batch or (1 if device == "cpu" else 8)  # type: ignore[misc]
        self._device, self._provider, self._mask, self._blur, self._paste = device, provider, mask, blur, paste
        self._threads = threads

    def weight_files(self) -> Mapping[str, Path]:
        """Name the swapper's network and those that make the source's code.

        Raises:
            DependencyError: one is not in the zoo's folder.
        """
        return {path.name: path for path in self._files.values()}

    def facts(self) -> Mapping[str, str]:
        """Say which execution provider does the work."""
        return {"onnx provider": provider_name(self._device, self._provider)}

    def weight_names(self) -> Sequence[str]:
        """Give the zoo's names of the weight files."""
        source = self._model.source
        return [self._model.weight, *source.networks, *([source.converter] if source.converter else [])]

    @cached_property
    def _files(self) -> dict[str, Path]:
        from fsbench.zoo.store import require

        return {name: require(name) for name in self.weight_names()}

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        """Swap a batch in one call of the network; an item that cannot be aligned fails alone."""
        outcomes: list[Swapped | ItemError] = [ItemError("not tried")] * len(items)
        ready: dict[int, tuple[Prepared, NDArray[np.float32]]] = {}
        for place, item in enumerate(items):
            try:
                target, matrix = aligned_crop(item.target, self._model)
                ready[place] = (item, target, matrix), self._codes.of([item.source])[0]
            except ItemError as error:
                outcomes[place] = error
        if ready:
            outputs = self._run([part for part, _ in ready.values()], [code for _, code in ready.values()])
            for row, (place, (part, _)) in enumerate(ready.items()):
                try:
                    outcomes[place] = self._finished(part, [output[row] for output in outputs])
                except ItemError as error:
                    outcomes[place] = error
        return outcomes

    def parts(self) -> tuple[Part, ...]:
        """Give the network that paints, and those that turn a source into its code."""
        painter = _part("swapper", self._network)
        return (painter, *(_part(session.path.name, session, True) for session in self._codes.sessions))

    def forget(self) -> None:
        """Drop the codes of sources."""
        self._codes.forget()

    def _run(self, parts: Sequence[Prepared], codes: Sequence[NDArray[np.float32]]) -> list[NDArray[np.floating]]:
        names = self._model.inputs
        targets = self._model.scaled(np.stack([target for _, target, _ in parts]))
        return self._network.run({names.target: targets, names.source: np.stack(codes)})

    def _finished(self, part: Prepared, outputs: Sequence[NDArray[np.floating]]) -> Swapped:
        item, _, matrix = part
        wanted = (3, self._model.size, self._model.size)
        if outputs[0].shape != wanted or not np.isfinite(outputs[0]).all():
            raise ItemError(f"the network gave {outputs[0].shape}, wanted {wanted} finite numbers")
        painted = self._model.result(outputs[0])
        if self._paste == "crop":
            return Swapped(painted, matrix)
        mask = self._mask_of(item, matrix, outputs)
        return Swapped(align.paste_back(read_rgb(item.target.image.path), painted, matrix, mask))

    def _mask_of(self, item: SwapItem, matrix: align.Matrix, outputs: Sequence[NDArray[np.floating]]) -> Mask:
        size = (self._model.size, self._model.size)
        if self._mask == "hull":
            return hull_mask(item.target, matrix, size, self._blur)
        box = box_mask(size, self._blur)
        if self._mask == "box":
            return box
        number = self._model.mask_output
        if number is None or number >= len(outputs):
            raise ItemError(f"the network gave {len(outputs)} output(s), so no mask")
        return np.minimum(box, model_mask(outputs[number], size))

    def _open(self, path: Path) -> Session:
        return Session(path, self._device, self._provider, threads=self._threads)

    @cached_property
    def _network(self) -> Session:
        session = self._open(self._files[self._model.weight])
        session.require_inputs([self._model.inputs.target, self._model.inputs.source])
        return session

    @cached_property
    def _codes(self) -> SourceCodes:
        return SourceCodes(self._model.source, self._files, self._files[self._model.weight], self._open)


def _part(name: str, session: Session, once_a_source: bool = False) -> Part:
    feeds = session.example()
    count = count_parameters(session.path)
    return Part(name, lambda: session.run(feeds), None, count, (session.path,), once_a_source=once_a_source)
