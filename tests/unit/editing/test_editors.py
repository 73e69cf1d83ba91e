"""Each editor changes what it says, and leaves the rest exactly as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from fsbench.editing.chubby import fuller
from fsbench.editing.crop import SIZE, Crop, Frame, frame
from fsbench.editing.editors import EDITORS, chosen
from fsbench.editing.frequency import band
from fsbench.editing.grin import tint
from fsbench.editing.painting import around, filled
from fsbench.editing.regions import LEFT_EYE, LIPS, RIGHT_EYE, hull, skin
from fsbench.errors import ConfigError, ItemError
from fsbench.evaluators.detectors import Dlib
from fsbench.types import Image, ImageRef


def edited(name: str, crop: Crop, strength: float | None = None, seed: int = 0) -> Image:
    editor = EDITORS[name]
    return editor.edit(crop, np.mean(editor.strengths) if strength is None else strength, np.random.default_rng(seed))


def changed(before: Crop, after: Image) -> np.ndarray:
    return (before.pixels != after).any(-1)


def heights(axes: Frame) -> np.ndarray:
    """How far each pixel lies below the eyes, in distances between them."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    return axes.seen(np.stack([x, y], -1))[..., 1]


def found_again(pixels: Image, folder: Path) -> np.ndarray:
    path = folder / "edited.png"
    PIL.Image.fromarray(pixels).save(path)
    (face,) = Dlib().detect([ImageRef(path, "")])[0][:1]
    assert face.landmarks68 is not None
    return face.landmarks68


@pytest.mark.parametrize("name", EDITORS)
def test_an_editor_changes_something_the_same_way_each_time_and_not_its_input(name: str, crop: Crop) -> None:
    before = crop.pixels.copy()
    first = edited(name, crop)
    assert first.dtype == np.uint8
    assert first.shape == (SIZE, SIZE, 3)
    assert changed(crop, first).mean() > 0.01
    assert np.array_equal(first, edited(name, crop))
    assert np.array_equal(before, crop.pixels)


@pytest.mark.parametrize("name", EDITORS)
def test_another_seed_gives_another_edit(name: str, crop: Crop) -> None:
    assert not np.array_equal(edited(name, crop, seed=1), edited(name, crop, seed=2))


def test_chubby_widens_the_face_and_keeps_eyes_nose_and_the_border(crop: Crop, tmp_path: Path) -> None:
    after = edited("chubby", crop)
    points = found_again(after, tmp_path)
    before = found_again(crop.pixels, tmp_path)
    assert np.ptp(points[3:14, 0]) > 1.06 * np.ptp(before[3:14, 0])
    assert frame(points).eyes == pytest.approx(frame(before).eyes, rel=0.03)
    difference = np.abs(after.astype(int) - crop.pixels)
    features = filled(hull(np.concatenate([crop.points[27:48]]))) > 0.5
    assert difference[features].mean() < 3  # they may move by less than a pixel
    assert not changed(crop, after)[[0, -1]][:, :40].any()


def test_chubby_moves_each_point_of_the_jaw_by_its_share_of_the_way_to_the_axis() -> None:
    points = np.zeros((68, 2))
    points[27], points[8] = (100, 50), (100, 150)
    points[4], points[12] = (50, 100), (150, 100)  # halfway down: no drop yet
    moved = fuller(points, 0.2, np.ones(2))
    assert moved[4] == pytest.approx([50 - 0.2 * 1.1 * 50, 100])
    assert moved[12] == pytest.approx([150 + 0.2 * 1.1 * 50, 100])
    assert moved[8] == pytest.approx([100, 150 + 0.25 * 0.2 * 0.5 * 100 * 0.45])


def test_age_raises_the_skins_waves_and_touches_nothing_but_skin(crop: Crop) -> None:
    after = edited("age", crop)
    weight = skin(crop)
    assert not changed(crop, after)[weight == 0].any()
    eyes = filled(*(crop.points[part] for part in (LEFT_EYE, RIGHT_EYE))) > 0.5
    assert not changed(crop, after)[eyes].any()
    sure = weight > 0.9
    rough = [float(band(pixels.astype(float).mean(-1))[sure].std()) for pixels in (crop.pixels, after)]
    assert rough[1] > 1.5 * rough[0]


@pytest.mark.parametrize(("wavelength", "gain"), [(6, 0.91), (14, 0.5), (64, 0.002)])
def test_the_band_lets_wrinkles_through_and_not_the_form_of_the_face(wavelength: float, gain: float) -> None:
    wave = np.tile(np.sin(2 * np.pi * np.round(SIZE / wavelength) * np.arange(SIZE) / SIZE), (SIZE, 1))
    actual = float(band(wave).std() / wave.std())
    frequency = np.round(SIZE / wavelength) / SIZE  # by hand: two Butterworth flanks of second order
    expected = 1 / (1 + (1 / 14 / frequency) ** 4) / (1 + (frequency * 3) ** 4)
    assert actual == pytest.approx(expected, rel=1e-6)
    assert actual == pytest.approx(gain, abs=0.05)


def test_a_face_without_visible_skin_cannot_age(crop: Crop) -> None:
    with pytest.raises(ItemError, match="too little skin"):
        edited("age", Crop(np.zeros_like(crop.pixels), crop.points / 20))


def test_a_grin_widens_the_mouth_and_leaves_the_eyes(closed: Crop, tmp_path: Path) -> None:
    after = edited("grin", closed, 1.0)
    before, points = (found_again(pixels, tmp_path) for pixels in (closed.pixels, after))
    assert points[54, 0] - points[48, 0] > 1.08 * (before[54, 0] - before[48, 0])
    eyes = filled(*(closed.points[part] for part in (LEFT_EYE, RIGHT_EYE))) > 0.5
    assert not changed(closed, after)[eyes | (heights(frame(closed.points)) < 0)].any()


def test_a_grin_shows_teeth_where_lips_were_closed(closed: Crop) -> None:
    lips = filled(closed.points[LIPS]) > 0.5
    after = edited("grin", closed, 1.0)

    def white(pixels: Image) -> int:
        """Pixels as bright as the brightest of the lips and with little colour."""
        part = pixels[around(lips.astype(np.float32), 6, 7) > 0].astype(int)
        return int(((part.min(-1) > 110) & (np.ptp(part, axis=-1) < 70)).sum())

    assert white(after) > white(closed.pixels) + 60


def test_teeth_take_the_colour_of_the_light() -> None:
    assert tint(np.array([200.0, 155.0, 135.0]) / 3) == pytest.approx([1, 1, 1])
    warm = tint(np.array([220.0, 150.0, 110.0]))
    assert warm[0] > 1 > warm[2]


@pytest.mark.parametrize("name", ["glasses", "sunglasses"])
def test_glasses_lie_around_the_eyes(name: str, crop: Crop) -> None:
    for seed in range(6):
        after = edited(name, crop, seed=seed)
        height = heights(frame(crop.points))
        assert not changed(crop, after)[(height > 0.75) | (height < -0.5)].any()


def test_sunglasses_hide_the_eyes_and_glasses_do_not(crop: Crop) -> None:
    eyes = filled(*(crop.points[part] for part in (LEFT_EYE, RIGHT_EYE))) > 0.5
    clear, dark = (edited(name, crop)[eyes].astype(float) for name in ("glasses", "sunglasses"))
    before = crop.pixels[eyes].astype(float)
    assert np.corrcoef(clear.ravel(), before.ravel())[0, 1] > 0.9
    assert dark.std() < 0.5 * before.std()


def test_a_beard_covers_chin_and_upper_lip_and_no_lip(crop: Crop) -> None:
    after = edited("beard", crop)
    axes = frame(crop.points)
    assert not changed(crop, after)[heights(axes) < 0.4].any()
    lips = around(1 - filled(hull(crop.points[LIPS])), 2, 3) == 0
    assert not changed(crop, after)[lips].any()
    chin = (
        filled(
            axes.at(
                *(axes.seen(crop.points[[57, 8]]).mean(0) + 0.06 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])).T
            )
        )
        > 0.5
    )
    assert after[chin].mean() < 0.75 * crop.pixels[chin].mean()


@pytest.mark.parametrize("name", ["fringe", "swept-fringe"])
def test_a_fringe_covers_the_forehead_and_ends_above_the_nose(name: str, closed: Crop) -> None:
    after = edited(name, closed)
    height = heights(frame(closed.points))
    assert not changed(closed, after)[height > 0.3].any()
    x = closed.points[27:31, 0].mean()
    forehead = (np.abs(height + 0.75) < 0.1) & (np.abs(np.arange(SIZE) - x) < 20)
    assert changed(closed, after)[forehead].mean() > 0.95


def test_editors_are_chosen_by_name() -> None:
    assert [editor.name for editor in chosen("all")] == list(EDITORS)
    assert chosen("none") == ()
    assert [editor.name for editor in chosen("grin, age")] == ["grin", "age"]
    with pytest.raises(ConfigError, match="no editor is called 'gry'"):
        chosen("grin,gry")
    with pytest.raises(ConfigError, match="named twice"):
        chosen("grin,grin")
    with pytest.raises(ConfigError, match="no editor"):
        chosen("")
