import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.transform import SimilarityTransform

from fsbench import align

FACE = np.array([[210.0, 190.0], [310.0, 205.0], [255.0, 260.0], [215.0, 310.0], [295.0, 322.0]])


def blobs(points, *, size=(480, 640), spread=6.0):
    """Draw a bright round spot at each point on black."""
    y, x = np.mgrid[: size[0], : size[1]]
    total = sum(np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * spread**2)) for px, py in points)
    return np.repeat((np.clip(total, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


def centre_of_light(picture, around, reach):
    """Give the centre of mass of the light within `reach` pixels of a point."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    light = picture[..., 0] * (np.hypot(x - around[0], y - around[1]) < reach).astype(float)
    return np.array([(x * light).sum(), (y * light).sum()]) / light.sum()


def placed(scale, degrees, target=(128.0, 128.0)):
    """A matrix that scales and turns about the middle of FACE and puts it on `target`."""
    angle = np.radians(degrees)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([linear, np.array(target) - linear @ FACE.mean(0)])


@pytest.mark.parametrize("seed", range(10))
def test_similarity_equals_scikit_image(seed):
    rng = np.random.default_rng(seed)
    start = rng.normal(size=(5, 2)) * 50 + 200
    end = placed(rng.uniform(0.1, 5), rng.uniform(-170, 170))[:, :2] @ start.T
    end = end.T + rng.normal(size=(5, 2)) * 3
    wanted = SimilarityTransform.from_estimate(start, end).params[:2]
    np.testing.assert_allclose(align.similarity(start, end), wanted, atol=1e-6 * np.abs(wanted).max())


@given(st.floats(0.01, 100), st.floats(-180, 180), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_a_similarity_is_found_again(scale, degrees, x, y):
    matrix = placed(scale, degrees, (x, y))
    found = align.similarity(FACE, align.transform(FACE, matrix))
    np.testing.assert_allclose(align.transform(FACE, found), align.transform(FACE, matrix), atol=1e-6 * (1 + scale))


def test_mirrored_points_are_not_fitted_by_a_reflection():
    matrix = align.similarity(FACE, FACE * [-1, 1])
    assert np.linalg.det(matrix[:, :2]) >= 0


def test_points_that_coincide_are_refused():
    with pytest.raises(ValueError, match="all points coincide"):
        align.similarity(np.ones((5, 2)), FACE)


def test_points_of_another_count_are_refused():
    with pytest.raises(ValueError, match=r"found \(4, 2\) and \(5, 2\)"):
        align.similarity(FACE[:4], FACE)


def test_a_matrix_and_its_inverse_bring_points_back():
    matrix = placed(0.37, 71)
    np.testing.assert_allclose(align.transform(align.transform(FACE, matrix), align.invert(matrix)), FACE, atol=1e-9)


@pytest.mark.parametrize("template", list(align.TEMPLATES))
@pytest.mark.parametrize("size", [112, 256, 512])
def test_landmarks_that_have_the_templates_shape_land_on_it(template, size):
    landmarks = align.transform(align.TEMPLATES[template] * 300, placed(0.8, -30))
    matrix = align.template_matrix(landmarks, template, size)
    np.testing.assert_allclose(align.transform(landmarks, matrix), align.TEMPLATES[template] * size, atol=1e-6)


def test_templates_hold_the_published_pixels():
    assert align.TEMPLATES["arcface"][0] * 112 == pytest.approx([38.2946, 51.6963])
    assert align.TEMPLATES["ffhq"][4] * 512 == pytest.approx([313.08905, 371.15118])


@pytest.mark.parametrize("scale", [0.1, 0.16, 0.24, 0.33, 0.5, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("degrees", [0, 33, -120])
def test_known_points_land_where_the_matrix_says(scale, degrees):
    spread = max(6.0, 2 / scale)
    for point in FACE[[0, 1, 4]]:
        target = FACE.mean(0) + (point - FACE.mean(0)) * 0.5  # near enough to the middle to stay in the crop
        matrix = placed(scale, degrees)
        (wanted,) = align.transform([target], matrix)
        crop = align.crop(blobs([target], spread=spread), matrix, (256, 256))
        assert centre_of_light(crop, wanted, reach=4 * spread * scale + 2) == pytest.approx(wanted, abs=0.1)


def test_a_crop_has_the_asked_height_and_width():
    assert align.crop(blobs(FACE), placed(1, 0), (100, 60)).shape == (100, 60, 3)


def test_the_unmoved_crop_is_the_picture_itself():
    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    np.testing.assert_array_equal(align.crop(picture, np.eye(2, 3), (40, 50)), picture)


@pytest.mark.parametrize("shrink", [2, 3, 4, 8])
def test_shrinking_by_a_whole_number_averages_blocks(shrink):
    picture = np.random.default_rng(1).integers(0, 256, (48, 72, 3), np.uint8)
    offset = (1 / shrink - 1) / 2  # the centre of the first block is the centre of the first pixel
    matrix = np.array([[1 / shrink, 0, offset], [0, 1 / shrink, offset]])
    blocks = picture.reshape(48 // shrink, shrink, 72 // shrink, shrink, 3).mean((1, 3))
    found = align.crop(picture, matrix, (48 // shrink, 72 // shrink))
    np.testing.assert_allclose(found, blocks, atol=1)


def test_fine_stripes_become_grey_when_they_are_shrunk():
    stripes = np.zeros((480, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = align.crop(stripes, placed(0.2, 0, (30, 30)), (60, 60))
    assert np.abs(crop[5:-5, 5:-5].astype(int) - 127).max() < 30


def test_a_picture_can_be_shrunk_to_less_than_a_pixel():
    picture = np.full((20, 30, 3), 200, np.uint8)
    assert align.crop(picture, np.array([[0.01, 0, 8], [0, 0.01, 8]]), (16, 16)).shape == (16, 16, 3)


def test_outside_the_picture_is_black_or_its_edge():
    picture = np.full((20, 20, 3), 90, np.uint8)
    away = np.array([[1.0, 0, 10], [0, 1, 10]])
    assert align.crop(picture, away, (40, 40))[0, 0].tolist() == [0, 0, 0]
    assert align.crop(picture, away, (40, 40), border="edge")[0, 0].tolist() == [90, 90, 90]


def smooth():
    """A colourful picture without fine detail."""
    y, x = np.mgrid[:480, :640]
    waves = [127 + 100 * np.sin(x / 60 + i) * np.cos(y / 70 - i) for i in range(3)]
    return np.stack(waves, axis=2).astype(np.uint8)


@pytest.mark.parametrize(("scale", "degrees"), [(1.0, 0), (1.0, 25), (2.0, 10), (0.6, -40)])
def test_an_unchanged_crop_pasted_back_changes_no_pixel_by_more_than_one_level(scale, degrees):
    frame, matrix = smooth(), placed(scale, degrees)
    mask = np.zeros((256, 256), np.float32)
    mask[20:-20, 20:-20] = 1
    crop = align.crop(frame, matrix, (256, 256), border="edge")  # black would bleed into the frame's outermost pixels
    pasted = align.paste_back(frame, crop, matrix, mask)
    assert np.abs(pasted.astype(int) - frame).max() <= 1


def test_pixels_that_the_mask_does_not_reach_stay_exactly():
    frame = np.random.default_rng(2).integers(0, 256, (480, 640, 3), np.uint8)
    matrix = placed(1.3, 20)
    mask = np.zeros((256, 256), np.float32)
    mask[64:192, 64:192] = 0.7
    pasted = align.paste_back(frame, np.zeros((256, 256, 3), np.uint8), matrix, mask)
    y, x = np.mgrid[:480, :640]
    inside = align.transform(np.stack([x.ravel(), y.ravel()], axis=1), matrix)
    reached = ((inside > 62.9) & (inside < 192.1)).all(1).reshape(480, 640)
    np.testing.assert_array_equal(pasted[~reached], frame[~reached])
    well_inside = ((inside > 66) & (inside < 189)).all(1).reshape(480, 640)
    np.testing.assert_allclose(pasted[well_inside], frame[well_inside] * 0.3, atol=1)


def test_pasting_does_not_change_the_frame_given():
    frame = smooth()
    before = frame.copy()
    align.paste_back(frame, np.zeros((64, 64, 3), np.uint8), placed(0.3, 0), np.ones((64, 64), np.float32))
    np.testing.assert_array_equal(frame, before)


PUBLISHED = {  # FaceFusion, facefusion/face_helper.py: name there, points in a unit square
    "simswap": ("arcface_112_v1", [(0.35473214, 0.45658929), (0.5, 0.61154464), (0.62086607, 0.776875)]),
    "arcface": ("arcface_112_v2", [(0.34191607, 0.46157411), (0.500225, 0.64050536), (0.63151696, 0.82325089)]),
    "arcface_128": ("arcface_128", [(0.36167656, 0.40387734), (0.50019687, 0.56044219), (0.61507734, 0.72034453)]),
    "ffhq": ("ffhq_512", [(0.37691676, 0.46864664), (0.50123859, 0.61331904), (0.61150205, 0.72490465)]),
    "mtcnn": ("mtcnn_512", [(0.36562865, 0.46733799), (0.50019127, 0.61942959), (0.61178945, 0.77476328)]),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_templates_are_the_published_ones(name):
    np.testing.assert_allclose(align.TEMPLATES[name][[0, 2, 4]], PUBLISHED[name][1], atol=1e-6)


@pytest.mark.parametrize("name", PUBLISHED)
def test_points_of_a_template_land_where_it_says(name):
    moved = align.transform(align.TEMPLATES[name] * 256, align.invert(placed(1.7, 33, (300, 200))))
    matrix = align.template_matrix(moved, name, 512)
    np.testing.assert_allclose(align.transform(moved, matrix), align.TEMPLATES[name] * 512, atol=1e-6)
