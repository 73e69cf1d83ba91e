"""How far the pose and the expression of a result are from its target's."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fsbench.metrics.rows import Rows, paired_rows


def l2_error(targets: ArrayLike, results: ArrayLike) -> Rows:
    """Tell for each image how far its vector is from its target's, by the Euclidean distance.

    The mean of these is "expression error". It is not the root of the mean square over the whole array, which some
    scripts print under the same name and which is never the smaller of the two.

    Args:
        targets: (N, D) such as expression coefficients.
        results: (N, D).

    Returns:
        (N,) >= 0, in the unit of the input.

    Raises:
        ValueError: the shapes differ, or a row holds NaN or infinity.

    >>> l2_error([[0, 0], [1, 1]], [[3, 4], [1, 1]]).tolist()
    [5.0, 0.0]
    """
    a, b = paired_rows(targets, results, ("targets", "results"))
    distance: Rows = np.linalg.norm(b - a, axis=1)
    return distance


def geodesic_error(targets: ArrayLike, results: ArrayLike) -> Rows:
    """Tell for each image by what single turn the head of the result differs from that of the target, in degrees.

    The angles stand for the rotation Rz(roll) @ Ry(yaw) @ Rx(pitch). Unlike the distance of the angles it does not
    depend on the choice of axes, and it stays right where a head looks far up or down.

    Args:
        targets: (N, 3) yaw, pitch and roll in degrees.
        results: (N, 3) the same.

    Returns:
        (N,) in 0..180, degrees.

    Raises:
        ValueError: the shapes differ or are not (N, 3), or a row holds NaN or infinity.

    Source: the angle of R1 R2^T, as in 6DRepNet's loss (sixdrepnet, loss.py); computed by the arctangent of its sine
    and cosine, which is exact near 0 and 180 where the arccosine of the trace is not.

    >>> geodesic_error([[0, 0, 0], [90, 0, 0]], [[30, 0, 0], [0, 0, 0]]).round(6).tolist()
    [30.0, 90.0]
    """
    a, b = paired_rows(targets, results, ("targets", "results"))
    if a.shape[1] != 3:
        raise ValueError(f"found rows of {a.shape[1]} numbers, wanted yaw, pitch and roll in degrees")
    turn = np.einsum("nij,nkj->nik", _rotations(b), _rotations(a))
    axis = np.stack([turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]], 1)
    twice_sine = np.linalg.norm(axis, axis=1)
    angle: Rows = np.degrees(np.arctan2(twice_sine, np.trace(turn, axis1=1, axis2=2) - 1))
    return angle


def _rotations(angles: Rows) -> Rows:
    """Put rotations (N, 3, 3) together from yaw, pitch and roll (N, 3) in degrees."""
    yaw, pitch, roll = np.radians(angles).T
    (sy, cy), (sp, cp), (sr, cr) = ((np.sin(angle), np.cos(angle)) for angle in (yaw, pitch, roll))
    rows = [
        [cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp],
        [sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp],
        [-sy, cy * sp, cy * cp],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def angle_l2_error(targets: ArrayLike, results: ArrayLike) -> Rows:
    """Tell for each image how far its yaw, pitch and roll are from its target's, in degrees.

    Each difference is taken the short way round (179 and -179 are 2 apart), then the three make one Euclidean
    distance. It is a distance of angles as the tables of the field print it, not the angle of the rotation between
    the two heads. The mean over images is "pose error".

    Args:
        targets: (N, 3) degrees; of a gaze, (N, 2).
        results: the same shape.

    Returns:
        (N,) in 0..312 (0..255 for two angles), degrees.

    Raises:
        ValueError: the shapes differ or are not those, or a row holds NaN or infinity.

    >>> angle_l2_error([[179, 0, 0]], [[-179, 0, 0]]).tolist()
    [2.0]
    """
    a, b = paired_rows(targets, results, ("targets", "results"))
    if a.shape[1] not in (2, 3):
        raise ValueError(f"found rows of {a.shape[1]} numbers, wanted yaw, pitch and roll in degrees")
    difference = b - a
    difference -= 360 * np.round(difference / 360)  # exact where the difference is under half a turn
    distance: Rows = np.linalg.norm(difference, axis=1)
    return distance
