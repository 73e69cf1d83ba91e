"""From a picture to an aligned crop, or to the reason why it is left out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from fsbench import align
from fsbench.data.frames import read_rgb
from fsbench.editing.crop import SIZE, TEMPLATE, Crop, Points, frame
from fsbench.errors import ItemError
from fsbench.evaluators.detectors import Dlib
from fsbench.evaluators.head68 import mean_shape
from fsbench.evaluators.pose import head_pose
from fsbench.types import Image, ImageRef

RIVAL = 0.5  # area of a second face over the largest from which it is not clear whose picture it is
OUTSIDE = 0.2  # how far a landmark may lie outside the picture, in distances between the eyes


class Limits(BaseModel):
    """What a face must have to be used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_eyes: float = Field(default=24, ge=4)  # pixels between the eyes; a crop shows them 64 apart
    max_yaw: float = Field(default=35, ge=0, le=90)  # degrees to a side, by PnP on the 68 points
    min_sharpness: float = Field(default=0.14, ge=0)  # see `sharpness`; crops of whole LFW have 0.2 to 0.9


def aligned(path: Path, limits: Limits) -> Crop:
    """Find the face of a picture and cut it out as `--swapper mobilefsgan` does: beyond the picture its border repeats.

    Raises:
        ItemError: the picture cannot be read or is left out; the reason says why.
    """
    pixels = read_rgb(path)
    faces = _detector().detect([ImageRef(path, "")])[0]
    if not faces:
        raise ItemError("no face found")
    areas = [float(np.prod(face.box[2:] - face.box[:2])) for face in faces]
    if len(faces) > 1 and areas[1] > RIVAL * areas[0]:
        raise ItemError(f"{sum(area > RIVAL * areas[0] for area in areas)} faces of about one size")
    points = np.asarray(faces[0].landmarks68, np.float64)
    _measured(points, pixels, limits)
    try:
        matrix = align.template_matrix(faces[0].landmarks, TEMPLATE, SIZE)
    except ValueError as error:
        raise ItemError(f"the face cannot be aligned: {error}") from None
    crop = Crop(align.crop(pixels, matrix, (SIZE, SIZE), border="edge"), align.transform(points, matrix))
    sharp = sharpness(crop.pixels)
    if sharp < limits.min_sharpness:
        raise ItemError(f"blurred: sharpness {sharp:.2f}, wanted {limits.min_sharpness:g}")
    return crop


def sharpness(pixels: Image) -> float:
    """Tell how much fine detail a crop's face has: the spread of its Laplacian over that of its grey, at half size.

    Half size, because pictures that were enlarged to the crop have nothing finer. Division by the spread of grey
    takes the contrast away.
    """
    import cv2

    face = pixels[SIZE // 6 : SIZE * 15 // 16, SIZE // 6 : SIZE * 5 // 6]
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float64)
    return float(cv2.Laplacian(half, cv2.CV_64F).std() / max(half.std(), 1e-6))


def _measured(points: Points, pixels: Image, limits: Limits) -> None:
    height, width = pixels.shape[:2]
    eyes = frame(points).eyes
    if not eyes >= limits.min_eyes:  # also where it is not a number
        raise ItemError(f"too small: {eyes:.0f} pixels between the eyes, wanted {limits.min_eyes:g}")
    outside = max(float(-points.min()), *(points.max(0) - [width - 1, height - 1]).tolist())
    if outside > OUTSIDE * eyes:
        raise ItemError("the face reaches beyond the picture")
    yaw = float(head_pose(points, (width, height), _head())[0])
    if abs(yaw) > limits.max_yaw:
        raise ItemError(f"turned away: yaw {yaw:.0f} degrees, wanted up to {limits.max_yaw:g}")


@cache
def _detector() -> Dlib:
    return Dlib()


@cache
def _head() -> Points:
    return mean_shape()
