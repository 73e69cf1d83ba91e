"""An older face: the skin's texture is raised in the frequency domain, and creases are drawn where age draws them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fsbench.editing.crop import SIZE, Crop, Editor, Frame, Mask, Points, frame
from fsbench.editing.frequency import band, skin_band
from fsbench.editing.painting import blurred, curve, laid, lines, noise
from fsbench.editing.regions import skin
from fsbench.errors import ItemError
from fsbench.training.triplet_folder import IDENTITY
from fsbench.types import Image

GAIN = 0.9  # by how much these waves grow at strength 1
GRAIN = 0.9  # L of Lab: standard deviation of the texture that is added at strength 1
CREASE = 15.0  # L of Lab by which a crease is darker at strength 1
SMALLEST = 0.02  # of the crop; with less visible skin there is nothing to age


def age(crop: Crop, strength: float, random: np.random.Generator) -> Image:
    """Raise the skin's texture, draw creases, and make its colour uneven.

    Args:
        crop: the face.
        strength: 0 leaves it as it is; 1 is some decades.
        random: where creases run and what the texture is.

    Raises:
        ItemError: too little skin is to be seen.
    """
    import cv2

    weight = skin(crop)
    if weight.mean() < SMALLEST:
        raise ItemError("too little skin is to be seen")
    axes = frame(crop.points)
    lab = np.asarray(cv2.cvtColor(crop.pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    raised = skin_band(lab[..., 0], weight) * GAIN
    raised = np.tanh(raised / 9) * 9 + GRAIN * texture(random) - CREASE * creases(crop.points, axes, random)
    dull = noise(random, 5) * 0.5 + noise(random, 14)
    lab[..., 0] += strength * (raised + 0.7 * dull - 1.5) * (0.4 + 0.6 * lab[..., 0] / 60)
    lab[..., 1] += strength * 0.7 * dull
    lab[..., 1:] *= 1 - 0.12 * strength
    old = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255
    return laid(crop.pixels, np.asarray(old, np.float32), weight)


def texture(random: np.random.Generator) -> NDArray[np.float64]:
    """Draw skin texture: noise of the band, drawn out across the face, of standard deviation 1."""
    grains = band(noise(random, 0.7, stretch=2) + noise(random, 0.6))
    return np.asarray(grains / max(float(grains.std()), 1e-6), np.float64)


def creases(points: Points, axes: Frame, random: np.random.Generator) -> Mask:
    """Draw creases: 1 in the middle of a deep one, below 0 on the swollen skin beside it."""
    broken = 0.75 + 0.25 * np.clip(noise(random, 7), -1, 1)
    relief = np.zeros((SIZE, SIZE), np.float32)
    for paths, width, depth in (
        (_fine(points, axes, random), 1.1, 0.75),
        (_deep(points, axes, random), 2.2, 0.9),
    ):
        valley = _tapered(paths, width)
        relief += depth * (1.6 * blurred(valley, 0.45 * width) - 1.2 * blurred(valley, 2.2 * width))
        relief += depth * 0.5 * blurred(valley, 4 * width)
    return np.asarray(relief * broken, np.float32)


def _tapered(paths: list[Points], width: float) -> Mask:
    """Draw lines that are widest in their middle and end in nothing."""
    pieces, widths = [], []
    for path in paths:
        swell = np.sin(np.pi * (np.arange(len(path) - 1) + 0.5) / (len(path) - 1)) ** 0.6
        for start in range(len(path) - 1):
            pieces.append(path[start : start + 2])
            widths.append(float(width * swell[start]))
    return lines(pieces, widths)


def _fine(points: Points, axes: Frame, random: np.random.Generator) -> list[Points]:
    """Lines on the forehead, at the outer corners of the eyes, and between the brows."""
    found = []
    brows = axes.seen(points[17:27])
    low = float(brows[:, 1].min())
    for row in range(4):
        height = low - 0.17 - 0.14 * row + random.uniform(-0.03, 0.03)
        half = random.uniform(0.45, 0.7)
        x = np.linspace(-half, half, 9) + random.uniform(-0.06, 0.06)
        y = height - 0.05 * np.cos(x * 3.2 * np.pi / 2) + random.normal(0, 0.008, 9)
        found.append(curve(axes.at(x, y)))
    for corner, outward in ((points[36], -1.0), (points[45], 1.0)):
        at = axes.seen(corner)
        for tilt in (-0.45, -0.1, 0.3, 0.65):
            length = random.uniform(0.16, 0.26)
            t = np.linspace(0.25, 1, 6)
            x = at[0] + outward * (0.08 + length * t)
            y = at[1] + length * t * (tilt + random.uniform(-0.1, 0.1)) + 0.06 * t**2
            found.append(curve(axes.at(x, y), 16))
    middle = (axes.seen(points[21]) + axes.seen(points[22])) / 2
    for side in (-1.0, 1.0):
        y = np.linspace(-0.12, 0.14, 5)
        x = middle[0] + side * (0.065 + 0.03 * np.cos(y * 9)) + random.normal(0, 0.006, 5)
        found.append(curve(axes.at(x, middle[1] + y), 16))
    return found


def _deep(points: Points, axes: Frame, random: np.random.Generator) -> list[Points]:
    """Folds from the nose to beside the mouth, from its corners to the jaw, and under the eyes."""
    found = []
    for wing, corner, outward in ((points[31], points[48], -1.0), (points[35], points[54], 1.0)):
        start, end = axes.seen(wing), axes.seen(corner)
        t = np.linspace(0, 1, 6)
        x = start[0] + outward * 0.09 + t * (end[0] + outward * 0.13 - start[0] - outward * 0.09)
        x += outward * 0.07 * np.sin(np.pi * t) + random.normal(0, 0.006, 6)
        y = start[1] - 0.06 + t * (end[1] + 0.06 - start[1] + 0.06)
        found.append(curve(axes.at(x, y)))
        t = np.linspace(0, 1, 5)
        x = end[0] + outward * (0.05 + 0.07 * t) + random.normal(0, 0.006, 5)
        found.append(curve(axes.at(x, end[1] + 0.08 + 0.24 * t), 20))
    for eye in (points[36:42], points[42:48]):
        seen = axes.seen(eye)
        x = np.linspace(seen[:, 0].min() - 0.01, seen[:, 0].max() + 0.01, 7)
        t = np.linspace(-1, 1, 7)
        y = seen[:, 1].max() + 0.09 + random.uniform(0, 0.03) + 0.07 * (1 - t**2)
        found.append(curve(axes.at(x, y), 30))
    return found


EDITOR = Editor("age", "age", IDENTITY, (0.7, 1.0), age, "older skin: its texture raised, creases, an uneven colour")
