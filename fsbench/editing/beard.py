"""A beard: hairs that grow from cheeks, chin and upper lip along the jaw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fsbench.editing.crop import Crop, Editor, Frame, Mask, Points, frame
from fsbench.editing.painting import around, blurred, filled, inside, laid, noise, strands
from fsbench.editing.regions import LIPS, brow_colour, hull, light
from fsbench.training.triplet_folder import IDENTITY
from fsbench.types import Image

HAIRS = 7000  # roots that are tried all over the beard's area


def beard(crop: Crop, strength: float, random: np.random.Generator) -> Image:
    """Draw a full beard with a moustache in the colour of the brows.

    Args:
        crop: the face.
        strength: length and density of the hairs; 1 is a full beard.
        random: each hair.
    """
    points = crop.points
    axes = frame(points)
    density = grown(points, axes, random)
    colour = brow_colour(crop, random)
    paths, tones, widths = _hairs(points, axes, density, strength, random)
    shade = colour * (0.7 + 1.1 * tones[:, None])
    layer, cover = strands(paths, shade, widths, colour * 0.8)
    lit = layer * light(crop)[..., None]
    lips = 1 - around(filled(hull(points[LIPS])), 0, 2)
    under = lips * blurred(density, 2.0) * 0.5 * min(strength, 1)
    ground = laid(crop.pixels, (crop.pixels * 0.35 + colour * 0.65).astype(np.float32), under)
    region = np.clip(blurred(density, 1.0) * 3, 0, 1)
    return laid(ground, lit, cover * lips * region * 0.74)


def grown(points: Points, axes: Frame, random: np.random.Generator) -> Mask:
    """Give how thickly hair grows: 1 on chin, jaw and upper lip, falling towards the cheeks, 0 on the lips."""
    seen = axes.seen(points)
    jaw = seen[2:15].copy()
    centre = seen[[48, 54, 33]].mean(0)
    outer = centre + (jaw - centre) * np.array([1.0, 1.02])  # hairs reach a little over the chin
    left = np.array([[seen[48, 0] - 0.12, seen[48, 1] - 0.12], [seen[31, 0] - 0.12, seen[33, 1] + 0.10]])
    right = np.array([[seen[35, 0] + 0.12, seen[33, 1] + 0.10], [seen[54, 0] + 0.12, seen[54, 1] - 0.12]])
    middle = np.array([[seen[33, 0], seen[33, 1] + 0.07]])
    cheek_left = np.array([[seen[3, 0] * 0.6 + seen[48, 0] * 0.4, seen[48, 1] + 0.02]])
    cheek_right = np.array([[seen[13, 0] * 0.6 + seen[54, 0] * 0.4, seen[54, 1] + 0.02]])
    ring = np.concatenate([outer, cheek_right, right[::-1], middle, left[::-1], cheek_left])
    area = filled(axes.at(*ring.T))
    ragged = 0.5 + 0.5 * np.clip(noise(random, 3) * 0.5 + 0.5, 0, 1)
    lips = around(filled(hull(points[LIPS])), 0.0, 2.0)
    lip = np.array([[seen[48, 0] - 0.02, seen[48, 1] + 0.02], [seen[31, 0] - 0.02, seen[33, 1] + 0.06]])
    lip = np.concatenate([lip, lip[::-1] * [-1, 1] + [2 * seen[33, 0], 0], seen[[54, 53, 52, 51, 50, 49, 48]]])
    thick = np.maximum(inside(area, 0.11 * axes.eyes), inside(filled(axes.at(*lip.T)), 0.04 * axes.eyes))
    return np.asarray(thick * ragged * (1 - lips), np.float32)


def _hairs(
    points: Points, axes: Frame, density: Mask, strength: float, random: np.random.Generator
) -> tuple[list[Points], NDArray[np.float64], list[float]]:
    """Draw where hairs run: outwards from the middle of the mouth and down."""
    rows, columns = np.nonzero(density > 0.02)
    count = round(HAIRS * min(strength, 1.2))
    chosen = random.integers(len(rows), size=count)
    kept = random.random(count) < density[rows[chosen], columns[chosen]]
    place = np.column_stack([columns[chosen], rows[chosen]])[kept] + random.uniform(-0.5, 0.5, (int(kept.sum()), 2))
    place = place[np.argsort(place[:, 1])]  # lower hairs lie over upper ones
    seen = axes.seen(place)
    mouth = axes.seen(points[48:60].mean(0))
    aside = (seen[:, 0] - mouth[0]) * 1.1
    lean = aside + random.normal(0, 0.22, len(seen))
    direction = np.column_stack([lean, np.full(len(seen), 0.75)])
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    length = strength * random.uniform(0.07, 0.18, len(seen))
    bend = random.normal(0, 0.2, len(seen))
    steps = np.linspace(0, 1, 4)[None, :, None]
    across = np.column_stack([-direction[:, 1], direction[:, 0]])
    run = seen[:, None] + length[:, None, None] * (
        steps * direction[:, None] + bend[:, None, None] * steps**2 * across[:, None]
    )
    paths = axes.at(run[..., 0], run[..., 1])
    tones = np.clip(random.normal(0.5, 0.2, len(seen)), 0, 1.3)
    widths = random.uniform(0.35, 0.7, len(seen)) * axes.eyes / 64
    return list(paths), tones, widths.tolist()


EDITOR = Editor(
    "beard", "beard", IDENTITY, (0.8, 1.15), beard, "a full beard with a moustache, in the colour of the brows"
)
