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


def angle_l2_error(targets: ArrayLike, results: ArrayLike) -> Rows:
    """Tell for each image how far its yaw, pitch and roll are from its target's, in degrees.

    Each difference is taken the short way round (179 and -179 are 2 apart), then the three make one Euclidean
    distance. It is a distance of angles as the tables of the field print it, not the angle of the rotation between
    the two heads. The mean over images is "pose error".

    Args:
        targets: (N, 3) degrees.
        results: (N, 3) degrees.

    Returns:
        (N,) in 0..312, degrees.

    Raises:
        ValueError: the shapes differ or are not (N, 3), or a row holds NaN or infinity.

    >>> angle_l2_error([[179, 0, 0]], [[-179, 0, 0]]).tolist()
    [2.0]
    """
    a, b = paired_rows(targets, results, ("targets", "results"))
    if a.shape[1] != 3:
        raise ValueError(f"found rows of {a.shape[1]} numbers, wanted yaw, pitch and roll in degrees")
    difference = b - a
    difference -= 360 * np.round(difference / 360)  # exact where the difference is under half a turn
    distance: Rows = np.linalg.norm(difference, axis=1)
    return distance
