"""Where each network wants the face: from a box or from landmarks to the matrix of its crop. Pure geometry.

Matrices are (2, 3) and map pixels of the picture (centre of the first one at 0, 0) to pixels of the crop.
"""

from __future__ import annotations

import numpy as np

from fsbench import align
from fsbench.align import Matrix
from fsbench.errors import ItemError
from fsbench.types import Face

ARCFACE_SIZE = (112, 112)
COSFACE_SIZE = (112, 96)
COSFACE_SHIFT = -8.0  # CosFace's template is ArcFace's in a crop that is 8 pixels narrower on each side
# deep-head-pose, code/datasets.py: how Hopenet's training pictures were cut, with k drawn from 0.2 to 0.4. Each edge
# is moved by a share of the box as the edges before it have left it. 0.3 is the middle of that range.
HEAD_MARGIN = 0.3
# Deep3DFaceRecon_pytorch, BFM/similarity_Lm3D_all.mat: eyes, nose tip, mouth corners of the mean face, x to image
# right, y up; and util/preprocess.py for the scale.
RECON_POINTS = np.array(
    [
        [-0.311486572, 0.2903607786, 0.1337795258],
        [0.3097988665, 0.2897203565, 0.1317952573],
        [0.003253498813, -0.04617932439, 0.5524424314],
        [-0.2521692812, -0.3813391626, 0.2240573168],
        [0.2484661937, -0.3812823594, 0.2223576903],
    ]
)
RECON_SIZE = (224, 224)
RECON_SCALE = 102.0  # pixels of the crop to one unit of the mean face


def arcface(face: Face) -> Matrix:
    """Place the five landmarks on ArcFace's template in a 112 x 112 crop.

    Raises:
        ItemError: the landmarks coincide.
    """
    return _placed(face)


def cosface(face: Face) -> Matrix:
    """Place the five landmarks on CosFace's template in a crop 112 high and 96 wide.

    Raises:
        ItemError: the landmarks coincide.
    """
    matrix = _placed(face).copy()
    matrix[0, 2] += COSFACE_SHIFT
    return matrix


def head(face: Face, size: int) -> Matrix:
    """Widen the box to the whole head as in Hopenet's training, and take its middle square as `size` x `size`.

    The short side of the widened box fills the crop, as "resize, then cut the centre" does.

    Raises:
        ItemError: the box has no area.
    """
    left, top, right, bottom = map(float, face.box)
    if right - left < 1 or bottom - top < 1:
        raise ItemError(f"the box of the face in {face.image.path.name} is smaller than a pixel")
    left -= 0.6 * HEAD_MARGIN * (right - left)
    top -= 2 * HEAD_MARGIN * (bottom - top)
    right += 0.6 * HEAD_MARGIN * (right - left)
    bottom += 0.6 * HEAD_MARGIN * (bottom - top)
    scale = size / min(right - left, bottom - top)
    return _about((left + right) / 2, (top + bottom) / 2, scale, scale, size)


def box(face: Face, size: int) -> Matrix:
    """Squeeze the box itself, without a margin, to `size` x `size`.

    Raises:
        ItemError: the box has no area.
    """
    left, top, right, bottom = map(float, face.box)
    if right - left < 1 or bottom - top < 1:
        raise ItemError(f"the box of the face in {face.image.path.name} is smaller than a pixel")
    return _about((left + right) / 2, (top + bottom) / 2, size / (right - left), size / (bottom - top), size)


def recon(face: Face) -> Matrix:
    """Scale and shift the picture so that the mean face of Deep3DFaceRecon fits the five landmarks, without a turn.

    The scale and the shift are those of the least-squares affine map from the mean face to the landmarks, its scale
    being the mean length of its two rows.

    Raises:
        ItemError: the landmarks lie on one spot or line.

    Source: Deep3DFaceRecon_pytorch, util/preprocess.py (POS, align_img).
    """
    known = np.column_stack([RECON_POINTS * [1, -1, 1], np.ones(5)])  # y down, as in pictures
    rows = np.linalg.lstsq(known, np.asarray(face.landmarks, np.float64), rcond=None)[0]  # (4, 2)
    scale = float(np.linalg.norm(rows[:3], axis=0).mean())
    if not np.isfinite(scale) or scale < 1e-6:
        raise ItemError(f"the face in {face.image.path.name} cannot be aligned: its landmarks coincide")
    factor = RECON_SCALE / scale
    shift = np.array(RECON_SIZE[::-1]) / 2 - factor * rows[3]
    return np.array([[factor, 0, shift[0]], [0, factor, shift[1]]])


def _placed(face: Face) -> Matrix:
    try:
        return align.template_matrix(face.landmarks, "arcface", ARCFACE_SIZE[0])
    except ValueError as error:
        raise ItemError(f"the face in {face.image.path.name} cannot be aligned: {error}") from None


def _about(x: float, y: float, scale_x: float, scale_y: float, size: int) -> Matrix:
    """Bring the point between edges (x, y) to the middle of a crop; an edge lies half a pixel before a centre."""
    middle = (size - 1) / 2
    return np.array([[scale_x, 0, middle - scale_x * (x - 0.5)], [0, scale_y, middle - scale_y * (y - 0.5)]])
