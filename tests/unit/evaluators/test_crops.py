"""Known points land where the published templates say."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from fsbench import align
from fsbench.errors import ItemError
from fsbench.evaluators import crops
from fsbench.evaluators.warp import patch, warped
from fsbench.types import Face, ImageRef

# insightface, face_align.py; CosFace's from TreB1eN/InsightFace_Pytorch, align_trans.py; of 112 x 112 and 112 x 96.
ARCFACE = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
COSFACE = [
    *([30.29459953, 51.69630051], [65.53179932, 51.50139999], [48.02519989, 71.73660278]),
    *([33.54930115, 92.3655014], [62.72990036, 92.20410156]),
]


def face(landmarks=None, box=(0, 0, 1, 1)):
    points = np.zeros((5, 2)) if landmarks is None else np.asarray(landmarks, float)
    return Face(ImageRef(Path("x.png"), "0"), np.array(box, float), points, 1.0)


def moved(points, *, turn=0.0, scale=1.0, shift=(0.0, 0.0)):
    """Turn, enlarge and shift points, as a face in a picture is."""
    c, s = np.cos(turn) * scale, np.sin(turn) * scale
    return np.asarray(points) @ np.array([[c, s], [-s, c]]) + shift


@pytest.mark.parametrize(("rule", "template"), [(crops.arcface, ARCFACE), (crops.cosface, COSFACE)])
@pytest.mark.parametrize("place", [{}, {"turn": 0.4, "scale": 2.7, "shift": (300, 90)}, {"turn": -1, "scale": 0.5}])
def test_landmarks_land_on_the_published_template(rule, template, place):
    landmarks = moved(template, **place)
    np.testing.assert_allclose(align.transform(landmarks, rule(face(landmarks))), template, atol=1e-3)


def test_the_mean_face_of_deep3d_lands_at_102_pixels_a_unit_about_the_middle():
    """Published: POS fit, scale 102, window of 224 around the shift; x to the right, y up."""
    wanted = crops.RECON_POINTS[:, :2] * [102, -102] + 112
    for scale, shift in ((1.0, (0, 0)), (3.1, (400, 250)), (0.4, (20, 30))):
        landmarks = moved(wanted, scale=scale, shift=shift)
        found = align.transform(landmarks, crops.recon(face(landmarks)))
        np.testing.assert_allclose(found, wanted, atol=0.5)


def test_deep3d_does_not_turn_a_leaning_head():
    landmarks = moved(crops.RECON_POINTS[:, :2] * [102, -102], turn=0.3, scale=2, shift=(300, 300))
    matrix = crops.recon(face(landmarks))
    assert matrix[0, 1] == matrix[1, 0] == 0
    assert matrix[0, 0] == matrix[1, 1] == pytest.approx(0.5, rel=0.05)


def test_the_head_crop_is_hopenets_training_margin_worked_out_by_hand():
    """Box 100 x 100 at (200, 300): left 200 - 18, top 300 - 60, right 300 + .18 * 118, bottom 400 + .18 * 160."""
    left, top, right, bottom = 182, 240, 321.24, 428.8
    matrix = crops.head(face(box=(200, 300, 300, 400)), 224)
    scale = 224 / (right - left)  # the short side fills the crop
    # edges of pixels lie half a pixel before their centres
    corner = align.transform([[left - 0.5, (top + bottom) / 2 - 0.5]], matrix)[0]
    np.testing.assert_allclose(corner, [-0.5, 111.5], atol=1e-9)
    assert matrix[0, 0] == matrix[1, 1] == pytest.approx(scale)


def test_the_box_crop_is_the_box():
    matrix = crops.box(face(box=(10, 20, 110, 220)), 224)
    corners = align.transform([[9.5, 19.5], [109.5, 219.5]], matrix)
    np.testing.assert_allclose(corners, [[-0.5, -0.5], [223.5, 223.5]], atol=1e-9)


@pytest.mark.parametrize("rule", [crops.arcface, crops.cosface, crops.recon])
def test_landmarks_on_one_spot_are_an_item_error(rule):
    with pytest.raises(ItemError, match=r"x\.png cannot be aligned"):
        rule(face(np.full((5, 2), 7.0)))


@pytest.mark.parametrize("rule", [crops.head, crops.box])
def test_a_box_without_area_is_an_item_error(rule):
    with pytest.raises(ItemError, match="smaller than a pixel"):
        rule(face(box=(5, 5, 5, 9)), 224)


@pytest.mark.parametrize("scale", [0.13, 0.31, 0.6, 1.7])
def test_crops_cut_on_a_device_are_those_of_the_processor(pictures, scale):
    """Within the rounding of OpenCV's fixed-point weights; here the device is the processor, too."""
    from fsbench.data.frames import read_rgb

    pixels, size = read_rgb(pictures["single"].path), (112, 96)
    linear = scale * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    for middle in ((224, 120), (30, 500)):  # the second crop reaches beyond the picture
        matrix = np.column_stack([linear, np.array([48, 56]) - linear @ middle])
        wanted = align.crop(pixels, matrix, size).astype(float)
        found = warped([patch(pixels, matrix, size)] * 2, size, "cpu")[0].permute(1, 2, 0).numpy()
        assert np.abs(found - wanted).mean() < 0.5
        assert np.percentile(np.abs(found - wanted), 99) < 4


def test_a_crop_on_a_device_does_not_depend_on_its_neighbours(pictures):
    from fsbench.data.frames import read_rgb

    pixels = read_rgb(pictures["group"].path)
    matrices = [np.array([[s, 0, -s * x], [0, s, -s * 200]]) for s, x in ((0.4, 100), (1.3, 500), (0.9, 300))]
    patches = [patch(pixels, matrix, (112, 112)) for matrix in matrices]
    together = warped(patches, (112, 112), "cpu")
    for row, one in enumerate(patches):
        np.testing.assert_array_equal(together[row].numpy(), warped([one], (112, 112), "cpu")[0].numpy())


def test_a_face_keeps_its_landmarks_when_it_is_cut():
    landmarks = np.array(ARCFACE)
    before = dataclasses.replace(face(landmarks)).landmarks.copy()
    crops.cosface(face(landmarks))
    np.testing.assert_array_equal(landmarks, before)
