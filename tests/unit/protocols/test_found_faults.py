"""Faults of the protocols that were found once; each test fails where its fault comes back."""

from __future__ import annotations

import numpy as np
import pytest

from fsbench.data.frames import png_bytes
from fsbench.errors import RunAborted
from fsbench.protocols.fid import FidProtocol
from fsbench.records import RunConfig
from tests.unit.protocols.conftest import COPY_TARGET, Look, ffpp, finished, measurements, painted, swapper
from tests.unit.protocols.test_scoring import DLIB, rows, scorer

BOTH = [["000", "001"]]
KEYS = [f"{pair}/f000{frame}" for pair in ("000_001", "001_000") for frame in (0, 1)]


def test_a_folder_against_itself_is_at_distance_zero(tmp_path, make_bench):
    folder = tmp_path / "a"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(png_bytes(painted(Look((10 * number + 9, 9, 9)))))
    protocol = FidProtocol(RunConfig(protocol="fid", real=str(folder), swapped=str(folder), bootstrap=100))
    found = measurements(protocol.run(make_bench(), protocol.plan()))["fid"]
    assert (found.value, found.n) == (pytest.approx(0), 3)


def test_results_without_any_gallery_have_no_retrieval(dataset, make_bench, results_folder):
    data = dataset({"000": [None] * 2, "001": [None] * 2}, BOTH)
    folder = results_folder({key: Look((9, 0, 0)) for key in KEYS})
    found = measurements(ffpp(make_bench(), data, finished(folder), {"frames": "2"}))["id_retrieval"]
    assert found.value is None


def test_an_embedding_of_zeros_costs_one_row(dataset, make_bench, results_folder):
    data = dataset({"000": [Look((9, 0, 0))] * 2, "001": [Look((0, 9, 0))] * 2}, BOTH)
    folder = results_folder({key: Look((0, 9, 0)) for key in KEYS})
    hole = painted(Look((9, 9, 9)))
    hole[20:30, 20:30] = 0
    (folder / f"{KEYS[0]}.png").write_bytes(png_bytes(hole))
    outcome = ffpp(make_bench(), data, finished(folder), {"frames": "2"})
    assert measurements(outcome)["id_similarity"].n == 3
    assert [(f.key, f.stage) for f in outcome.failures] == [(KEYS[0], "identity")]


def test_the_policy_raise_stops_for_a_video_that_is_too_short(dataset, make_bench):
    data = dataset({"000": [Look((9, 0, 0))] * 2, "001": [Look((0, 9, 0))]}, BOTH)
    choices = {"frames": "2", "failures": "raise", "source_frame": "first"}
    with pytest.raises(RunAborted, match="1 frames give 1 of 2 wanted"):
        ffpp(make_bench(), data, swapper(COPY_TARGET), choices)


def test_a_distance_without_an_interval_says_why():
    for found in scorer("ab").of_sets(DLIB, rows([[0], [2]]), rows([[2], [6]], name="other"), reference="t"):
        assert found.measurement.low is None
        assert "no interval: it takes 3 groups" in found.measurement.note


def test_a_result_is_not_compared_with_its_own_target_among_all_frames(dataset, make_bench, results_folder):
    looks = {"000": [Look((9, 0, 0)), Look((8, 1, 0))], "001": [Look((0, 9, 0)), Look((0, 8, 1))]}
    copies = {f"{pair}/f000{n}": looks[pair[:3]][n] for pair in ("000_001", "001_000") for n in (0, 1)}
    choices = {"frames": "2", "fid_reference": "all_frames"}
    outcome = ffpp(make_bench(), dataset(looks, BOTH), finished(results_folder(copies)), choices)
    assert measurements(outcome)["kid"].value == pytest.approx(0, abs=1e-9)
    assert np.isfinite(measurements(outcome)["fid"].value)
