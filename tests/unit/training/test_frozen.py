"""The frozen networks: what they look at, against the released crops, torchvision and dlib."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from fsbench import align
from fsbench.networks.mobilefacenet import MobileFaceNet
from fsbench.training.embedder import DLIB_CROP, MOBILE_CROP, Embedder, build_embedder
from fsbench.training.perception import IMAGENET_MEAN, IMAGENET_SPREAD, Vgg19Features, build_features


def no_weights(name):
    raise AssertionError(f"{name} was asked for")


@pytest.mark.parametrize(("size", "inside"), [(256, (26, 230)), (128, (13, 115)), (64, (7, 57))])
def test_the_identity_crop_of_each_size_is_the_released_one(size, inside):
    pictures = torch.rand(2, 3, size, size)
    first, last = inside
    wanted = functional.interpolate(
        pictures[:, :, first:last, first:last], (112, 112), mode="bilinear", align_corners=True
    )
    torch.testing.assert_close(MOBILE_CROP.cut(pictures), wanted, atol=0, rtol=0)


def test_the_template_makes_the_inner_pixels_an_arcface_crop():
    points = align.TEMPLATES["mobilefsgan"] * 256
    inside = (points - 26) * 111 / 203  # where align_corners puts pixel 26 + x of 204
    np.testing.assert_allclose(inside, align.TEMPLATES["arcface"] * 112, atol=1e-9)


def test_several_sizes_in_one_pass_equal_each_alone():
    torch.manual_seed(0)
    embedder = Embedder("mobilefacenet", MobileFaceNet(), MOBILE_CROP, dim=512)
    pictures = [torch.rand(2, 3, size, size) * 2 - 1 for size in (64, 32)]
    with torch.inference_mode():
        together = embedder.several(pictures)
        for rows, batch in zip(together, pictures, strict=True):
            torch.testing.assert_close(rows, embedder(batch), atol=1e-5, rtol=0)
            torch.testing.assert_close(rows.norm(dim=1), torch.ones(2))


def test_the_embedder_is_frozen_and_lets_gradients_through():
    embedder = build_embedder("dlib", no_weights).train()
    assert not embedder.network.training
    assert not any(parameter.requires_grad for parameter in embedder.parameters())
    pictures = (torch.rand(1, 3, 64, 64) * 2 - 1).requires_grad_()
    embedder(pictures)[0, 0].backward()
    assert float(pictures.grad.abs().sum()) > 0


def test_the_mean_embedding_is_taken_away():
    embedder = build_embedder("dlib", no_weights)
    pictures = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.inference_mode():
        raw = embedder.raw(pictures)
        embedder.centre.copy_(raw.mean(0))
        rows = embedder(pictures)
    assert float((rows[0] * rows[1]).sum()) == pytest.approx(-1, abs=1e-4)  # two points lie opposite about their mean


def test_dlibs_crop_sees_the_same_person_as_dlibs_own_chip(mini):
    from fsbench.data.frames import pixel_sha256, read_rgb
    from fsbench.evaluators.detectors import Dlib
    from fsbench.evaluators.identity import DlibResNet
    from fsbench.types import ImageRef

    assert DLIB_CROP.size == 150
    paths = sorted((mini / "lfw").rglob("*.jpg"))[::6]
    images = [ImageRef(path, pixel_sha256(read_rgb(path))) for path in paths]
    faces = [found[0] for found in Dlib().detect(images) if found]
    assert len(faces) >= 3
    crops = []
    for face in faces:
        matrix = align.template_matrix(face.landmarks, "mobilefsgan", 256)
        crops.append(align.crop(read_rgb(face.image.path), matrix, (256, 256), border="edge"))
    with torch.inference_mode():
        pictures = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2) / 127.5 - 1
        ours = build_embedder("dlib", no_weights).raw(pictures).numpy()
    theirs = DlibResNet(device="cpu").extract(faces)
    cosines = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    assert np.median(cosines) > 0.99  # strangers are near 0.86
    assert cosines.min() > 0.95


@pytest.mark.parametrize("bgr", [False, True])
def test_the_attribute_features_are_vgg19s_at_the_released_layers(bgr):
    from torchvision.models import vgg19

    torch.manual_seed(0)
    layers = vgg19(weights=None).features
    features = Vgg19Features(layers, bgr=bgr)
    assert features.weights == (0.6, 0.8, 1.0, 1.2)
    pictures = torch.rand(1, 3, 64, 64) * 2 - 1
    mean, spread = (torch.tensor(values)[None, :, None, None] for values in (IMAGENET_MEAN, IMAGENET_SPREAD))
    shown = pictures[:, [2, 1, 0]] if bgr else pictures
    with torch.inference_mode():
        found = features(pictures)
        # relu2_1, relu3_1, relu4_1, relu5_1 stand at places 6, 11, 20 and 29 of torchvision's list
        for maps, place in zip(found, (6, 11, 20, 29), strict=True):
            wanted = layers[: place + 1](((shown + 1) / 2 - mean) / spread)
            torch.testing.assert_close(maps, wanted, atol=1e-5, rtol=1e-5)
    assert [maps.shape[1] for maps in found] == [128, 256, 512, 512]


def test_dlibs_attribute_features_are_early_maps_of_the_whole_picture():
    features = build_features("dlib", no_weights)
    with torch.inference_mode():
        maps = features(torch.rand(1, 3, 64, 64) * 2 - 1)
    assert [part.shape[1] for part in maps] == [32, 32, 64]
    assert maps[0].shape[-1] > maps[1].shape[-1] > maps[2].shape[-1]
