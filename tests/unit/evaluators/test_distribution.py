import dataclasses
import sys

import numpy as np
import pytest
from needs import needs

from fsbench import align
from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError, DependencyError, ItemError
from fsbench.evaluators.distribution import EffLite0, whole_picture
from fsbench.evaluators.inference import prepared

needs("efficientnet_lite_pytorch", "offline")


@pytest.fixture(scope="module")
def network():
    return EffLite0()


@pytest.fixture(scope="module")
def rows(network, faces):
    return network.extract(faces)


def test_rows_times_the_classifier_are_the_packages_own_logits(network):
    import skimage.data
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    (path,) = network.weight_files().values()
    original = EfficientNet.from_name("efficientnet-lite0").eval()
    original.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    cat = np.ascontiguousarray(skimage.data.chelsea()[:224, :224])  # already of the network's size: nothing to resize
    with torch.inference_mode():
        wanted = original((torch.from_numpy(cat).permute(2, 0, 1)[None].float() - 127) / 128)
        found = original._fc(torch.from_numpy(network.embed([cat])))
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-4)


@pytest.mark.parametrize(("name", "label"), [("chelsea", {281, 282, 285}), ("coffee", {504, 967, 968})])
def test_the_network_sees_what_is_in_a_picture(network, name, label):
    """ImageNet's 281, 282, 285: tabby, tiger cat, Egyptian cat; 504, 967, 968: coffee mug, espresso, cup."""
    import skimage.data
    import torch

    (path,) = network.weight_files().values()
    classifier = torch.load(path, map_location="cpu", weights_only=True)
    row = network.embed([getattr(skimage.data, name)()])[0]
    logits = row @ classifier["_fc.weight"].numpy().T + classifier["_fc.bias"].numpy()
    chances = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert chances[list(label)].sum() > 0.9


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_a_row_is_the_same_to_the_bit_in_batches_of_any_size(network, rows, faces, size):
    parts = [network.extract(faces[start : start + size]) for start in range(0, len(faces), size)]
    np.testing.assert_array_equal(np.concatenate(parts), rows)


def test_a_row_is_the_same_to_the_bit_among_other_neighbours(network, rows, faces):
    many = network.extract([*faces[::-1], *faces[:3]])
    np.testing.assert_array_equal(many, np.concatenate([rows[::-1], rows[:3]]))


def test_the_aligned_region_is_the_crop_of_256_pixels(network, rows, faces):
    matrix = align.template_matrix(faces[0].landmarks, "ffhq", 256)
    crop = align.crop(read_rgb(faces[0].image.path), matrix, (256, 256))
    np.testing.assert_array_equal(network.embed([crop])[0], rows[0])


def test_the_whole_frame_needs_no_face(pictures):
    frame = EffLite0(region="frame")
    found = frame.extract([whole_picture(pictures["single"])])
    np.testing.assert_array_equal(found, frame.embed([read_rgb(pictures["single"].path)]))


def test_a_whole_picture_is_a_face_that_covers_it(pictures):
    face = whole_picture(pictures["single"])
    assert face.box.tolist() == [0, 0, 511, 511]


def test_the_aligned_region_of_a_whole_picture_is_an_item_error(network, pictures):
    with pytest.raises(ItemError, match="cannot be aligned"):
        network.extract([whole_picture(pictures["single"])])


def test_shrinking_does_not_alias(network):
    """Stripes of one pixel become even grey, as they do to the eye."""
    stripes = np.zeros((896, 896, 3), np.uint8)
    stripes[:, ::2] = 255
    grey = np.full((224, 224, 3), 127, np.uint8)
    found, sampled, wanted = network.embed([stripes, stripes[::4, ::4], grey])
    assert np.linalg.norm(found - wanted) < 0.01 * np.linalg.norm(sampled - wanted)


def test_another_region_changes_the_name_so_that_caches_do_not_mix():
    assert (EffLite0().name, EffLite0(region="frame").name) == ("efflite0", "efflite0+frame")


def test_an_unknown_region_is_refused():
    with pytest.raises(ConfigError, match="'region' is 'face', wanted one of: aligned_256, frame"):
        EffLite0(region="face")


def test_a_missing_picture_is_an_item_error(network, faces, tmp_path):
    lost = dataclasses.replace(faces[0].image, path=tmp_path / "lost.png")
    with pytest.raises(ItemError, match=r"lost\.png cannot be read"):
        network.extract([dataclasses.replace(faces[0], image=lost)])


def test_no_faces_give_no_rows(network):
    assert network.extract([]).shape == (0, 1280)


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch, faces):
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(DependencyError, match="'efficientnet_lite_pytorch'") as caught:
        EffLite0().extract(faces[:1])
    assert caught.value.hint == "pip install 'fsbench[offline]'"


def test_a_prepared_network_is_in_eval_mode_without_gradients():
    import torch

    network = prepared(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)), "cpu")
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
