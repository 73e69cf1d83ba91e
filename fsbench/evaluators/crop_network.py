"""An evaluator that cuts one crop a face and runs a network of the zoo on it: what all of them share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fsbench import align
from fsbench.align import Matrix
from fsbench.data.frames import read_rgb
from fsbench.evaluators.inference import batch_rows, check_precision, group_size, prepared, torch_device_type
from fsbench.evaluators.loader import groups_ahead
from fsbench.interfaces import Evaluator
from fsbench.types import Face, Image

if TYPE_CHECKING:
    import torch

    from fsbench.evaluators.warp import Patch

IMAGENET_MEAN = (123.675, 116.28, 103.53)  # torchvision's 0.485, 0.456, 0.406 of 255
IMAGENET_SPREAD = (58.395, 57.12, 57.375)
Triple = tuple[float, float, float]


class CropNetwork(Evaluator):
    """Reads, cuts and normalises faces ahead of its network, and measures them in groups."""

    weight: ClassVar[str]  # its name in the zoo
    crop_size: ClassVar[tuple[int, int]]  # height and width
    mean: ClassVar[Triple] = (127.5, 127.5, 127.5)  # taken from R, G, B in 0..255
    spread: ClassVar[Triple] = (127.5, 127.5, 127.5)  # and what divides the rest
    batch_size: ClassVar[int] = 64  # several groups, so that the next ones are read while one is measured

    def __init__(self, *, device: str = "cpu", precision: str = "float32") -> None:
        check_precision(precision, device)
        self.device = device
        self.precision = precision
        if precision != "float32":  # other numbers, so it must not share a name in a cache or a table
            self.name = f"{self.name}+{precision}"  # type: ignore[misc]
            self.title = f"{self.title}, {precision}"  # type: ignore[misc]

    def weight_files(self) -> Mapping[str, Path]:
        """Name the weight file, which must be in the zoo's folder.

        Raises:
            DependencyError: it is not there.
        """
        from fsbench.zoo.store import require

        path = require(self.weight)
        return {path.name: path}

    @abstractmethod
    def matrix(self, face: Face) -> Matrix:
        """Place the crop of a face: (2, 3), from pixels of the picture to those of the crop."""

    @abstractmethod
    def network(self, tensors: Mapping[str, torch.Tensor]) -> torch.nn.Module:
        """Build the network with its weights."""

    def cut(self, face: Face, pixels: Image) -> Image:
        """Cut the crop (height, width, 3) of a face."""
        return align.crop(pixels, self.matrix(face), self.crop_size)

    def rows(self, network: Any, batch: torch.Tensor) -> torch.Tensor:
        """Turn normalised crops (N, 3, height, width) into rows (N, dim)."""
        found: torch.Tensor = network(batch)
        return found

    def extract(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        """Measure (N, dim) rows; on one machine's CPU the same bits whatever the batch.

        Raises:
            ItemError: a picture cannot be read, or a face cannot be cut.
        """
        parts = [np.zeros((0, self.dim), np.float32)]
        for group in groups_ahead(faces, self._prepare, size=group_size(self.device)):
            parts.append(self._measure(self._batch(group)))
        return np.concatenate(parts)

    def measure_crops(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """Measure (N, dim) rows of crops that are cut already."""
        parts, size = [np.zeros((0, self.dim), np.float32)], group_size(self.device)
        for start in range(0, len(crops), size):
            parts.append(self._measure(self._batch(list(crops[start : start + size]))))
        return np.concatenate(parts)

    def _prepare(self, face: Face) -> Image | Patch:
        pixels = read_rgb(face.image.path)
        if torch_device_type(self.device) == "cpu" or type(self).cut is not CropNetwork.cut:
            return self.cut(face, pixels)
        from fsbench.evaluators.warp import patch

        return patch(pixels, self.matrix(face), self.crop_size)

    def _batch(self, group: Sequence[Any]) -> torch.Tensor:
        """Put a group on the device as (N, 3, height, width), normalised."""
        import torch

        if isinstance(group[0], np.ndarray):
            pictures = torch.from_numpy(np.stack(group)).to(self.device).permute(0, 3, 1, 2).float()
        else:
            from fsbench.evaluators.warp import warped

            pictures = warped(group, self.crop_size, self.device)
        mean, spread = (pictures.new_tensor(values).view(1, 3, 1, 1) for values in (self.mean, self.spread))
        return (pictures - mean) / spread

    def _measure(self, batch: torch.Tensor) -> NDArray[np.float32]:
        """Run the network on a group that is filled up: its last layers give other bits for other numbers of rows."""
        count, size = len(batch), group_size(self.device)
        if count < size:
            batch = batch[[*range(count), *[0] * (size - count)]]
        return batch_rows(lambda part: self.rows(self._network, part), batch, precision=self.precision)[:count]

    @cached_property
    def _network(self) -> Any:
        from fsbench.zoo.manifest import weight
        from fsbench.zoo.tensors import load_state

        (path,) = self.weight_files().values()
        tensors = load_state(path, key=weight(self.weight).state_key)
        return prepared(self.network({name: _single(tensor) for name, tensor in tensors.items()}), self.device)


def _single(tensor: torch.Tensor) -> torch.Tensor:
    """Turn weights that were stored in half precision into float32; counters stay whole numbers."""
    return tensor.float() if tensor.is_floating_point() else tensor
