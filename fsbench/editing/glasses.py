"""Glasses and sunglasses, drawn to the eyes, the bridge of the nose and the ears."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fsbench.editing.crop import SIZE, Crop, Editor, Frame, Points, frame
from fsbench.editing.painting import blurred, curve, filled, laid, lines
from fsbench.training.triplet_folder import ATTRIBUTE
from fsbench.types import Image

# Exponents and heights of lens outlines: |x|^n + |y|^n = 1 with y over the lens's own half height.
SHAPES = {"round": (2.0, 0.92), "square": (4.0, 0.72), "oval": (2.5, 0.74), "panto": (2.7, 0.86)}
SUN_SHAPES = {"round": (2.1, 0.95), "square": (4.2, 0.8), "aviator": (2.6, 0.95)}
INNER, OUTER = 0.3, 1.85  # edges of a lens, in distances from the bridge of the nose to the eye
FRAMES = ((24, 22, 22), (52, 34, 24), (94, 62, 36), (30, 36, 58), (120, 118, 116), (150, 118, 64), (70, 22, 26))
LENSES = ((22, 22, 24), (40, 28, 20), (26, 34, 30), (30, 30, 48))


class Lens(NamedTuple):
    """One side of a pair of glasses, in distances between the eyes."""

    outline: Points  # (K, 2)
    inner: Points  # (2,) where the bridge meets it
    hinge: Points  # (2,) where the temple starts


def glasses(crop: Crop, strength: float, random: np.random.Generator) -> Image:
    """Draw glasses with clear lenses; the strength is the thickness of their frame, 1 for an ordinary one."""
    shape, height = SHAPES[list(SHAPES)[int(random.integers(len(SHAPES)))]]
    axes = frame(crop.points)
    pair = lenses(crop.points, axes, shape, height * random.uniform(0.92, 1.05), drop=0.06)
    colour = np.array(FRAMES[int(random.integers(len(FRAMES)))], np.float64)
    width = 0.033 * axes.eyes * strength * (0.6 if colour.mean() > 95 else 1.0)  # metal is thin
    glass = filled(*(axes.at(*lens.outline.T) for lens in pair))
    shine = glass * _streaks(axes, pair, random) * 0.2
    picture = laid(crop.pixels, np.full((SIZE, SIZE, 3), 235, np.float32), shine + 0.03 * glass)
    return _framed(Crop(picture, crop.points), axes, pair, colour, width)


def sunglasses(crop: Crop, strength: float, random: np.random.Generator) -> Image:
    """Draw glasses with dark lenses; the strength is how much light they keep back, below 1."""
    shape, height = SUN_SHAPES[list(SUN_SHAPES)[int(random.integers(len(SUN_SHAPES)))]]
    axes = frame(crop.points)
    pair = lenses(crop.points, axes, shape, height * random.uniform(0.98, 1.12), drop=0.12, wide=0.06)
    colour = np.array(FRAMES[int(random.integers(len(FRAMES)))], np.float64)
    tint = np.array(LENSES[int(random.integers(len(LENSES)))], np.float64)
    glass = filled(*(axes.at(*lens.outline.T) for lens in pair))
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float64)
    height_of = axes.seen(np.stack([x, y], -1))[..., 1]
    clear = np.clip((height_of + 0.1) / 0.5, 0, 1)[..., None] * random.uniform(0.0, 0.55)
    body = tint * (0.75 + 0.5 * clear) + 18 * clear
    shine = blurred(_streaks(axes, pair, random), 1.5)[..., None] * 38
    dark = laid(
        crop.pixels,
        (body + shine).astype(np.float32),
        np.asarray(glass * strength * (1 - 0.12 * clear[..., 0]), np.float32),
    )
    return _framed(Crop(dark, crop.points), axes, pair, colour, 0.033 * axes.eyes)


def lenses(
    points: Points, axes: Frame, shape: float, height: float, *, drop: float, wide: float = 0.0
) -> tuple[Lens, Lens]:
    """Fit both lenses: as wide as each side of the face is seen, their upper rim near the brows.

    Args:
        points: (68, 2).
        axes: of the face.
        shape: exponent of the outline.
        height: of a lens over its width, for a face seen from the front.
        drop: of a lens's centre below the eye, in distances between the eyes.
        wide: added to the outer edge, in the same unit as OUTER.
    """
    bridge = axes.seen(points[27])
    found = []
    half_height = height * (OUTER - INNER) / 2 * 0.5
    for eye, side in ((points[36:42].mean(0), -1.0), (points[42:48].mean(0), 1.0)):
        reach = max(abs(axes.seen(eye)[0] - bridge[0]), 0.2)
        near, far = bridge[0] + side * INNER * reach, bridge[0] + side * (OUTER + wide) * reach
        angle = np.linspace(0, 2 * np.pi, 80, endpoint=False)
        cosine, sine = np.cos(angle), np.sin(angle)
        power = 2 / shape
        x = (near + far) / 2 + (far - near) / 2 * np.sign(cosine) * np.abs(cosine) ** power
        y = drop + half_height * np.sign(sine) * np.abs(sine) ** power
        y += 0.05 * half_height * np.abs(x - bridge[0]) * (y < drop)
        level = drop - 0.35 * half_height
        found.append(Lens(np.column_stack([x, y]), np.array([near, level]), np.array([far, level])))
    return found[0], found[1]


def _framed(crop: Crop, axes: Frame, pair: tuple[Lens, Lens], colour: NDArray[np.float64], width: float) -> Image:
    """Draw rims, bridge and temples with their shadow on the face and a light edge on top."""
    rims = lines([axes.at(*lens.outline.T) for lens in pair], width, closed=True)
    paths = [_bridge(axes, pair), *_temples(crop.points, axes, pair)]
    rest = lines(paths, [width * 0.9, width * 0.85, width * 0.85])
    drawn = np.maximum(rims, rest)
    shadow = blurred(np.roll(drawn, round(width * 0.9), axis=0), 1.6) * (1 - drawn) * 0.3
    picture = laid(crop.pixels, np.zeros_like(crop.pixels), shadow)
    upper = np.clip(drawn - np.roll(drawn, 1, axis=0), 0, 1)
    body = colour + 70 * blurred(upper, 0.6)[..., None]
    return laid(picture, body.astype(np.float32), drawn)


def _bridge(axes: Frame, pair: tuple[Lens, Lens]) -> Points:
    start, end = pair[0].inner, pair[1].inner
    top = (start + end) / 2 - np.array([0, 0.05])
    return axes.at(*curve(np.stack([start, top, end]), 16).T)


def _temples(points: Points, axes: Frame, pair: tuple[Lens, Lens]) -> list[Points]:
    """From each hinge to the ear, which lies beyond the outermost point of the jaw."""
    ears = axes.seen(points[[0, 16]])
    found = []
    for lens, ear, side in zip(pair, ears, (-1.0, 1.0), strict=True):
        end_x = side * max(side * ear[0] + 0.02, side * lens.hinge[0] + 0.03)
        end = np.array([end_x, lens.hinge[1] + 0.3 * (ear[1] - lens.hinge[1])])
        found.append(axes.at(*np.stack([lens.hinge, end]).T))
    return found


def _streaks(axes: Frame, pair: tuple[Lens, Lens], random: np.random.Generator) -> NDArray[np.float32]:
    """Draw a slanting reflection on each lens."""
    place, tilt = random.uniform(-0.1, 0.12), random.uniform(0.15, 0.3)
    shapes = []
    for lens in pair:
        middle = lens.outline.mean(0)
        for offset, width in ((place, 0.09), (place + 0.14, 0.03)):
            x = middle[0] + offset + np.array([0, width, width - tilt, -tilt])
            y = middle[1] + np.array([-0.5, -0.5, 0.5, 0.5])
            shapes.append(axes.at(x, y))
    return blurred(filled(*shapes), 1.2)


GLASSES = Editor(
    "glasses", "glasses", ATTRIBUTE, (0.8, 1.3), glasses, "glasses with clear lenses, four shapes, seven frames"
)
SUNGLASSES = Editor(
    "sunglasses", "sun_glasses", ATTRIBUTE, (0.88, 0.97), sunglasses, "sunglasses, three shapes, four tints"
)
