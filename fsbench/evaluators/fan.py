"""FAN's 68 points in boxes that were found already, through the package face-alignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsbench.evaluators.inference import check_device, one_thread
from fsbench.networks.packages import load_package
from fsbench.types import Image


class Fan68:
    """2DFAN-4: heat maps of a 256 x 256 crop around the box, those of the mirrored crop added."""

    def __init__(self, *, device: str = "cpu") -> None:
        self.device = device

    def weight_files(self) -> Mapping[str, Path]:
        """Name the weight file, which must be in the zoo's folder.

        Raises:
            DependencyError: it is not there.
        """
        from fsbench.zoo.store import require

        path = require("fan-2d")
        return {path.name: path}

    def find(self, pixels: Image, boxes: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        """Find 68 points (68, 2) in iBUG order for each box (4,)."""
        if not boxes:
            return []
        with one_thread():
            found = self._aligner.get_landmarks_from_image(np.array(pixels), detected_faces=list(boxes))
        return [np.asarray(points, np.float64) for points in found]

    @cached_property
    def _aligner(self) -> Any:
        """Build the package's aligner with our weight file in place of its download, and with no detector of its own.

        It compiles its network unless told not to, which takes a minute and gives other bits.
        """
        from fsbench.zoo.tensors import load_state

        check_device(self.device)
        package = load_package("face_alignment", hint="pip install face-alignment")
        fan = load_package("face_alignment.models", hint="pip install face-alignment").FAN
        (path,) = self.weight_files().values()

        class FromFile(package.FaceAlignment):  # type: ignore[misc, name-defined]
            def _load_native(self, network_name: str, network_size: int, device: str, dtype: Any) -> Any:
                from fsbench.networks.loading import filled

                return filled(lambda: fan(network_size), load_state(path), name="fan-2d").to(device, dtype).eval()

        kind = package.LandmarksType.TWO_D
        return FromFile(kind, device=self.device, face_detector="folder", compile=False)
