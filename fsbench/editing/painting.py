"""Drawing with soft edges: shapes are drawn four times as large and averaged down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fsbench.editing.crop import SIZE, Mask, Points
from fsbench.types import Image

SCALE = 4
SHIFT = 4  # bits after the binary point of cv2's coordinates


def filled(*polygons: Points) -> Mask:
    """Fill polygons (K, 2); where they overlap the mask is 1."""
    import cv2

    canvas = _canvas()
    for polygon in polygons:
        cv2.fillPoly(canvas, [_fixed(polygon)], 255, lineType=cv2.LINE_AA, shift=SHIFT)
    return _reduced(canvas)


def lines(paths: Sequence[Points], width: float | Sequence[float], *, closed: bool = False) -> Mask:
    """Draw polylines of a width in pixels of the crop, or of a width each."""
    import cv2

    canvas = _canvas()
    widths = [width] * len(paths) if isinstance(width, int | float) else width
    for path, each in zip(paths, widths, strict=True):
        thick = max(1, round(each * SCALE))
        cv2.polylines(canvas, [_fixed(path)], closed, 255, thick, lineType=cv2.LINE_AA, shift=SHIFT)
    return _reduced(canvas)


def strands(
    paths: Sequence[Points], colours: NDArray[np.float64], widths: Sequence[float], ground: NDArray[np.float64]
) -> tuple[NDArray[np.float32], Mask]:
    """Draw hairs, later ones over earlier ones.

    Args:
        paths: one polyline each, all of as many points.
        colours: (K, 3) in 0..255.
        widths: in pixels of the crop.
        ground: (3,) colour where no hair lies.

    Returns:
        (H, W, 3) their colours, and how much of each pixel they cover.
    """
    import cv2

    side = SIZE * SCALE
    layer = np.empty((side, side, 3), np.uint8)
    layer[:] = np.clip(ground, 0, 255).astype(np.uint8)
    cover = _canvas()
    places = _fixed(np.stack(paths))
    thick = np.maximum(1, np.rint(np.array(widths) * SCALE)).astype(int)
    for place, colour, each in zip(places, np.clip(colours, 0, 255).tolist(), thick.tolist(), strict=True):
        cv2.polylines(layer, [place], False, colour, each, lineType=cv2.LINE_AA, shift=SHIFT)
    for each in np.unique(thick).tolist():
        cv2.polylines(cover, list(places[thick == each]), False, 255, each, lineType=cv2.LINE_AA, shift=SHIFT)
    small = cv2.resize(layer, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32), _reduced(cover)


def blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Blur by a Gaussian."""
    import cv2

    return np.asarray(cv2.GaussianBlur(values, (0, 0), max(sigma, 0.3)), np.float32)


def inside(mask: Mask, rim: float) -> Mask:
    """Turn a mask into a ramp: 0 at its outline and outside, 1 from `rim` pixels inside on."""
    import cv2

    depth = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    ramp = np.clip(depth / max(rim, 1e-3), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def around(mask: Mask, near: float, far: float) -> Mask:
    """Give 1 up to `near` pixels outside a mask, falling to 0 at `far`."""
    import cv2

    distance = cv2.distanceTransform((mask <= 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    ramp = np.clip((far - distance) / max(far - near, 1e-3), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def curve(points: Points, count: int = 40, *, closed: bool = False) -> Points:
    """Lay a smooth curve (count, 2) through points (K, 2), K >= 3."""
    from scipy.interpolate import make_interp_spline

    through = np.concatenate([points, points[:1]]) if closed else points
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(through, axis=0), axis=1) + 1e-6)])
    spline = make_interp_spline(along, through, k=min(3, len(through) - 1))
    return np.asarray(spline(np.linspace(0, along[-1], count)), np.float64)


def noise(random: np.random.Generator, sigma: float, *, stretch: float = 1.0) -> NDArray[np.float32]:
    """Draw smooth noise of mean 0 and standard deviation 1; `stretch` lengthens its grains along x."""
    import cv2

    grains = random.standard_normal((SIZE, SIZE)).astype(np.float32)
    smooth = cv2.GaussianBlur(grains, (0, 0), sigmaX=sigma * stretch, sigmaY=sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray((smooth - smooth.mean()) / max(float(smooth.std()), 1e-6), np.float32)


def laid(below: Image, above: NDArray[np.float32] | Image, weight: Mask) -> Image:
    """Lay one picture over another; where the weight is 0 the pixels of `below` stay exactly."""
    mixed = below + (np.asarray(above, np.float32) - below) * weight[..., None]
    return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)


def _canvas() -> NDArray[np.uint8]:
    return np.zeros((SIZE * SCALE, SIZE * SCALE), np.uint8)


def _fixed(points: Points) -> NDArray[np.int32]:
    return np.asarray(np.rint(((points + 0.5) * SCALE - 0.5) * 2**SHIFT), np.int32)


def _reduced(canvas: NDArray[np.uint8]) -> Mask:
    import cv2

    small = cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(small / 255, np.float32)
