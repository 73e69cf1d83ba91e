from collections import Counter
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from torch.utils.data import DataLoader

from fsbench.errors import ConfigError, DataError
from fsbench.training.sampling import RELEASED
from fsbench.training.triplets import FSTriplets

ONLY = {"augment": False, "image_size": 8}


def paint(root: Path, name: str, value: int, size: tuple[int, int] = (8, 8)) -> None:
    """Write a grey picture that its value names, with a darker left half, so that a flip shows."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((size[1], size[0], 3), value, np.uint8)
    pixels[:, : size[0] // 2] -= 5
    PIL.Image.fromarray(pixels).save(path)


def value(picture: torch.Tensor) -> int:
    return round(float((picture[0, 0].max() + 1) * 127.5))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        paint(tmp_path, f"vanilla/deep/er/{number}.png", 10 + number)
    for kind in ("beard", "fat"):
        paint(tmp_path, f"source_as_gt/{kind}/a.original.png", 100)
        paint(tmp_path, f"source_as_gt/{kind}/a.edited.bmp", 200)
    for kind in ("bald", "grin", "forehead_hair_1", "forehead_hair_2", "glasses", "sun_glasses"):
        paint(tmp_path, f"target_as_gt/{kind}/a.original.png", 100)
        paint(tmp_path, f"target_as_gt/{kind}/a.edited.png", 200)
    for name in ("x", "y", "z"):
        paint(tmp_path, f"edited_target/original/set/ann/{name}.png", 50 + ord(name) - ord("x"))
    paint(tmp_path, "edited_target/original/set/bob/x.png", 60)
    paint(tmp_path, "edited_target/original/settle/ann/x.png", 70)
    paint(tmp_path, "edited_target/edited/set_fat/ann/x.bmp", 150)
    paint(tmp_path, "edited_target/edited/set_old/ann/x.png", 160)
    paint(tmp_path, "edited_target/edited/set_old/bob/x.png", 170)
    paint(tmp_path, "edited_target/edited/settle_old/ann/x.png", 180)
    return tmp_path


def drawn(folder: Path, kind: str, draws: int = 60, **settings: object) -> list[tuple[int, int, int, bool, bool]]:
    data = FSTriplets(folder, weights=settings.pop("weights", {kind: 1.0}), **ONLY)  # type: ignore[arg-type]
    items = [data[n] for n in range(draws)]
    return [(value(i.source), value(i.target), value(i.truth), i.has_truth, i.source_is_real) for i in items]


def test_unpaired_faces_have_no_truth(folder: Path) -> None:
    rows = drawn(folder, "vanilla")
    assert {row[:2] for row in rows} == {(s, t) for s in (10, 11, 12) for t in (10, 11, 12)}
    assert {row[2:] for row in rows} == {(0, False, True)}


def test_equal_faces_are_their_own_truth(folder: Path) -> None:
    assert {row for row in drawn(folder, "vanilla_same")} == {(v, v, v, True, True) for v in (10, 11, 12)}


def test_two_pictures_of_a_person_give_source_and_truth_and_the_truths_edit_is_the_target(folder: Path) -> None:
    assert set(drawn(folder, "edited_target", 200)) == {
        *((source, target, 50, True, True) for source in (51, 52) for target in (150, 160)),
        (60, 170, 60, True, True),  # a person with one picture
        (70, 180, 70, True, True),  # "settle_old" starts with "set", but belongs to "settle"
    }


def test_an_identity_edit_has_the_source_as_truth_whichever_is_edited(folder: Path) -> None:
    assert set(drawn(folder, "fat")) == {(100, 200, 100, True, True), (200, 100, 200, True, False)}


def test_an_attribute_edit_has_the_target_as_truth_whichever_is_edited(folder: Path) -> None:
    assert set(drawn(folder, "grin")) == {(100, 200, 200, True, True), (200, 100, 100, True, False)}


def test_the_released_table_draws_as_often_and_edits_the_side_that_the_released_loader_edits(folder: Path) -> None:
    data = FSTriplets(folder, weights="released", **ONLY)  # type: ignore[arg-type]
    files = [data.files(n) for n in range(20_000)]
    counts = Counter(file.kind for file in files)
    assert {kind: counts[kind] / 20_000 for kind in RELEASED} == pytest.approx(RELEASED, abs=0.012)
    real = {kind: {f.source_is_real for f in files if f.kind == kind} for kind in RELEASED}
    assert real["fat"] == real["beard"] == {True}
    assert real["grin"] == real["bald"] == {False}
    assert real["glasses"] == real["sun_glasses"] == real["forehead_hair_1"] == {True, False}


def test_the_papers_weights_spread_over_the_kinds_that_are_there(folder: Path) -> None:
    for kind in ("bald", "grin", "forehead_hair_1", "forehead_hair_2", "sun_glasses"):
        (folder / "target_as_gt" / kind).rename(folder / f"not_{kind}")
    (folder / "source_as_gt/beard").rename(folder / "source_as_gt/age")
    shares = {kind: share.probability for kind, share in FSTriplets(folder).shares.items()}
    assert shares == pytest.approx(
        # identity 0.078 in all; age counts as the average of beard and fat, 0.039, beside fat's 0.054
        {"vanilla": 0.6, "vanilla_same": 0.112, "edited_target": 0.06, "glasses": 0.15}
        | {"age": 0.078 * 0.039 / 0.093, "fat": 0.078 * 0.054 / 0.093}
    )


def test_training_without_triplets_draws_unedited_faces_alone(folder: Path) -> None:
    shares = FSTriplets(folder, weights="unedited").shares
    assert {kind: share.probability for kind, share in shares.items()} == pytest.approx(
        {"vanilla": 0.6 / 0.712, "vanilla_same": 0.112 / 0.712}
    )


def test_a_draw_depends_on_seed_epoch_and_number_alone(folder: Path) -> None:
    def all_of(**more: object) -> list[torch.Tensor]:
        data = FSTriplets(folder, image_size=8, length=24, **more)  # type: ignore[arg-type]
        return [torch.stack(data[n][:3]) for n in range(24)]

    plain = all_of()
    loader = DataLoader(FSTriplets(folder, image_size=8, length=24), batch_size=4, num_workers=2)  # type: ignore[arg-type]
    read = torch.cat([torch.stack(batch[:3], 1) for batch in loader])
    assert torch.equal(read, torch.stack(plain))
    data = FSTriplets(folder, image_size=8, length=24)
    assert torch.equal(torch.stack(data[23][:3]), plain[23])
    past_the_end = torch.stack(data[24 + 5][:3])
    data.set_epoch(1)
    assert torch.equal(torch.stack(data[5][:3]), past_the_end)
    assert not torch.equal(torch.stack([torch.stack(data[n][:3]) for n in range(24)]), torch.stack(plain))
    assert not torch.equal(torch.stack(all_of(seed=1)), torch.stack(plain))


def test_augmentation_keeps_target_and_truth_on_each_other(folder: Path) -> None:
    data = FSTriplets(folder, image_size=8, weights={"edited_target": 1.0})
    flips = set()
    for n in range(80):
        source, target, truth = (p[0, 0, 0] < p[0, 0, -1] for p in data[n][:3])
        assert target == truth
        flips.add((bool(source), bool(target)))
    assert flips == {(a, b) for a in (True, False) for b in (True, False)}


def test_colours_change_without_leaving_the_range(folder: Path) -> None:
    data = FSTriplets(folder, image_size=8, weights={"vanilla_same": 1.0})
    items = [data[n] for n in range(60)]
    assert any(item.source.mean() != item.target.mean() for item in items)
    assert all(p.dtype == torch.float32 and p.min() >= -1 and p.max() <= 1 for item in items for p in item[:3])
    assert all(torch.equal(item.target, item.truth) for item in items)


def test_pictures_of_another_size_are_resized(folder: Path) -> None:
    assert FSTriplets(folder, image_size=5)[0].source.shape == (3, 5, 5)
    assert FSTriplets(folder, image_size=16)[0].target.shape == (3, 16, 16)


def test_a_missing_kind_is_named(folder: Path) -> None:
    (folder / "target_as_gt/bald").rename(folder / "bald")
    with pytest.raises(DataError, match="no triplets of bald; it has vanilla"):
        FSTriplets(folder, weights="released")


@pytest.mark.parametrize("weights", [{"fat": -1.0}, {"fat": float("nan")}, {"fat": 0.0}, {"fet": 1.0}, "papr", {}])
def test_wrong_weights_are_refused(folder: Path, weights: object) -> None:
    with pytest.raises(ConfigError):
        FSTriplets(folder, weights=weights)  # type: ignore[arg-type]


def test_half_a_pair_is_named(folder: Path) -> None:
    (folder / "target_as_gt/grin/a.edited.png").unlink()
    with pytest.raises(DataError, match=r"lack their original or edited half: target_as_gt/grin/a"):
        FSTriplets(folder)


def test_a_stray_file_among_pairs_is_named(folder: Path) -> None:
    paint(folder, "target_as_gt/grin/b.png", 20)
    with pytest.raises(DataError, match=r"b\.png is neither"):
        FSTriplets(folder)


def test_an_edit_without_its_original_is_named(folder: Path) -> None:
    paint(folder, "edited_target/edited/other/ann/x.png", 20)
    with pytest.raises(DataError, match=r"have no original: edited_target/edited/other/ann/x\.png"):
        FSTriplets(folder)


def test_a_kind_with_two_truths_is_refused(folder: Path) -> None:
    (folder / "source_as_gt/fat").rename(folder / "source_as_gt/grin")
    with pytest.raises(DataError, match="its truth is not decided"):
        FSTriplets(folder)


def test_a_folder_without_triplets_is_refused(tmp_path: Path) -> None:
    for wrong in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match="triplets"):
            FSTriplets(wrong)


def test_a_picture_that_is_no_aligned_crop_is_named_when_drawn(folder: Path) -> None:
    paint(folder, "vanilla/deep/er/0.png", 20, (8, 9))
    data = FSTriplets(folder, weights={"vanilla_same": 1.0})
    with pytest.raises(DataError, match="8 x 9"):
        [data[n] for n in range(30)]
    (folder / "vanilla/deep/er/0.png").write_bytes(b"none")
    with pytest.raises(DataError, match="cannot be read"):
        [data[n] for n in range(30)]
