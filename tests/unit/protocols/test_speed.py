"""`run speed`: known times are reported, with the source known and new, and what cannot be told says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fsbench.data.frames import png_bytes
from fsbench.engine.bench import Bench
from fsbench.engine.plugins import Identified
from fsbench.errors import ConfigError, DataError
from fsbench.protocols import machine
from fsbench.protocols.outcome import Outcome
from fsbench.protocols.speed import SpeedProtocol
from fsbench.records import RunConfig
from tests.unit.protocols.conftest import Look, measurements, painted, per_pair, swapper

MakeBench = Callable[..., Bench]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(4):
        look = None if number == 1 else Look((100, 40 * number + 20, 100))
        (folder / f"{number}.png").write_bytes(png_bytes(painted(look)))
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "PRODUCT_SECONDS", 0.0)  # one product of the machine's limit
    monkeypatch.setitem(machine.PRODUCT_SIZE, "cpu", 256)


def timed(bench: Bench, pictures: Path, swappers: dict[str, Identified], **choices: int) -> dict[str, Outcome]:
    config = RunConfig(protocol="speed", data=str(pictures), choices=choices, bootstrap=200)
    protocol = SpeedProtocol(config)
    plan = protocol.plan()
    protocol.together(bench, plan, swappers)
    return {label: protocol.run(bench, plan, by) for label, by in swappers.items()}


def test_a_swapper_that_sleeps_a_known_time_is_reported_within_five_percent(
    make_bench: MakeBench, pictures: Path
) -> None:
    by = swapper("Sleeper", milliseconds="100")
    found = measurements(timed(make_bench(), pictures, {"s": by}, passes=11, warmup=1)["s"])
    slept = by.plugin.build().slept[2:]  # a look at the result and the warm-up come first
    assert len(slept) == 11
    assert found["latency_ms"].value == pytest.approx(float(np.median(slept)), rel=0.05)
    assert found["latency_ms"].value >= 100  # nobody sleeps less than asked for
    assert found["latency_mean_ms"].value == pytest.approx(float(np.mean(slept)), rel=0.05)
    assert found["latency_ms"].low <= found["latency_ms"].value <= found["latency_ms"].high
    assert found["latency_ms"].n == 11


def test_the_face_net_is_in_one_number_and_not_in_the_others(make_bench: MakeBench, pictures: Path) -> None:
    by = {"s": swapper("Sleeper", milliseconds="5", new_source="60")}
    outcome = timed(make_bench(), pictures, by, passes=3, warmup=0)["s"]
    found = measurements(outcome)
    assert found["new_source_ms"].value >= 65
    assert 5 <= min(per_pair(outcome, "latency_ms").values()) < 60
    assert 5 <= min(per_pair(outcome, "network_ms").values()) < 60
    assert found["network_ms"].note == "fewer than 10 passes give no interval"


def test_a_face_of_a_batch_is_the_call_by_the_batch(make_bench: MakeBench, pictures: Path) -> None:
    by = {"s": swapper("Sleeper", milliseconds="10")}
    found = measurements(timed(make_bench(), pictures, by, passes=3, warmup=0, batch=4)["s"])
    assert found["latency_ms"].value >= 40
    assert found["latency_face_ms"].value == pytest.approx(found["latency_ms"].value / 4)


def test_several_swappers_share_a_session_and_are_compared_with_the_first(
    make_bench: MakeBench, pictures: Path
) -> None:
    by = {"a": swapper("Sleeper", milliseconds="10"), "b": swapper("Sleeper", milliseconds="30")}
    found = timed(make_bench(), pictures, by, passes=10, warmup=0)
    ratios = [measurements(outcome)["latency_ratio"] for outcome in found.values()]
    assert (ratios[0].value, ratios[0].low) == (1.0, None)
    own = [np.array(list(per_pair(outcome, "latency_ms").values())) for outcome in found.values()]
    assert ratios[1].value == pytest.approx(np.median(own[1] / own[0]))
    assert ratios[1].low <= ratios[1].value <= ratios[1].high
    sessions = [set(outcome.columns["session"].values()) for outcome in found.values()]
    assert sessions[0] == sessions[1]
    assert len(sessions[0]) == 1
    assert list(found["a"].columns["pass"].values()) == list(range(1, 11))


def test_what_a_swapper_does_not_show_is_absent_and_says_why(make_bench: MakeBench, pictures: Path) -> None:
    by = {"plain": swapper("Sleeper", milliseconds="1"), "both": swapper("Sleeper", milliseconds="1", new_source="1")}
    found = {label: measurements(out) for label, out in timed(make_bench(), pictures, by, passes=2, warmup=0).items()}
    assert found["plain"]["network_ms"].value is None
    assert "shows no network" in found["plain"]["network_ms"].note
    assert "keeps nothing of a source" in found["plain"]["new_source_ms"].note
    assert found["both"]["network_ms"].value >= 1
    assert "network_gflop" not in found["both"]  # no swapper of the run has a network that torch could count


def test_a_swapper_that_fails_has_no_time_and_a_reason_a_pass(make_bench: MakeBench, pictures: Path) -> None:
    outcome = timed(make_bench(), pictures, {"s": swapper("Sleeper", fails="true", milliseconds="1")}, passes=3)["s"]
    found = measurements(outcome)["latency_ms"]
    assert (found.value, found.n, found.n_failed, found.note) == (None, 0, 3, "asleep")
    assert [(failure.stage, failure.reason) for failure in outcome.failures] == [("swap", "asleep")] * 3
    assert (outcome.planned, outcome.finished, outcome.done) == (3, 0, frozenset())


def test_a_result_that_is_no_picture_is_found_before_its_time_counts(make_bench: MakeBench, pictures: Path) -> None:
    outcome = timed(make_bench(), pictures, {"s": swapper("Crash")}, passes=2)["s"]
    assert measurements(outcome)["latency_ms"].value is None
    assert len(outcome.failures) == 2


def test_the_conditions_name_what_times_depend_on(make_bench: MakeBench, pictures: Path) -> None:
    told = timed(make_bench(), pictures, {"s": swapper("Sleeper", milliseconds="1")}, passes=1, threads=1)[
        "s"
    ].conditions
    wanted = {"threads", "precision", "device", "clock", "governor", "allocator", "grad mode", "limit"}
    assert wanted <= set(told)
    assert told["threads"] == "1"
    assert all(told.values())


def test_peak_memory_is_that_of_a_process_of_its_own(make_bench: MakeBench, pictures: Path) -> None:
    ballast = np.ones(60_000_000)  # 480 MB of this process
    found = measurements(timed(make_bench(), pictures, {"s": swapper("Sleeper", milliseconds="1")}, passes=1)["s"])
    assert 20 < found["memory_mb"].value < 400
    assert ballast[-1] == 1


def test_a_folder_without_two_faces_is_refused_in_one_line(make_bench: MakeBench, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "face.png").write_bytes(png_bytes(painted(Look((100, 100, 100)))))
    with pytest.raises(DataError, match="1 of the first 1 pictures show a face"):
        timed(make_bench(), tmp_path / "one", {"s": swapper("Sleeper")}, passes=1)
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="no pictures and no videos"):
        timed(make_bench(), tmp_path / "none", {"s": swapper("Sleeper")}, passes=1)
    with pytest.raises(ConfigError, match="--data is missing"):
        SpeedProtocol(RunConfig(protocol="speed"))


def test_the_limit_of_the_machine_is_measured() -> None:
    found = machine.speed_limit(machine.Setting(1, "cpu", "float32"))
    assert 0.1 < found < 100_000
