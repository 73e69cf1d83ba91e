"""Landmarks to similarity matrix, aligned crop, paste-back; the published templates. Pure geometry.

Point order everywhere: eye, eye, nose tip, mouth corner, mouth corner, from image left. Matrices are (2, 3) and map
pixels of the picture to pixels of the crop.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fsbench.types import Image

Matrix = NDArray[np.float64]

_ARCFACE_112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)

# The five points in a unit square. arcface: insightface's face_align.py, divided by its 112. arcface_128: the same
# file's rule for sizes that 128 divides, where the face is moved 8 pixels to the right in 128. simswap, ffhq: SimSwap's
# face_align_ffhqandnewarc.py, its frontal template over 112 and its FFHQ template over 512. mtcnn: arcface shrunk by
# 0.85 about the middle, which FaceFusion's face_helper.py calls mtcnn_512. mobilefsgan: neither paper nor code states
# it; this one makes the pixels 26..229 of 256, which the released code shows to its identity network as 112 x 112
# with corners aligned, an arcface crop.
TEMPLATES: dict[str, Matrix] = {
    "arcface": _ARCFACE_112 / 112,
    "arcface_128": (_ARCFACE_112 + np.array([8, 0])) / 128,
    "mtcnn": 0.85 * _ARCFACE_112 / 112 + 0.075,
    "simswap": np.array([[39.730, 51.138], [72.270, 51.138], [56.000, 68.493], [42.463, 87.010], [69.537, 87.010]])
    / 112,
    "ffhq": np.array(
        [
            [192.98138, 239.94708],
            [318.90277, 240.1936],
            [256.63416, 314.01935],
            [201.26117, 371.41043],
            [313.08905, 371.15118],
        ]
    )
    / 512,
    "mobilefsgan": (26 + _ARCFACE_112 * 203 / 111) / 256,
}


def similarity(points: ArrayLike, wanted: ArrayLike) -> Matrix:
    """Find the rotation, scale and shift that bring `points` nearest to `wanted` in the least-squares sense.

    Args:
        points: (K, 2) landmarks in the picture, K >= 2.
        wanted: (K, 2) where they should land.

    Returns:
        (2, 3) matrix without reflection.

    Raises:
        ValueError: the shapes differ or all points coincide.

    Source: Umeyama 1991, without the reflection case; checked against scikit-image's SimilarityTransform.
    """
    start, end = np.asarray(points, np.float64), np.asarray(wanted, np.float64)
    if start.shape != end.shape or start.ndim != 2 or start.shape[1] != 2:
        raise ValueError(f"wanted two (K, 2) arrays, found {start.shape} and {end.shape}")
    start_mean, end_mean = start.mean(0), end.mean(0)
    a, b = start - start_mean, end - end_mean
    spread = float((a**2).sum())
    if spread == 0:
        raise ValueError("all points coincide, so no similarity can be fitted")
    cosine = float((a * b).sum()) / spread  # scale * cos(angle)
    sine = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    linear = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([linear, end_mean - linear @ start_mean])


def template_matrix(landmarks: ArrayLike, template: str, size: int) -> Matrix:
    """Find the matrix that brings five landmarks (5, 2) to a named template in a `size` x `size` crop."""
    return similarity(landmarks, TEMPLATES[template] * size)


def invert(matrix: Matrix) -> Matrix:
    """Invert a (2, 3) matrix."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def transform(points: ArrayLike, matrix: Matrix) -> Matrix:
    """Map (K, 2) points."""
    return np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]


def crop(image: Image, matrix: Matrix, size: tuple[int, int], *, border: str = "black") -> Image:
    """Cut the (height, width) crop that `matrix` describes, bilinear, antialiased where it shrinks the picture.

    Args:
        image: (H, W, 3) uint8 RGB.
        matrix: (2, 3), maps picture pixels to crop pixels.
        size: height and width of the crop.
        border: what lies outside the picture, "black" or "edge".
    """
    import cv2

    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    shrink = min(int(1 / scale + 1e-9), *image.shape[:2]) if scale < 1 else 1  # 1/8 must not become 7 by rounding
    if shrink > 1:  # bilinear sampling skips pixels when it shrinks by two or more: average whole blocks first
        height, width = image.shape[0] // shrink, image.shape[1] // shrink
        blocks = image[: height * shrink, : width * shrink]
        image = np.asarray(cv2.resize(blocks, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        offset = (shrink - 1) / 2  # the centre of a block, in pixels of the picture
        matrix = np.column_stack([matrix[:, :2] * shrink, matrix[:, 2] + matrix[:, :2] @ [offset, offset]])
    mode = {"black": cv2.BORDER_CONSTANT, "edge": cv2.BORDER_REPLICATE}[border]
    found = cv2.warpAffine(image, matrix, (size[1], size[0]), flags=cv2.INTER_LINEAR, borderMode=mode)
    return np.ascontiguousarray(found, dtype=np.uint8)


def paste_back(frame: Image, face: Image, matrix: Matrix, mask: NDArray[np.float32]) -> Image:
    """Blend a crop into the frame it was cut from.

    Args:
        frame: (H, W, 3) uint8 RGB, is not changed.
        face: (h, w, 3) uint8 RGB, the new content of the crop.
        matrix: (2, 3), the one the crop was cut with.
        mask: (h, w) in 0..1, how much of the new content to take.

    Returns:
        (H, W, 3) uint8; pixels that the mask does not reach are exactly the frame's.
    """
    import cv2

    back, size = invert(matrix), (frame.shape[1], frame.shape[0])
    warped = cv2.warpAffine(face, back, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(mask.astype(np.float32), back, size, flags=cv2.INTER_LINEAR)[..., None]
    blended = np.rint(frame * (1 - weight) + warped * weight).astype(np.uint8)
    return np.where(weight > 0, blended, frame)
