"""Two folders: which pictures are compared, and what is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fsbench.data.frames import png_bytes
from fsbench.engine.bench import Bench
from fsbench.errors import ConfigError, DataError
from fsbench.protocols.fid import FidProtocol
from fsbench.protocols.outcome import Outcome
from fsbench.records import RunConfig
from fsbench.types import Failure
from tests.unit.protocols.conftest import Look, measurements, painted

MakeBench = Callable[..., Bench]


def folder(path: Path, levels: Sequence[int]) -> Path:
    path.mkdir()
    for number, level in enumerate(levels):
        (path / f"{number}.png").write_bytes(png_bytes(painted(Look((level, 100, 100)))))
    return path


def protocol(real: Path | str, swapped: Path | str, **given: object) -> FidProtocol:
    return FidProtocol(RunConfig(protocol="fid", real=str(real), swapped=str(swapped), bootstrap=100, **given))


def run(make_bench: MakeBench, found: FidProtocol) -> Outcome:
    return found.run(make_bench(), found.plan())


def test_the_frechet_distance_of_two_folders_is_worked_out_by_hand(tmp_path: Path, make_bench: MakeBench) -> None:
    # means 11 and 14; variances 2 and 8; the other two colours are constant: 9 + 2 + 8 - 2 * 4 = 11
    real, swapped = folder(tmp_path / "real", [10, 12]), folder(tmp_path / "swapped", [12, 16])
    outcome = run(make_bench, protocol(real, swapped))
    found = measurements(outcome)["fid"]
    assert found.value == pytest.approx(11)
    assert (found.n, found.n_failed) == (2, 0)
    assert found.note.startswith("reference: real, n = 2")
    assert outcome.failures == []


def test_a_broken_picture_and_one_without_a_face_are_left_out_and_counted(
    tmp_path: Path, make_bench: MakeBench
) -> None:
    real, swapped = folder(tmp_path / "real", [10, 12, 14]), folder(tmp_path / "swapped", [12, 16])
    (real / "2.png").write_bytes(b"no picture")
    (swapped / "blank.png").write_bytes(png_bytes(painted(None)))
    (swapped / "notes.txt").write_text("not a picture by its name")
    outcome = run(make_bench, protocol(real, swapped))
    found = measurements(outcome)["fid"]
    assert (found.value, found.n, found.n_failed) == (pytest.approx(11), 2, 1)
    assert found.note.startswith("reference: real, n = 2")
    assert [(failure.key, failure.stage) for failure in outcome.failures] == [
        ("real/2.png", "decode"),
        ("swapped/blank.png", "detect"),
    ]
    assert outcome.failures[1] == Failure("swapped/blank.png", "detect", "no face found")
    assert (outcome.planned, outcome.finished) == (3, 2)


def test_whole_pictures_need_no_face(tmp_path: Path, make_bench: MakeBench) -> None:
    real, swapped = folder(tmp_path / "real", [10, 12]), folder(tmp_path / "swapped", [12, 16])
    (swapped / "blank.png").write_bytes(png_bytes(painted(None)))
    outcome = run(make_bench, protocol(real, swapped, choices={"fid_region": "frame"}))
    assert (measurements(outcome)["fid"].n, outcome.failures) == (3, [])


def test_subfolders_are_searched_and_a_limit_takes_the_first_of_each(tmp_path: Path) -> None:
    real, swapped = folder(tmp_path / "real", [10, 12]), folder(tmp_path / "swapped", [12, 16])
    folder(real / "more", [1, 2, 3])
    gallery = protocol(real, swapped, limit=3).plan().gallery
    assert [(ref.path.relative_to(tmp_path).as_posix(), side) for ref, side in gallery.items()] == [
        ("real/0.png", "real"),
        ("real/1.png", "real"),
        ("real/more/0.png", "real"),
        ("swapped/0.png", "swapped"),
        ("swapped/1.png", "swapped"),
    ]


@pytest.mark.parametrize(
    ("real", "swapped", "missing"), [("", "b", "--real"), ("a", "", "--swapped"), ("", "", "--real")]
)
def test_both_folders_must_be_named(real: str, swapped: str, missing: str) -> None:
    with pytest.raises(ConfigError) as caught:
        protocol(real, swapped)
    assert str(caught.value) == f"{missing} is missing"
    assert caught.value.hint == "fsbench run fid --real DIR --swapped DIR"


def test_a_folder_that_is_not_there_or_holds_no_pictures_is_told(tmp_path: Path) -> None:
    real, empty = folder(tmp_path / "real", [10, 12]), folder(tmp_path / "empty", [])
    with pytest.raises(DataError) as caught:
        protocol(real, tmp_path / "gone").plan()
    assert str(caught.value) == f"the folder {tmp_path / 'gone'} is not there"
    with pytest.raises(DataError) as caught:
        protocol(empty, real).plan()
    assert str(caught.value) == f"{empty} holds no pictures (.png, .jpg, .jpeg, .bmp, .webp, .tif, .tiff)"
