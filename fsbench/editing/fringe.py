"""Hair over the forehead: a straight fringe, and one that is swept to a side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fsbench.editing.crop import Crop, Editor, Frame, Points, frame
from fsbench.editing.painting import blurred, laid, strands
from fsbench.editing.regions import hair_colour
from fsbench.training.triplet_folder import ATTRIBUTE
from fsbench.types import Image

LOCKS, HAIRS = 34, 60  # locks across the forehead, and hairs in each


def straight(crop: Crop, strength: float, random: np.random.Generator) -> Image:
    """Draw a fringe that falls straight down; at strength 1 it ends at the brows."""
    return _drawn(crop, strength, random, sweep=0.0)


def swept(crop: Crop, strength: float, random: np.random.Generator) -> Image:
    """Draw a fringe that falls to one side from a parting."""
    return _drawn(crop, strength, random, sweep=random.choice([-1.0, 1.0]) * random.uniform(0.45, 0.7))


def _drawn(crop: Crop, strength: float, random: np.random.Generator, *, sweep: float) -> Image:
    axes = frame(crop.points)
    colour = hair_colour(crop, random)
    paths, tones, widths = _hairs(crop.points, axes, strength, sweep, random)
    shade = colour * (0.5 + 0.95 * tones[:, None])
    layer, cover = strands(paths, shade, widths, colour * 0.8)
    shadow = blurred(np.roll(cover, 3, axis=0), 2.5) * 0.35 * (1 - cover)
    ground = laid(crop.pixels, (crop.pixels * 0.35).astype(np.float32), shadow)
    return laid(ground, layer, np.clip(cover * 1.05, 0, 1) * 0.97)


def _hairs(
    points: Points, axes: Frame, strength: float, sweep: float, random: np.random.Generator
) -> tuple[list[Points], NDArray[np.float64], list[float]]:
    """Lay hairs in locks, from an arc above the forehead to an uneven line at the brows."""
    seen = axes.seen(points)
    brow = float(seen[17:27, 1].mean())
    left, right = float(seen[0, 0]) + 0.05, float(seen[16, 0]) - 0.05
    middle, half = (left + right) / 2, (right - left) / 2
    u = np.clip((random.permutation(LOCKS) + random.uniform(-0.4, 0.4, LOCKS)) / (LOCKS - 1) * 2 - 1, -1, 1)[:, None]
    end = brow - 0.1 - 0.3 * (1 - strength) + 0.28 * u**2 + random.normal(0, 0.05, (LOCKS, 1))
    tones = random.normal(0.5, 0.1, (LOCKS, 1)) + random.normal(0, 0.11, (LOCKS, HAIRS))
    tip = np.clip(u + random.normal(0, 0.04, (LOCKS, 1)) + 0.4 * sweep, -1, 1)
    spread = random.normal(0, 0.06, (LOCKS, HAIRS))  # of the hairs of a lock about its middle
    root = np.clip(0.86 * u + spread - 0.4 * sweep, -0.98, 0.98)
    start = brow - 1.12 + 0.5 * np.abs(root) ** 2.4 + random.uniform(-0.16, 0.2, (LOCKS, HAIRS))
    end = end - 1.3 * np.abs(spread) + random.normal(0, 0.03, (LOCKS, HAIRS))  # a lock ends in a point
    t = np.linspace(0, 1, 7)
    spread, root, start, end = (values[..., None] for values in (spread, root, start, end))
    x = root + (tip[..., None] + spread * (1.1 - 0.8 * t) - root) * t**1.3
    bulge = 0.07 * np.sin(np.pi * t) * u[..., None]
    paths = axes.at(middle + half * x + bulge, start + (end - start) * t).reshape(-1, 7, 2)
    widths = random.uniform(0.45, 0.85, len(paths)) * axes.eyes / 64
    return list(paths), np.clip(tones.ravel(), 0, 1.3), widths.tolist()


STRAIGHT = Editor("fringe", "forehead_hair_1", ATTRIBUTE, (0.75, 1.05), straight, "a straight fringe over the forehead")
SWEPT = Editor("swept-fringe", "forehead_hair_2", ATTRIBUTE, (0.7, 1.0), swept, "a fringe swept to one side")
