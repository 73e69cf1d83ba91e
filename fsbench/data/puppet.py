"""Makes one photographed person move: a smooth warp of the whole picture, without seams or folds.

Lengths are in units of the side of the face's box, measured from the box's centre, x right and y down.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from fsbench.types import Image

FACE_SHARE = 0.42  # side of the face's box in the side of the picture that is rendered
PARALLAX = ((0.0, 0.05, 0.62, 0.72), (0.0, 0.08, 0.2, 0.24))  # x, y, width, height of the head and of the nose on it
PARALLAX_WEIGHTS = (0.75, 0.25)


@dataclass(frozen=True)
class Person:
    """A face in a photograph, in its pixels, and where the parts lie that an expression moves."""

    name: str
    photograph: str
    centre: tuple[float, float]
    side: float
    roll_degrees: float  # of the line through the eyes; the rendered face is upright
    eyes: tuple[tuple[float, float], tuple[float, float]]
    mouth: tuple[tuple[float, float], tuple[float, float]]  # the corners


@dataclass(frozen=True)
class Pose:
    """How a person is shown in one picture; all zero is as photographed."""

    yaw: float = 0.0  # -1 nose to the left .. 1 to the right, by parallax
    pitch: float = 0.0  # -1 nose up .. 1 down
    roll_degrees: float = 0.0
    zoom: float = 0.0  # logarithm of the scale
    right: float = 0.0  # shift of the whole picture, in sides of the face's box
    down: float = 0.0
    jaw: float = 0.0  # -1 closed .. 1 open
    smile: float = 0.0  # -1..1
    brows: float = 0.0  # -1 lowered .. 1 raised
    squint: float = 0.0  # -1 wide open .. 1 nearly closed


# The widest swing of each part of a pose, found by looking: more of it looks drawn, and detectors lose the face.
SWING = Pose(
    yaw=1.0, pitch=0.8, roll_degrees=7.0, zoom=0.06, right=0.07, down=0.05, jaw=1.2, smile=1.0, brows=1.0, squint=0.9
)


def motion(length: int, rng: np.random.Generator) -> list[Pose]:
    """Draw a smooth motion: each part of the pose swings as a sum of two slow waves of its own."""
    time = np.linspace(0, 1, length)
    tracks: dict[str, NDArray[np.float64]] = {}
    for field in fields(Pose):
        speed, phase = rng.uniform([0.6, 1.5], [1.2, 2.5]), rng.uniform(0, 2 * np.pi, 2)
        waves = np.sin(2 * np.pi * np.outer(time, speed) + phase) @ [0.7, 0.3]
        tracks[field.name] = waves * getattr(SWING, field.name)
    return [Pose(**{name: float(track[i]) for name, track in tracks.items()}) for i in range(length)]


def still(rng: np.random.Generator) -> Pose:
    """Draw one pose on its own."""
    return Pose(**{field.name: float(rng.uniform(-0.9, 0.9) * getattr(SWING, field.name)) for field in fields(Pose)})


def render(photograph: Image, person: Person, pose: Pose, *, size: int) -> Image:
    """Show a person in a pose, as a (size, size, 3) picture; beyond the photograph's edge it is mirrored."""
    import cv2

    x, y = sampling_map(photograph.shape[:2], person, pose, size=size)
    picture = cv2.remap(photograph, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.ascontiguousarray(picture, dtype=np.uint8)


def sampling_map(
    shape: tuple[int, ...], person: Person, pose: Pose, *, size: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Tell for each pixel of the rendered picture from where in the photograph it comes: x and y, (size, size)."""
    steps = ((np.arange(size, dtype=np.float32) - (size - 1) / 2) / (FACE_SHARE * size)).astype(np.float32)
    x, y = np.meshgrid(steps - np.float32(pose.right), steps - np.float32(pose.down))
    x, y = _turn(x, y, -pose.roll_degrees, scale=float(np.exp(-pose.zoom)))
    dx, dy = _parallax(x, y, pose)
    x, y = x + dx, y + dy
    dx, dy = _expression(x, y, person, pose)
    x, y = _turn(x + dx, y + dy, person.roll_degrees, scale=person.side)
    return x + np.float32(person.centre[0]), y + np.float32(person.centre[1])


Plane = NDArray[np.float32]


def _turn(x: Plane, y: Plane, degrees: float, *, scale: float) -> tuple[Plane, Plane]:
    cosine = np.float32(scale * np.cos(np.radians(degrees)))
    sine = np.float32(scale * np.sin(np.radians(degrees)))
    return cosine * x - sine * y, sine * x + cosine * y


def _bump(x: Plane, y: Plane, place: tuple[float, float, float, float]) -> Plane:
    left, top, width, height = place
    return np.exp(-(((x - np.float32(left)) / width) ** 2) - ((y - np.float32(top)) / height) ** 2).astype(np.float32)


def _parallax(x: Plane, y: Plane, pose: Pose) -> tuple[Plane, Plane]:
    near = sum(w * _bump(x, y, place) for w, place in zip(PARALLAX_WEIGHTS, PARALLAX, strict=True))
    depth = np.asarray(near, np.float32)
    return depth * np.float32(-0.13 * pose.yaw), depth * np.float32(-0.1 * pose.pitch)


def _expression(x: Plane, y: Plane, person: Person, pose: Pose) -> tuple[Plane, Plane]:
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    (left_x, left_y), (right_x, right_y) = person.mouth
    width = right_x - left_x
    middle = ((left_x + right_x) / 2, (left_y + right_y) / 2)
    chin = _bump(x, y, (middle[0], middle[1] + 0.2, 0.45, 0.2))
    dy -= chin * np.float32(0.06 * pose.jaw)
    for corner, side in (((left_x, left_y), -1.0), ((right_x, right_y), 1.0)):
        near = _bump(x, y, (*corner, 0.6 * width, 0.16))
        dx -= near * np.float32(side * 0.035 * pose.smile)
        dy += near * np.float32(0.045 * pose.smile)
    for eye_x, eye_y in person.eyes:
        dy += _bump(x, y, (eye_x, eye_y - 0.16, 0.22, 0.12)) * np.float32(0.04 * pose.brows)
        lids = _bump(x, y, (eye_x, eye_y, 0.16, 0.1))
        dy += lids * (y - np.float32(eye_y)) * np.float32(0.45 * pose.squint)
    return dx, dy
