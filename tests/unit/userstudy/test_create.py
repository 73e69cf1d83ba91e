"""From runs to a study: which pairs, which pictures, what is refused."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from fsbench.errors import ConfigError, DataError, FsbenchError, RecordError
from fsbench.userstudy.create import create
from fsbench.userstudy.links import read_links
from fsbench.userstudy.mini_runs import mini_runs
from fsbench.userstudy.pictures import plain_png
from fsbench.userstudy.runs import Pair, draw, frame_ref
from fsbench.userstudy.spec import BROKEN, HIDDEN, load_spec
from fsbench.userstudy.store import open_store

SIZES = {"sets": 12, "raters": 3, "per_rater": 6, "training": 1, "gold": 3, "repeats": 1}


@pytest.fixture(scope="session")
def runs(mini: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return mini_runs(tmp_path_factory.mktemp("study-runs"))


@pytest.fixture(scope="session")
def study(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "study"
    create(runs, folder, settings={"counts": SIZES, "seed": 3})
    return folder


def query(study: Path, text: str, *values: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(study / "study.sqlite") as database:
        return database.execute(text, values).fetchall()


def picture(study: Path, asset: int) -> np.ndarray:
    ((place,),) = query(study, "SELECT rel_path FROM asset WHERE id = ?", asset)
    return np.asarray(PIL.Image.open(study / place))


def test_sets_of_all_kinds_are_there_and_share_no_pair(study: Path) -> None:
    sets = query(study, "SELECT kind, pair_key FROM item_set")
    counts = Counter(kind for kind, _ in sets)
    assert (counts["main"], counts["training"], counts["gold"]) == (12, 1, 12)
    fresh = [key for kind, key in sets if kind != "repeat"]
    assert len(set(fresh)) == len(fresh) == 25
    main = {key for kind, key in sets if kind == "main"}
    assert {key for kind, key in sets if kind == "repeat"} <= main
    assert all(name in ("poisson", "feather", "video") for name in load_spec(study).method_names)


def test_a_file_of_a_picture_tells_nothing(study: Path) -> None:
    files = sorted((study / "assets").iterdir())
    assert len(files) == len(query(study, "SELECT id FROM asset")) == 25 * 5
    assert len({file.stat().st_size for file in files}) == 1
    for file in files[:50]:
        assert len(file.stem) == 32 and int(file.stem, 16) >= 0
        content = file.read_bytes()
        assert chunks(content) == {b"IHDR", b"IDAT", b"IEND"}
        with PIL.Image.open(io.BytesIO(content)) as opened:
            assert (opened.size, opened.mode, opened.info) == ((256, 256), "RGB", {})


def chunks(png: bytes) -> set[bytes]:
    found, place = set(), 8
    while place < len(png):
        found.add(png[place + 4 : place + 8])
        place += 12 + int.from_bytes(png[place : place + 4], "big")
    return found


def test_results_are_the_pixels_of_the_run_cut_where_the_target_is(runs: list[Path], study: Path) -> None:
    text = """SELECT s.pair_key, s.target_asset, t.asset_id, m.run_ref
        FROM item_set s JOIN stimulus t ON t.set_id = s.id
        JOIN method m ON m.id = t.method_id WHERE s.kind = 'main' AND m.name = 'poisson'"""
    for key, target, result, run in query(study, text)[:4]:
        cut, swapped = picture(study, target).astype(int), picture(study, result).astype(int)
        assert Path(run) == runs[0].resolve()
        rim = np.concatenate([np.abs(cut - swapped)[:8].ravel(), np.abs(cut - swapped)[:, :8].ravel()])
        assert rim.max() == 0, key  # away from the face the swapper leaves the target as it is
        assert np.abs(cut - swapped).max() > 30


def test_gold_items_hide_target_source_and_paste_in_the_place_of_each_method(study: Path) -> None:
    text = """SELECT s.id, s.source_asset, s.target_asset, m.name, t.asset_id, t.expect_json FROM item_set s
        JOIN stimulus t ON t.set_id = s.id JOIN method m ON m.id = t.method_id WHERE s.kind = 'gold'"""
    absent: Counter[tuple[str, str]] = Counter()
    by_set: dict[int, set[str]] = {}
    for set_id, source, target, name, asset, expect in query(study, text):
        by_set.setdefault(set_id, set()).add(name)
        if name not in HIDDEN:
            assert expect is None
            continue
        assert json.loads(expect) == {question: list(found) for question, found in HIDDEN[name].items()}
        shown = {"target": picture(study, target), "source": picture(study, source)}
        if name != BROKEN:
            assert np.array_equal(picture(study, asset), shown[name]) and asset not in (source, target)
        else:
            pasted = (picture(study, asset) != shown["target"]).any(2)
            assert 0.1 < pasted.mean() < 0.6
    for names in by_set.values():
        (hidden,) = names & set(HIDDEN)
        (missing,) = {"poisson", "feather", "video"} - names
        absent[hidden, missing] += 1
    assert len(absent) == 9 and len(by_set) == 12  # each hidden item stands for each method


def test_links_are_secret_and_lead_into_the_study(study: Path) -> None:
    links = read_links(study)
    assert stat.S_IMODE(os.stat(study / "links.csv").st_mode) == 0o600
    assert list(links) == ["1", "2", "3", "open"] and len(set(links.values())) == 4
    store = open_store(study)
    joined = store.join(links["2"])
    assert joined is not None and joined.session.ordinal == 2
    stored = b"".join(file.read_bytes() for file in study.glob("study.sqlite*"))
    assert not any(token.encode() in stored for token in links.values())
    store.close()


def test_equal_seeds_draw_equal_sets_and_plans_under_other_names(runs: list[Path], study: Path, tmp_path: Path) -> None:
    create(runs, tmp_path / "study", settings={"counts": SIZES, "seed": 3})
    create(runs, tmp_path / "other" / "study", settings={"counts": SIZES, "seed": 4})
    plan = "SELECT rater_id, position, set_id, stimulus_order FROM assignment ORDER BY 1, 2"
    sets = "SELECT id, pair_key, kind FROM item_set ORDER BY id"
    for text in (plan, sets):
        assert query(tmp_path / "study", text) == query(study, text) != query(tmp_path / "other" / "study", text)
    names = [{file.name for file in (folder / "assets").iterdir()} for folder in (study, tmp_path / "study")]
    assert not names[0] & names[1]


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"counts": {**SIZES, "sets": 500}}, DataError, r"share 60 pairs with faces; wanted 504: 500 sets, 3 for gold"),
        ({"counts": {**SIZES, "per_rater": 13}}, ConfigError, "13 sets a rater, but a pool of 12"),
        ({"counts": {**SIZES, "sets": 0}}, ConfigError, "'sets' is 0"),
        ({"counts": SIZES, "colour": "red"}, ConfigError, "no setting is called 'colour'"),
        ({"counts": {**SIZES, "repeats": 4}}, ConfigError, "4 of 6 sets again"),
        ({"counts": {**SIZES, "training": "three"}}, ConfigError, "'training' is 'three'"),
        ({"counts": 5}, ConfigError, "'counts' is 5; wanted a table"),
        ({"counts": SIZES, "methods": []}, ConfigError, "'methods' comes from the runs"),
    ],
)
def test_counts_that_cannot_be_are_refused_and_leave_no_folder(
    runs: list[Path], tmp_path: Path, settings: dict[str, Any], kind: type[FsbenchError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        create(runs, tmp_path / "study", settings=settings)
    assert not (tmp_path / "study").exists()


def test_a_single_method_two_of_one_name_and_a_used_folder_are_refused(runs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the runs have 'poisson' alone"):
        create(runs[:1], tmp_path / "study", settings={})
    twin = tmp_path / "twin"
    twin.mkdir()
    for file in ("result.json", "samples.parquet"):
        (twin / file).write_bytes((runs[0] / file).read_bytes())
    with pytest.raises(ConfigError, match="two runs are called 'poisson'"):
        create([runs[0], twin], tmp_path / "study", settings={})
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is there already and is not empty"):
        create(runs, tmp_path / "study", settings={})
    assert (tmp_path / "study" / "notes.txt").read_text() == "mine"


def test_methods_whose_results_differ_in_size_are_refused(runs: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "small"
    other.mkdir()
    for file in ("result.json", "samples.parquet"):
        (other / file).write_bytes((runs[1] / file).read_bytes())
    for path in (runs[1] / "swaps").rglob("*.png"):
        place = other / path.relative_to(runs[1])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(plain_png(np.zeros((128, 128, 3), np.uint8)))
    with pytest.raises(RecordError, match=r"result of poisson has 360 x 360 pixels, that of feather has 128 x 128"):
        create([runs[0], other], tmp_path / "study", settings={"counts": SIZES})
    assert not (tmp_path / "study").exists()


def test_a_result_that_one_method_lacks_is_no_set(runs: list[Path], tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    other = tmp_path / "holes"
    other.mkdir()
    (other / "result.json").write_bytes((runs[1] / "result.json").read_bytes())
    (other / "swaps").symlink_to(runs[1] / "swaps")
    table = pq.read_table(runs[1] / "samples.parquet")
    holes = pa.array([place >= 30 for place in range(60)])
    pq.write_table(table.set_column(table.column_names.index("ok"), "ok", holes), other / "samples.parquet")
    made = create([runs[0], other], tmp_path / "study", settings={"counts": SIZES})
    lacking = set(table.column("key").to_pylist()[:30])
    assert "30 of 60 pairs left out: not every method has a result" in made.remarks
    assert not lacking & {key for (key,) in query(tmp_path / "study", "SELECT pair_key FROM item_set")}


def test_any_first_pairs_come_from_as_many_videos_as_they_can() -> None:
    ref = frame_ref("v.mp4#3")
    pairs = [Pair(f"{video}/{n}", str(video), ref, ref, ()) for video in range(7) for n in range(9 - video)]
    for seed in range(5):
        drawn = draw(pairs, seed=seed)
        assert sorted(p.key for p in drawn) == sorted(p.key for p in pairs)
        assert len({p.cluster for p in drawn[:7]}) == 7 and Counter(p.cluster for p in drawn[:14])["0"] == 2


def test_a_reference_to_a_frame_is_read_as_it_was_written(tmp_path: Path) -> None:
    for text in ("a/b.mp4#12", "a/b#c.png", "x.png"):
        assert str(frame_ref(text)) == text
    assert frame_ref("a/b.mp4#12").index == 12 and frame_ref("a/b#c.png").index is None
