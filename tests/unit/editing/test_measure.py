"""Edits are measured in units of two pictures of one person, and the real ones do what they claim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from fsbench.data.frames import read_rgb
from fsbench.editing import editors, people
from fsbench.editing.build import build
from fsbench.editing.external import external
from fsbench.editing.making import Plan
from fsbench.editing.measure import Measured, Moved, measure, table, write
from fsbench.editing.screening import Limits
from fsbench.errors import DataError
from fsbench.metrics.stats import Interval
from fsbench.types import Image


def measured(faces: Path, out: Path, edits: str, *others: str, per_person: int = 0) -> Measured:
    plan = Plan(faces, out, editors.chosen(edits), tuple(external(text) for text in others), per_person, 0, Limits())
    built = build(plan, people.people(faces), workers=1, progress=lambda done: None)
    return measure(out, built.made, lambda done: None)


def edit_all(out: Path, folder: Path, edit: Callable[[Path], Image]) -> Path:
    for path in sorted((out / "vanilla").rglob("*.png")):
        place = folder / path.relative_to(out / "vanilla")
        place.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(edit(path)).save(place)
    return folder


def test_a_copy_moves_nothing_and_another_picture_of_the_person_moves_by_one_unit(faces: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plain = measured(faces, out, "none")
    assert plain.moved == ()
    assert plain.unit_pairs == plain.unit_people == 2
    assert plain.others is not None
    assert plain.others[0] > 1  # strangers are further apart than two pictures of one person

    def other(path: Path) -> Image:
        return read_rgb(next((p for p in sorted(path.parent.iterdir()) if p != path), path))

    copies = edit_all(out, tmp_path / "copies", read_rgb)
    swapped = edit_all(out, tmp_path / "swapped", other)
    found = measured(faces, out, "none", f"target_as_gt/copy={copies}", f"source_as_gt/other={swapped}")
    copy, moved = found.moved
    assert copy.means == (0, 0, 0)
    assert (copy.n, copy.people, copy.lost, copy.claim) == (5, 3, 0, "open")
    # by hand: each of two people's two pictures moves by the distance of its pair, the fifth not at all; the unit is
    # the median of the two pairs, so their mean is 1
    assert moved.means == pytest.approx((4 / 5,) * 3, rel=1e-5)


def test_an_edit_without_a_face_is_counted(faces: Path, tmp_path: Path) -> None:
    measured(faces, tmp_path / "out", "none")
    first = sorted((tmp_path / "out" / "vanilla").rglob("*.png"))[0]
    folder = edit_all(tmp_path / "out", tmp_path / "edits", lambda path: read_rgb(path) * np.uint8(path != first))
    (found,) = measured(faces, tmp_path / "out", "none", f"bald={folder}").moved
    assert (found.n, found.lost) == (4, 1)


def test_faces_with_one_picture_each_have_no_unit(faces: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no person has two pictures"):
        measured(faces / "Astronaut", tmp_path / "out", "none")


def moved(role: str, difference: float, low: float, high: float) -> Moved:
    return Moved("x", role, (1.0, 0.5, 0.5), difference, Interval(low, high), 9, 3, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("role", "ends", "claim"),
    [
        ("source_as_gt", (0.1, 0.3), "yes"),
        ("source_as_gt", (-0.3, -0.1), "no"),
        ("source_as_gt", (-0.1, 0.3), "open"),
        ("target_as_gt", (0.1, 0.3), "no"),
        ("target_as_gt", (-0.3, -0.1), "yes"),
    ],
)
def test_a_claim_holds_where_the_whole_interval_is_on_its_side(
    role: str, ends: tuple[float, float], claim: str
) -> None:
    assert moved(role, sum(ends) / 2, *ends).claim == claim


def test_the_table_has_every_number(tmp_path: Path) -> None:
    found = Measured((moved("source_as_gt", 0.5, 0.4, 0.6),), (0.3, 8.0, 0.4), 7, 2, (3.0, 1.5, 1.25))
    text = "\n".join(table(found))
    for part in (
        "1.00",
        "0.50",
        "+0.50",
        "[+0.40, +0.60]",
        "yes",
        "   9",
        "another person",
        "3.00",
        "7 pairs",
        "2 people",
    ):
        assert part in text
    assert write(tmp_path, found).read_text().splitlines()[1] == (
        "x,source_as_gt,1.0000,0.5000,0.5000,0.5000,0.4000,0.6000,yes,9,3,0"
    )


@pytest.mark.slow
def test_on_real_faces_identity_edits_move_the_identity_more_and_a_grin_the_expression(
    real_data: Path, tmp_path: Path
) -> None:
    found = measured(real_data / "lfw_mini", tmp_path / "out", "chubby,age,beard,grin", per_person=6)
    by_name = {item.editor: item for item in found.moved}
    assert {name: item.n for name, item in by_name.items()} == dict.fromkeys(by_name, 30)
    assert all(by_name[name].difference > 0 for name in ("chubby", "age", "beard"))
    assert by_name["grin"].difference < 0
    assert by_name["age"].claim == by_name["grin"].claim == "yes"
