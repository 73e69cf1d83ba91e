"""Masks for pasting back: known arithmetic, soft rims, and what they never reach."""

import numpy as np
import pytest

from fsbench import align
from fsbench.adapters.masks import box_mask, hull_mask, model_mask
from fsbench.data.frames import read_rgb
from fsbench.errors import ItemError

SIZE = (256, 256)


def test_the_box_of_256_pixels_has_the_published_border_and_sigma():
    mask = box_mask(SIZE, 0.3)
    assert mask[128, 128] == pytest.approx(1, abs=1e-6)
    # a step 19 pixels from the border under a Gaussian of sigma 9.5: half way between pixels 18 and 19
    assert (mask[128, 18] + mask[128, 19]) / 2 == pytest.approx(0.5, abs=5e-3)
    assert mask[128, 19 + 9] == pytest.approx(0.8413, abs=0.02)  # one sigma inside
    np.testing.assert_allclose(mask, mask[::-1], atol=1e-6)
    np.testing.assert_allclose(mask, mask.T, atol=1e-6)


def test_a_box_without_blur_is_one_up_to_a_pixel_from_the_border():
    mask = box_mask((8, 6), 0)
    assert mask[1:-1, 1:-1].min() == 1
    assert mask.sum() == 6 * 4


def test_the_hull_covers_eyes_nose_and_mouth_and_neither_corner_nor_border(people):
    face = people[-1]
    matrix = align.template_matrix(face.landmarks, "ffhq", 256)
    mask = hull_mask(face, matrix, SIZE)
    for x, y in np.rint(align.transform(face.landmarks, matrix)).astype(int):
        assert mask[y, x] > 0.5
    rim = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    assert rim.max() == 0
    assert mask.max() == pytest.approx(1, abs=1e-6)


def test_a_hull_without_68_points_or_outside_the_crop_is_a_failure_of_that_item(people, flat_face):
    with pytest.raises(ItemError, match="68 landmarks"):
        hull_mask(flat_face(), np.array([[1.0, 0, 0], [0, 1, 0]]), SIZE)
    far = np.array([[1.0, 0, -9000], [0, 1, -9000]])
    with pytest.raises(ItemError, match="outside"):
        hull_mask(people[-1], far, SIZE)


def test_a_models_mask_is_clipped_and_must_fit():
    values = np.array([[[-1.0, 0.25], [0.5, 2.0]]])
    assert model_mask(values, (2, 2)).tolist() == [[0.0, 0.25], [0.5, 1.0]]
    with pytest.raises(ItemError, match="shape"):
        model_mask(values, (3, 3))
    with pytest.raises(ItemError, match="shape"):
        model_mask(np.full((2, 2), np.nan), (2, 2))


@pytest.mark.parametrize("kind", ["box", "hull"])
def test_pasting_with_a_mask_leaves_everything_outside_the_crop_exactly(people, kind):
    face = people[0]
    frame = read_rgb(face.image.path)
    matrix = align.template_matrix(face.landmarks, "arcface_128", 256)
    mask = box_mask(SIZE) if kind == "box" else hull_mask(face, matrix, SIZE)
    pasted = align.paste_back(frame, np.full((256, 256, 3), 255, np.uint8), matrix, mask)
    y, x = np.mgrid[: frame.shape[0], : frame.shape[1]]
    inside = align.transform(np.stack([x.ravel(), y.ravel()], axis=1), matrix)
    outside = ((inside < -1) | (inside > 256)).any(1).reshape(frame.shape[:2])
    np.testing.assert_array_equal(pasted[outside], frame[outside])
    nose = np.rint(face.landmarks[2]).astype(int)
    assert pasted[nose[1], nose[0]].tolist() == [255, 255, 255]
