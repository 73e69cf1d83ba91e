"""Every network with its real weights on faces that everybody has; skipped where the weights are not.

Three known pairs: a face and the same picture smaller (equal in everything), a face and its mirror image (equal
person, opposite yaw and roll), a face and another person's.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from fsbench import catalog
from fsbench.data.frames import read_rgb
from fsbench.errors import DependencyError
from fsbench.interfaces import Detector
from tests.unit.evaluators.conftest import store

pytestmark = [pytest.mark.weights, pytest.mark.slow]
SMALLER = 0.8


def part(name):
    """Build a part of the catalogue, or skip and say which weight is absent."""
    built = catalog.load(catalog.EVALUATORS[name].target)()
    try:
        built.weight_files()
    except DependencyError as error:
        pytest.skip(f"{error}; {error.hint}")
    return built


def named(role):
    return [name for name, entry in catalog.EVALUATORS.items() if entry.summary.startswith(f"{role}:")]


@pytest.fixture(scope="session")
def known(found, tmp_path_factory):
    """One face: as it is, smaller, mirrored; then five of other people."""
    (face,), (mirrored,) = found["single"], found["single_mirrored"]
    pixels = read_rgb(face.image.path)
    small = cv2.resize(pixels, None, fx=SMALLER, fy=SMALLER, interpolation=cv2.INTER_AREA)
    image = store(tmp_path_factory.mktemp("smaller"), "single", np.asarray(small))
    scaled = {name: getattr(face, name) * SMALLER for name in ("box", "landmarks", "landmarks68")}
    return [face, dataclasses.replace(face, image=image, **scaled), mirrored, *found["group"][:5]]


def cosine(rows):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


def test_every_evaluator_is_tried_here():
    tried = [
        name for role in ("identity", "pose", "expression", "gaze", "distribution", "detect") for name in named(role)
    ]
    assert sorted(tried) == sorted(catalog.EVALUATORS)


@pytest.mark.parametrize("name", named("identity"))
def test_one_person_is_nearer_than_two(name, known):
    found = cosine(part(name).extract(known))[0]
    assert found[1] > 0.9
    assert found[2] > found[3:].max() + 0.05


@pytest.mark.parametrize("name", named("pose"))
def test_a_mirror_image_looks_the_other_way(name, known):
    plain, small, mirrored, *others = part(name).extract(known)[:, :3]
    assert np.abs(small - plain).max() < 5
    assert np.abs(mirrored - plain * [-1, 1, -1]).max() < 10
    assert all(np.abs(row).max() < 75 for row in others)  # who looks into a camera


@pytest.mark.parametrize("name", named("expression"))
def test_an_expression_stays_when_its_picture_shrinks(name, known):
    evaluator = part(name)
    rows = evaluator.extract(known)[:, evaluator.measures.get("expression_error", slice(None))]
    distance = np.linalg.norm(rows - rows[0], axis=1)
    assert distance[1] < distance[3:].min()


@pytest.mark.parametrize("name", named("gaze"))
def test_a_mirror_image_has_one_angle_and_the_opposite_of_the_other(name, known):
    plain, small, mirrored = part(name).extract(known[:3])
    assert np.abs(small - plain).max() < 10
    assert np.minimum(np.abs(mirrored - plain), np.abs(mirrored + plain)).max() < 10
    assert np.abs(plain).max() < 60


@pytest.mark.parametrize("name", named("distribution"))
def test_the_features_of_a_smaller_picture_are_the_nearest(name, known):
    rows = part(name).extract(known)
    distance = np.linalg.norm(rows - rows[0], axis=1)
    assert distance[1] < distance[3:].min()


@pytest.mark.parametrize("name", named("detect"))
def test_six_people_and_one_are_found_where_they_are(name, pictures, found):
    detector = part(name)
    assert isinstance(detector, Detector)
    (one, *_), group = detector.detect([pictures["single"], pictures["group"]])
    (known_one,) = found["single"]
    width = known_one.box[2] - known_one.box[0]
    assert np.abs(one.landmarks - known_one.landmarks).max() < 0.15 * width
    for person in found["group"]:
        nearest = min(np.abs(face.landmarks - person.landmarks).max() for face in group)
        assert nearest < 0.2 * (person.box[2] - person.box[0])
