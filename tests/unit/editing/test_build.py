"""A folder of triplets: complete, the same however it was made, and what the data set reads."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageFilter
import pytest

from fsbench.data.frames import read_rgb
from fsbench.editing import editors, people
from fsbench.editing.build import Built, build
from fsbench.editing.constructions import Example, from_one_picture, from_two_pictures
from fsbench.editing.crop import SIZE
from fsbench.editing.external import External, external
from fsbench.editing.making import Plan
from fsbench.editing.screening import Limits
from fsbench.errors import ConfigError, DataError
from fsbench.training.triplets import FSTriplets

FEW = "chubby,glasses"


def made(
    faces: Path, out: Path, edits: str = FEW, *, externals: tuple[External, ...] = (), stop: int = 0, **given: object
) -> Built:
    """Build; `stop` interrupts after so many people."""
    seen = 0

    def progress(_: int) -> None:
        nonlocal seen
        seen += 1
        if seen == stop:
            raise KeyboardInterrupt

    workers = int(given.pop("workers", 1))  # type: ignore[call-overload]
    plan = Plan(
        faces, out, editors.chosen(edits), externals, *(given.get(k, 0) for k in ("per_person", "seed")), Limits()
    )  # type: ignore[arg-type]
    return build(plan, people.people(faces), workers=workers, progress=progress)


def contents(out: Path) -> dict[str, bytes]:
    """Give all files but the settings, which name the folder of faces, and the lock."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name not in ("triplets.json", ".lock"))
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def whole(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "triplets"
    assert made(faces, out).counts["pictures"] == 5
    return out


def test_the_data_set_draws_exactly_the_triplets_of_the_paper(whole: Path, faces: Path) -> None:
    names = {folder.name: [path.stem for path in sorted(folder.iterdir())] for folder in sorted(faces.iterdir())}
    expected = {
        "edited_target": {
            example
            for person, stems in names.items()
            for example in from_two_pictures(person, stems, [("fat", stem) for stem in stems])
        }
    }
    for role, kind in (("source_as_gt", "fat"), ("target_as_gt", "glasses")):
        expected[kind] = {
            example
            for person, stems in names.items()
            for stem in stems
            for example in from_one_picture(role, kind, person, stem)  # type: ignore[arg-type]
        }
    assert len(expected["edited_target"]) == 4  # two people with two pictures
    assert {kind: len(found) for kind, found in expected.items() if kind != "edited_target"} == {
        "fat": 10,
        "glasses": 10,
    }
    for kind, examples in expected.items():
        data = FSTriplets(whole, weights={kind: 1.0})
        drawn = (data.files(number) for number in range(400))
        assert {Example(f.source, f.target, f.truth or "") for f in drawn} == examples


def test_a_triplet_of_each_kind_is_read_with_the_pictures_that_were_made(whole: Path) -> None:
    kinds = FSTriplets(whole).folder.kinds
    assert kinds == ("vanilla", "vanilla_same", "edited_target", "fat", "glasses")
    for kind in kinds:
        data = FSTriplets(whole, weights={kind: 1.0}, augment=False)
        files, triplet = data.files(3), data[3]
        assert triplet.source.shape == (3, SIZE, SIZE)
        pixels = ((triplet.target.permute(1, 2, 0) + 1) * 127.5).round().numpy().astype(np.uint8)
        assert np.array_equal(pixels, read_rgb(whole / files.target))
        assert triplet.has_truth == (kind != "vanilla")


def test_the_index_names_every_picture_and_what_it_is(whole: Path) -> None:
    with (whole / "index.csv").open() as file:
        rows = list(csv.DictReader(file))
    pictures = {path for path in contents(whole) if path.endswith(".png") and path != "contact_sheet.png"}
    assert {row["picture"] for row in rows} == pictures
    assert len(rows) == len(pictures)
    edits = [row for row in rows if row["edit"]]
    assert {(r["construction"], r["kind"], r["truth"], r["edit"]) for r in edits} == {
        ("one picture", "fat", "source", "chubby"),
        ("two pictures", "edited_target", "original", "chubby"),
        ("one picture", "glasses", "target", "glasses"),
    }
    assert all(0.12 <= float(row["strength"]) <= 0.2 for row in edits if row["edit"] == "chubby")
    assert {row["seed"] for row in edits} == {"0"}


def test_the_contact_sheet_has_a_row_for_each_kind(whole: Path) -> None:
    with PIL.Image.open(whole / "contact_sheet.png") as sheet:
        assert sheet.height == 22 + 3 * (128 + 12)


def test_an_interrupted_build_goes_on_to_the_same_files(faces: Path, whole: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        made(faces, tmp_path / "out", stop=1)
    assert not (tmp_path / "out" / "index.csv").exists()
    first = next((tmp_path / "out" / "source_as_gt").rglob("*.edited.png"))
    time = first.stat().st_mtime_ns
    made(faces, tmp_path / "out")
    assert first.stat().st_mtime_ns == time
    assert contents(tmp_path / "out") == contents(whole)


def test_editors_can_be_added_and_other_settings_cannot(faces: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made(faces, out, "none")
    made(faces, out, "chubby")
    made(faces, out)
    assert contents(out) == contents(whole)
    with pytest.raises(ConfigError, match="was built with seed = 0, not 1"):
        made(faces, out, seed=1)


def test_a_changed_list_of_pictures_makes_the_person_again(faces: Path, tmp_path: Path) -> None:
    copy, out = tmp_path / "faces", tmp_path / "out"
    shutil.copytree(faces, copy)
    made(copy, out)
    gone = sorted((copy / "Astronaut").iterdir())[0]
    gone.unlink()
    made(copy, out)
    assert [path for path in contents(out) if gone.stem in path] == []
    assert not (out / "edited_target" / "original" / "faces" / "Astronaut").exists() or not list(
        (out / "edited_target" / "original" / "faces" / "Astronaut").iterdir()
    )
    FSTriplets(out)


@pytest.mark.slow
def test_several_processes_make_the_same_files(faces: Path, whole: Path, tmp_path: Path) -> None:
    made(faces, tmp_path / "out", workers=2)
    assert contents(tmp_path / "out") == contents(whole)


def test_bad_faces_are_listed_with_the_reason(faces: Path, tmp_path: Path) -> None:
    person = tmp_path / "faces" / "Bob"
    shutil.copytree(faces / "Astronaut", person)
    good = read_rgb(sorted(person.iterdir())[0])
    PIL.Image.fromarray(np.full((80, 80, 3), 128, np.uint8)).save(person / "empty.png")
    PIL.Image.fromarray(np.concatenate([good, good], axis=1)).save(person / "twice.png")
    PIL.Image.fromarray(good).filter(PIL.ImageFilter.GaussianBlur(3.5)).save(person / "blurred.png")
    (person / "broken.jpg").write_bytes(b"no picture")
    PIL.Image.fromarray(good[:, 95:]).save(person / "cut.png")
    built = made(tmp_path / "faces", tmp_path / "out", "none")
    with (tmp_path / "out" / "left_out.csv").open() as file:
        reasons = {Path(row["source_picture"]).name: row["reason"] for row in csv.DictReader(file)}
    assert reasons.pop("empty.png") == "no face found"
    assert reasons.pop("twice.png") == "2 faces of about one size"
    assert reasons.pop("blurred.png").startswith("blurred: sharpness 0.")
    assert "cannot be read as a picture" in reasons.pop("broken.jpg")
    assert reasons.pop("cut.png") in ("the face reaches beyond the picture", "no face found")
    assert reasons == {}
    assert built.counts["left out"] == 5


def test_a_folder_in_which_no_face_can_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    PIL.Image.fromarray(np.zeros((80, 80, 3), np.uint8)).save(tmp_path / "faces" / "a.png")
    with pytest.raises(DataError, match="1 no face found"):
        made(tmp_path / "faces", tmp_path / "out")


def test_a_folder_of_other_things_is_not_built_in(faces: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ConfigError, match=r"holds 'letter\.txt'"):
        made(faces, tmp_path)


def test_another_programs_edits_come_in_and_bad_ones_are_listed(faces: Path, tmp_path: Path) -> None:
    edits, out = tmp_path / "edits", tmp_path / "out"
    made(faces, out, "none")
    for number, path in enumerate(sorted((out / "vanilla").rglob("*.png"))):
        place = edits / path.relative_to(out / "vanilla")
        place.parent.mkdir(parents=True, exist_ok=True)
        picture = PIL.Image.fromarray(255 - read_rgb(path))
        (picture.resize((9, 9)) if number == 0 else picture).save(place)
    place.unlink()
    built = made(faces, out, "none", externals=(external(f"source_as_gt/negative={edits}"),))
    assert built.counts["negative"] == 3
    with (out / "left_out.csv").open() as file:
        reasons = [row["reason"] for row in csv.DictReader(file)]
    assert sum("9 x 9, wanted 256 x 256" in reason for reason in reasons) == 1
    assert sum("holds no" in reason for reason in reasons) == 1
    triplets = FSTriplets(out, weights={"negative": 1.0})
    assert triplets.folder.role("negative") == "source_as_gt"
    before, after = triplets.folder.pairs["negative"][0]
    assert np.array_equal(255 - read_rgb(out / before), read_rgb(out / after))
    assert {path.edited[0].split("/")[2] for path in triplets.folder.two_pictures} == {"faces_negative"}


def test_a_kind_has_one_maker(faces: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made(faces, out, "glasses")
    with pytest.raises(ConfigError, match="edits of the kind 'glasses' by the editor glasses"):
        made(faces, out, "none", externals=(External("glasses", "target_as_gt", tmp_path),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bald", "wanted NAME=FOLDER"),
        ("gender=.", "not known whether 'gender' edits the identity"),
        ("source_as_gt/bald=.", "'bald' is target_as_gt"),
        ("vanilla=.", "a kind without edits"),
        ("bald=nowhere/at/all", "there is no folder"),
        ("who/bald=.", "wanted NAME=FOLDER"),
    ],
)
def test_a_wrong_external_editor_is_refused(text: str, message: str) -> None:
    with pytest.raises((ConfigError, DataError), match=message):
        external(text)


def test_two_editors_of_one_kind_are_refused(faces: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two editors make 'fat'"):
        made(faces, tmp_path / "out", externals=(External("fat", "source_as_gt", tmp_path),))
