"""Faces as the store keeps them: as JSON, and as the part of a key."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from fsbench.types import Face, ImageRef


def face_digest(face: Face) -> str:
    """Name a face by the content of its picture and by where it is there."""
    digest = hashlib.sha256(face.image.sha256.encode())
    for points in (face.box, face.landmarks, face.landmarks68):
        digest.update(b"none" if points is None else np.ascontiguousarray(points, np.float64).tobytes())
    return digest.hexdigest()


def to_json(face: Face) -> dict[str, Any]:
    """Give what there is to store of a face, without its picture."""
    points = None if face.landmarks68 is None else face.landmarks68.tolist()
    return {"box": face.box.tolist(), "landmarks": face.landmarks.tolist(), "score": face.score, "points": points}


def from_json(image: ImageRef, content: dict[str, Any]) -> Face:
    """Read what `to_json` gave, for a picture."""
    points = None if content["points"] is None else np.array(content["points"])
    return Face(image, np.array(content["box"]), np.array(content["landmarks"]), content["score"], points)


def in_picture(face: Face, image: ImageRef) -> Face:
    """Give the same face in another file with the same pixels."""
    return Face(image, face.box, face.landmarks, face.score, face.landmarks68)
