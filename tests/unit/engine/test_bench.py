"""The bench with real pictures, a real store and small real parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.engine.bench import Bench
from fsbench.engine.cache import Cache
from fsbench.engine.executors import Executor, Local, Processes
from fsbench.engine.plugins import identify, plugin
from fsbench.errors import ConfigError, ItemError
from fsbench.interfaces import Detector, Evaluator, Swapper
from fsbench.types import Face, FrameRef, ImageRef, SwapItem, SwapPair, SwapResult

PARTS = f"{Path(__file__).with_name('parts.py')}"
DLIB = "fsbench.evaluators.detectors:Dlib"


def make_bench(folder: Path, executor: Executor | None = None, **settings: str) -> Bench:
    return Bench(
        cache=Cache(folder / "cache"),
        executor=executor or Local(),
        detector=identify(plugin(DLIB, {}, {}), Detector),
        evaluators={"identity": identify(plugin(f"{PARTS}:Pixels", settings, {}), Evaluator)},
    )


@pytest.fixture
def pictures(tmp_path: Path) -> list[FrameRef]:
    refs = []
    for number in range(4):
        path = tmp_path / f"{number}.png"
        path.write_bytes(png_bytes(np.full((64, 64, 3), 10 * number, np.uint8)))
        refs.append(FrameRef(path))
    return refs


def some_items(bench: Bench, refs: list[FrameRef]) -> list[SwapItem]:
    faces = [whole(image) for image in bench.images(refs).values() if isinstance(image, ImageRef)]
    return [SwapItem(SwapPair(f"k{n}", refs[n], refs[n], "s", "t"), face, face) for n, face in enumerate(faces)]


def whole(image: ImageRef) -> Face:
    return Face(image, np.array([0.0, 0.0, 64.0, 64.0]), np.full((5, 2), 32.0), 1.0)


def inverted(**settings: str) -> object:
    return identify(plugin(f"{PARTS}:Inverted", settings, {}), Swapper)


def test_a_picture_is_named_by_its_pixels_not_by_its_file(tmp_path: Path) -> None:
    image = np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3)
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    one.write_bytes(png_bytes(image))
    other.write_bytes(png_bytes(image, {"made": "elsewhere"}))
    found = make_bench(tmp_path).images([FrameRef(one), FrameRef(other)])
    assert {ref.sha256 for ref in found.values()} == {pixel_sha256(image)}


def test_a_broken_picture_is_a_failure_and_the_others_are_read(tmp_path: Path, pictures: list[FrameRef]) -> None:
    pictures[1].path.write_bytes(b"no picture")
    found = make_bench(tmp_path).images([*pictures, FrameRef(tmp_path / "gone.png")])
    assert [isinstance(outcome, ItemError) for outcome in found.values()].count(True) == 2
    assert isinstance(found[pictures[0]], ImageRef)


def test_changing_a_file_changes_what_is_measured(tmp_path: Path, pictures: list[FrameRef]) -> None:
    bench = make_bench(tmp_path)
    before = bench.images(pictures[:1])[pictures[0]]
    pictures[0].path.write_bytes(png_bytes(np.full((64, 65, 3), 200, np.uint8)))
    after = make_bench(tmp_path).images(pictures[:1])[pictures[0]]
    assert before != after


def test_the_second_time_nothing_is_computed(tmp_path: Path, pictures: list[FrameRef]) -> None:
    log = tmp_path / "log"
    for _ in range(2):
        bench = make_bench(tmp_path)
        items = some_items(bench, pictures[1:])  # the first is black: its embedding has no direction and fails
        bench.faces(item.target.image for item in items)
        bench.swap(inverted(log=str(log)), items)
        bench.features("identity", [item.target for item in items])
    assert bench.ledger.computed == {}
    assert log.read_text().split() == ["k0", "k1", "k2"]


def test_swaps_are_the_pixels_the_swapper_gave(tmp_path: Path, pictures: list[FrameRef]) -> None:
    bench = make_bench(tmp_path)
    found = bench.swap(inverted(), some_items(bench, pictures))
    result = found["k2"]
    assert isinstance(result, SwapResult)
    assert (read_rgb(result.image.path) == 255 - 20).all()
    assert result.image.sha256 == pixel_sha256(np.full((64, 64, 3), 235, np.uint8))


def test_every_written_swap_says_that_it_is_synthetic(tmp_path: Path, pictures: list[FrameRef]) -> None:
    import PIL.Image

    bench = make_bench(tmp_path)
    result = bench.swap(inverted(), some_items(bench, pictures))["k0"]
    text = PIL.Image.open(result.image.path).text
    assert text == {"fsbench:synthetic": "true", "fsbench:swapper": "inverted", "fsbench:version": "1"}


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("item", "cannot"),
        ("crash", r"ZeroDivisionError: a bug in somebody's swapper \(parts.py:\d+\)"),
        ("size", r"the result has \(8, 8\) rows and columns, the target's frame \(64, 64\)"),
        ("float", r"the swapper returned float64 \(64, 64, 3\), wanted \(H, W, 3\) uint8 RGB"),
        ("empty", r"the swapper returned uint8 \(0, 8, 3\), wanted \(H, W, 3\) uint8 RGB"),
    ],
)
def test_a_bad_item_costs_itself_alone_and_is_tried_again(
    tmp_path: Path, pictures: list[FrameRef], how: str, reason: str
) -> None:
    log = tmp_path / "log"
    for _ in range(2):
        bench = make_bench(tmp_path)
        found = bench.swap(inverted(bad="k1", how=how, log=str(log)), some_items(bench, pictures))
        error = found["k1"]
        assert isinstance(error, ItemError)
        assert re.fullmatch(reason, error.reason)
        assert all(isinstance(found[key], SwapResult) for key in ("k0", "k2", "k3"))
    assert log.read_text().split().count("k3") == 1
    assert log.read_text().split().count("k1") >= 2


def test_a_lost_picture_of_the_store_is_made_again(tmp_path: Path, pictures: list[FrameRef]) -> None:
    bench = make_bench(tmp_path)
    items = some_items(bench, pictures)
    first = bench.swap(inverted(), items)["k0"]
    first.image.path.unlink()
    again = bench.swap(inverted(), items)["k0"]
    assert read_rgb(again.image.path).mean() == 255


def test_other_settings_are_other_values(tmp_path: Path, pictures: list[FrameRef]) -> None:
    one, other = make_bench(tmp_path), make_bench(tmp_path, scale="2")
    faces = [item.target for item in some_items(one, pictures)]
    first, second = one.features("identity", faces)[0], other.features("identity", faces)[0]
    assert (second.values == 2 * first.values).all()
    assert first.values[3].tolist() == [30, 30, 30]


@pytest.mark.parametrize(
    ("dark", "reason"), [("error", "too dark"), ("nan", "pixels gave a number that is not finite")]
)
def test_a_face_that_cannot_be_measured_is_masked(
    tmp_path: Path, pictures: list[FrameRef], dark: str, reason: str
) -> None:
    bench = make_bench(tmp_path, dark=dark)
    features, reasons = bench.features("identity", [item.target for item in some_items(bench, pictures)])
    assert features.ok.tolist() == [False, True, True, True]
    assert features.values[0].tolist() == [0, 0, 0]
    assert {number: error.reason for number, error in reasons.items()} == {0: reason}


def test_no_face_in_a_picture_is_an_empty_list_and_is_remembered(tmp_path: Path, pictures: list[FrameRef]) -> None:
    bench = make_bench(tmp_path)
    images = [image for image in bench.images(pictures).values() if isinstance(image, ImageRef)]
    assert list(bench.faces(images).values()) == [[], [], [], []]
    bench.faces(images)
    assert bench.ledger.computed["detect"] == 4


@pytest.fixture
def processes() -> Iterator[Processes]:
    pool = Processes(2)
    yield pool
    pool.close()


def test_a_worker_that_dies_costs_one_item(tmp_path: Path, pictures: list[FrameRef], processes: Processes) -> None:
    bench = make_bench(tmp_path, processes)
    found = bench.swap(inverted(bad="k1", how="kill"), some_items(bench, pictures))
    assert found["k1"].reason == "killed its worker process twice"
    assert all(isinstance(found[key], SwapResult) for key in ("k0", "k2", "k3"))


def test_workers_give_what_one_process_gives(tmp_path: Path, pictures: list[FrameRef], processes: Processes) -> None:
    one, many = make_bench(tmp_path / "a"), make_bench(tmp_path / "b", processes)
    faces = [item.target for item in some_items(one, pictures)]
    assert (one.features("identity", faces)[0].values == many.features("identity", faces)[0].values).all()
    for bench in (one, many):
        results = bench.swap(inverted(), some_items(bench, pictures))
        assert [results[f"k{n}"].image.sha256 for n in range(4)] == [
            pixel_sha256(np.full((64, 64, 3), 255 - 10 * n, np.uint8)) for n in range(4)
        ]


def test_a_setting_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Pixels: no setting is called 'scal'") as caught:
        make_bench(tmp_path, scal="2")
    assert caught.value.hint == "settings of Pixels: dark, scale"


def test_a_setting_of_the_wrong_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'scale' is 'big': input should be a valid number"):
        make_bench(tmp_path, scale="big")


def test_a_class_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="is no Swapper"):
        identify(plugin(f"{PARTS}:Pixels", {}, {}), Swapper)


def test_changing_a_plugin_file_changes_its_identity(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    digests = []
    for text in ("", "# changed\n"):
        path.write_text(Path(PARTS).read_text() + text)
        digests.append(identify(plugin(f"{path}:Inverted", {}, {}), Swapper).weights)
    assert list(digests[0]) == ["mine.py:Inverted"]
    assert digests[0] != digests[1]
