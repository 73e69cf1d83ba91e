"""A grin: the mouth is drawn wide and open, and shows teeth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fsbench.editing.crop import Crop, Editor, Frame, Points, frame
from fsbench.editing.painting import around, blurred, curve, filled, inside, laid, lines
from fsbench.editing.regions import LEFT_EYE, RIGHT_EYE, hull, light, skin_colour
from fsbench.editing.warping import bent
from fsbench.training.triplet_folder import ATTRIBUTE
from fsbench.types import Image

OPEN = 0.07  # opening of the lips over the mouth's width from which a mouth has an inside of its own to show
WHITE = np.array([216.0, 208.0, 194.0])  # of teeth in daylight
SKIN = np.array([200.0, 155.0, 135.0])  # in the same light; of it only the hue is used
TEETH = (
    0.135,
    0.105,
    0.1,
    0.08,
    0.065,
    0.05,
    0.05,
)  # widths from the middle to the side, in distances between the eyes


def grin(crop: Crop, strength: float, random: np.random.Generator) -> Image:
    """Draw the corners of the mouth outwards and up, part the lips, and paint teeth where there was no opening.

    Args:
        crop: the face.
        strength: 0 leaves it as it is; 1 is a broad grin.
        random: the colour and the place of the teeth.
    """
    points = crop.points
    axes = frame(points)
    opening = _opening(points)
    sides = strength * (1 + random.uniform(-0.15, 0.15, 2))
    moved = grinning(points, axes, sides, parted=opening < OPEN)
    still = np.concatenate([points[:4], points[13:17], points[17:31], points[36:48], points[27:28]])
    lower_jaw = points[4:13]
    start = np.concatenate([points[48:68], points[31:36], lower_jaw, still, _cheeks(points, axes, 0.0)])
    end = np.concatenate([moved[48:68], points[31:36], moved[4:13], still, _cheeks(points, axes, strength)])
    region = filled(hull(np.concatenate([moved[48:60], moved[6:11], points[31:36], _cheeks(points, axes, 0.0)])))
    eyes = filled(*(hull(points[part]) for part in (LEFT_EYE, RIGHT_EYE)))
    weight = around(region, 0.12 * axes.eyes, 0.5 * axes.eyes) * (1 - around(eyes, 2, 10))
    face = bent(crop.pixels, start, end, weight)
    return face if opening >= OPEN else _with_teeth(Crop(face, moved), axes, random)


def grinning(points: Points, axes: Frame, sides: Points, *, parted: bool) -> Points:
    """Give the points (68, 2) of the same face with a grin.

    Args:
        points: (68, 2).
        axes: of the face.
        sides: (2,) strength at the left and the right corner of the mouth.
        parted: open closed lips.
    """
    seen = axes.seen(points)
    new = seen.copy()
    centre = seen[48:68, 0].mean()
    half = (seen[54, 0] - seen[48, 0]) / 2
    side = np.clip((seen[48:68, 0] - centre) / max(half, 1e-3), -1, 1)
    line = float(seen[60:68, 1].mean())
    strength = np.interp(side, [-1, 1], sides)
    new[48:68, 0] += strength * 0.27 * half * side
    new[48:68, 1] -= strength * 0.13 * np.abs(side) ** 1.5  # the corners rise
    if parted:
        gap = 0.19 * strength * (1 - np.abs(side) ** 2.2)
        upper = np.isin(np.arange(48, 68), [49, 50, 51, 52, 53, 61, 62, 63])
        lower = np.isin(np.arange(48, 68), [55, 56, 57, 58, 59, 65, 66, 67])
        new[48:68, 1] += np.where(lower, 0.72 * gap, 0) - np.where(upper, 0.28 * gap, 0)
        inner = np.arange(60, 68)
        new[inner, 1] += 0.15 * strength[12:] * (line - seen[inner, 1])
        new[4:13, 1] += sides.mean() * 0.05 * np.array([0, 0.3, 0.7, 1, 1, 1, 0.7, 0.3, 0])
    return axes.at(new[:, 0], new[:, 1])


def _cheeks(points: Points, axes: Frame, strength: float) -> Points:
    """Points on the cheeks, which a grin lifts."""
    seen = axes.seen(points)
    x = np.array([seen[48, 0] - 0.22, seen[54, 0] + 0.22])
    y = np.repeat((seen[33, 1] + seen[[48, 54], 1].mean()) / 2 - 0.06, 2)
    out = np.array([-0.035, 0.035]) * strength
    return axes.at(x + out, y - 0.07 * strength)


def _opening(points: Points) -> float:
    heights = np.linalg.norm(points[[61, 62, 63]] - points[[67, 66, 65]], axis=1)
    return float(heights.mean() / max(np.linalg.norm(points[54] - points[48]), 1e-6))


def _with_teeth(crop: Crop, axes: Frame, random: np.random.Generator) -> Image:
    """Paint the inside of the mouth: dark, with the upper row of teeth, in the light of the face."""
    points = crop.points
    upper = curve(points[[60, 61, 62, 63, 64]])
    lower = curve(points[[64, 65, 66, 67, 60]])
    mouth = filled(np.concatenate([upper, lower]))
    seen = axes.seen(points)
    centre = float(seen[[51, 62, 57], 0].mean()) + random.normal(0, 0.004)
    half = float(seen[64, 0] - seen[60, 0]) / 2
    rise = curve(axes.seen(points[[60, 67, 66, 65, 64]]))  # the teeth's edge follows the lower lip
    top = curve(axes.seen(points[[60, 61, 62, 63, 64]]))
    share = random.uniform(0.72, 0.84)
    edge = top + share * (rise - top)
    row = filled(np.concatenate([axes.at(top[:, 0], top[:, 1] - 0.03), axes.at(edge[::-1, 0], edge[::-1, 1])]))
    gaps = _gaps(axes, centre, top, edge)
    y, x = np.mgrid[: mouth.shape[0], : mouth.shape[1]].astype(np.float64)
    place = axes.seen(np.stack([x, y], -1))
    aside = np.clip(np.abs(place[..., 0] - centre) / max(half, 1e-3), 0, 1)
    shade = (1 - 0.55 * aside**2.5)[..., None] * (light(crop)[..., None] ** 0.7)
    level = float(np.clip(np.percentile(crop.pixels[mouth.shape[0] // 4 :].mean(-1), 80) / 190, 0.55, 1.08))
    tooth = WHITE * tint(skin_colour(crop)) * random.uniform(0.92, 1.04) * level * shade
    tooth = tooth * (1 - 0.22 * blurred(gaps, 0.6))[..., None]
    lip_shadow = blurred(1 - mouth, 1.8)[..., None]
    dark = np.array([58.0, 26.0, 26.0]) * level * (1 - 0.5 * lip_shadow)
    content = dark + (tooth * (1 - 0.55 * lip_shadow) - dark) * blurred(row, 0.5)[..., None]
    return laid(crop.pixels, content.astype(np.float32), blurred(inside(mouth, 1.0) * 0.4 + mouth * 0.6, 0.6))


def tint(skin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give factors (3,) by which warm or cold light colours something white, seen by what it does to skin (3,)."""
    return np.asarray(np.clip(np.sqrt(skin / skin.mean() / (SKIN / SKIN.mean())), 0.85, 1.15), np.float64)


def _gaps(axes: Frame, centre: float, top: Points, edge: Points) -> np.ndarray:
    """Draw the lines between teeth."""
    widths = np.cumsum([0, *TEETH])
    paths = []
    for x in (*(centre + widths), *(centre - widths[1:])):
        high = np.interp(x, top[:, 0], top[:, 1]) - 0.02
        low = np.interp(x, edge[:, 0], edge[:, 1])
        lean = 0.06 * (x - centre)
        paths.append(axes.at(np.array([x - lean, x]), np.array([high, low])))
    return lines(paths, 0.7)


EDITOR = Editor(
    "grin", "grin", ATTRIBUTE, (0.7, 1.1), grin, "a grin: corners of the mouth out and up, lips parted, teeth"
)
