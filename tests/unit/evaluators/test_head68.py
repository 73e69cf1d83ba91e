import pickle
import sys

import numpy as np
import pytest

from fsbench.errors import DependencyError
from fsbench.evaluators import head68
from fsbench.evaluators.head68 import MIRROR, mean_shape


def test_the_head_is_the_one_of_insightface_made_symmetric():
    with head68.mean_shape_file().open("rb") as file:
        original = pickle.load(file)
    shape = mean_shape() * np.linalg.norm(
        (original[36:42] + original[MIRROR][36:42] * [-1, 1, 1]).mean(0) / 2
        - (original[42:48] + original[MIRROR][42:48] * [-1, 1, 1]).mean(0) / 2
    )
    differences = shape - (original - original.mean(0)) * [1, 1, -1]
    assert np.abs(differences).max() < 0.03  # the file's own asymmetry, in its unit (the face is 1.25 wide)


def test_the_mirrored_head_is_the_same_head():
    shape = mean_shape()
    np.testing.assert_allclose(shape[MIRROR] * [-1, 1, 1], shape, atol=1e-12)


def test_mirroring_twice_changes_nothing():
    assert MIRROR[MIRROR].tolist() == list(range(68))


def test_the_head_faces_the_viewer_upright_with_unit_eye_distance():
    shape = mean_shape()
    left_eye, right_eye, nose, chin = shape[36:42].mean(0), shape[42:48].mean(0), shape[30], shape[8]
    assert np.linalg.norm(left_eye - right_eye) == pytest.approx(1)
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_eye[1] < nose[1] < chin[1]
    assert np.argmin(shape[:, 2]) == 30  # the nose tip is nearest to the viewer
    np.testing.assert_allclose(shape.mean(0), 0, atol=1e-12)


class Explosive:
    def __reduce__(self):
        return (print, ("loaded",))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (pickle.dumps(Explosive()), "is no part of a plain array"),
        (pickle.dumps(np.zeros((5, 2), np.float32)), "holds no"),
        (b"", "cannot be read"),
    ],
    ids=["code", "another shape", "empty"],
)
def test_a_pickle_that_is_not_the_plain_array_is_refused(tmp_path, monkeypatch, capsys, content, complaint):
    path = tmp_path / "insightface" / "data" / "objects" / "meanshape_68.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    (tmp_path / "insightface" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "insightface", raising=False)  # one that is imported would be found in its place
    with pytest.raises(DependencyError, match=complaint):
        mean_shape()
    assert capsys.readouterr().out == ""
