"""The identity networks of papers, by weights of the zoo: ArcFace, CosFace, FaceNet, MobileFaceNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from fsbench.align import Matrix
from fsbench.errors import ItemError
from fsbench.evaluators import crops
from fsbench.evaluators.crop_network import CropNetwork
from fsbench.networks.packages import load_package
from fsbench.types import Face, Image

if TYPE_CHECKING:
    import torch

EMBEDDING = 512
ARCFACE_CROP = "the five landmarks on ArcFace's template, 112 x 112, bilinear, averaged first where it shrinks by half"


class IdentityNetwork(CropNetwork):
    """An embedding of 512 numbers; with `flip`, that of the mirrored crop stands behind it: 1024."""

    role = "identity"
    version = 1
    dim = EMBEDDING

    def __init__(self, *, device: str = "cpu", precision: str = "float32", flip: bool = False) -> None:
        super().__init__(device=device, precision=precision)
        self.flip = flip
        if flip:  # other numbers, so it must not share a name in a cache or a table
            self.dim = 2 * EMBEDDING  # type: ignore[misc]
            self.name = f"{self.name}+flip"  # type: ignore[misc]
            self.title = f"{self.title} with mirror"  # type: ignore[misc]

    def rows(self, network: Any, batch: torch.Tensor) -> torch.Tensor:
        """Embed crops, and their mirror images where asked for."""
        import torch

        found: torch.Tensor = network(batch)
        return torch.cat([found, network(batch.flip(3))], 1) if self.flip else found


class ArcFaceMs1mv3(IdentityNetwork):
    """ArcFace's IResNet-50 trained on MS1MV3, as a torch file."""

    name = "arcface-ms1mv3-r50"
    title = "ArcFace R50 MS1MV3"
    family = "arcface"
    weight = "arcface-ms1mv3-r50-torch"
    crop_size = crops.ARCFACE_SIZE
    explanation = f"{title} sees {ARCFACE_CROP}."

    def matrix(self, face: Face) -> Matrix:
        """Place the landmarks on ArcFace's template."""
        return crops.arcface(face)

    def network(self, tensors: Mapping[str, torch.Tensor]) -> torch.nn.Module:
        """Build IResNet-50."""
        from fsbench.networks.iresnet import IResNet50
        from fsbench.networks.loading import filled

        return filled(IResNet50, tensors, name=self.weight)


class CosFace(IdentityNetwork):
    """CosFace's Sphere20, the file ACC99.28, on crops of 112 x 96."""

    name = "cosface-acc9928"
    title = "CosFace"
    family = "cosface"
    weight = "cosface-acc9928"
    crop_size = crops.COSFACE_SIZE
    explanation = (
        "CosFace sees the five landmarks on its template, 112 high and 96 wide (ArcFace's moved 8 px to the left), "
        "bilinear, averaged first where it shrinks by half."
    )

    def matrix(self, face: Face) -> Matrix:
        """Place the landmarks on the template of this size."""
        return crops.cosface(face)

    def network(self, tensors: Mapping[str, torch.Tensor]) -> torch.nn.Module:
        """Build Sphere20 for crops of this size."""
        from fsbench.networks.loading import filled
        from fsbench.networks.sphere20 import Sphere20

        return filled(lambda: Sphere20(self.crop_size), tensors, name=self.weight)


class CosFace112(CosFace):
    """CosFace's Sphere20 trained on VGGFace2, on crops of 112 x 112: what ReliableSwap measures with."""

    name = "cosface-vggface2-112"
    title = "CosFace VGGFace2"
    weight = "cosface-vggface2-9955"
    crop_size = crops.ARCFACE_SIZE
    explanation = f"{title} sees {ARCFACE_CROP}."

    def matrix(self, face: Face) -> Matrix:
        """Place the landmarks on ArcFace's template."""
        return crops.arcface(face)


class FaceNet(IdentityNetwork):
    """facenet-pytorch's InceptionResnetV1 trained on VGGFace2; its rows have length 1."""

    name = "facenet-vggface2"
    title = "FaceNet"
    family = "facenet"
    weight = "facenet-vggface2"
    crop_size = (160, 160)
    spread: ClassVar[tuple[float, float, float]] = (128.0, 128.0, 128.0)
    explanation = (
        "FaceNet sees the box of the face without a margin, squeezed to 160 x 160 by facenet-pytorch's extract_face "
        "(averaging); no landmarks are used."
    )

    def matrix(self, face: Face) -> Matrix:
        """Place the box; `cut` leaves the cutting to the package, which rounds the box to whole pixels."""
        return crops.box(face, self.crop_size[0])

    def cut(self, face: Face, pixels: Image) -> Image:
        """Cut the box as facenet-pytorch does."""
        height, width = pixels.shape[:2]
        left, top = np.maximum(face.box[:2], 0).astype(int)
        right, bottom = np.minimum(face.box[2:], [width, height]).astype(int)
        if right <= left or bottom <= top:
            raise ItemError(f"the box of the face in {face.image.path.name} lies outside of the picture")
        package = load_package("facenet_pytorch.models.utils.detect_face", hint=NO_DEPS)
        found = package.extract_face(pixels, face.box, image_size=self.crop_size[0])
        return np.ascontiguousarray(found.permute(1, 2, 0).numpy().astype(np.uint8))

    def network(self, tensors: Mapping[str, torch.Tensor]) -> torch.nn.Module:
        """Build the package's network; the classifier that the file holds too is left out."""
        from fsbench.networks.loading import filled

        package = load_package("facenet_pytorch.models.inception_resnet_v1", hint=NO_DEPS)
        build: type[torch.nn.Module] = package.InceptionResnetV1
        used = {name: tensor for name, tensor in tensors.items() if not name.startswith("logits.")}
        return filled(build, used, name=self.weight)


class FaceNetCasia(FaceNet):
    """The same trained on CASIA-WebFace."""

    name = "facenet-casia"
    title = "FaceNet CASIA"
    weight = "facenet-casia"
    explanation = FaceNet.explanation.replace("FaceNet sees", f"{title} sees")


class MobileFaceNetRgb(IdentityNetwork):
    """The identity network in MobileFSGAN's loss; only for looking into training."""

    name = "mobilefacenet-rgb"
    title = "MobileFaceNet"
    family = "mobilefacenet"
    weight = "mobilefacenet-rgb"
    for_training = True
    crop_size = crops.ARCFACE_SIZE
    explanation = f"{title} sees {ARCFACE_CROP}."

    def matrix(self, face: Face) -> Matrix:
        """Place the landmarks on ArcFace's template."""
        return crops.arcface(face)

    def network(self, tensors: Mapping[str, torch.Tensor]) -> torch.nn.Module:
        """Build MobileFaceNet."""
        from fsbench.networks.loading import filled
        from fsbench.networks.mobilefacenet import MobileFaceNet

        return filled(MobileFaceNet, tensors, name=self.weight)


NO_DEPS = "pip install --no-deps facenet-pytorch==2.6.0"
