import xml.etree.ElementTree

import pytest

from fsbench.reports.figures.by_pair import by_yaw, heat_maps
from fsbench.reports.figures.content import tradeoffs
from fsbench.reports.figures.failures import failure_table
from fsbench.reports.figures.files import write_figures
from fsbench.reports.figures.heat_layout import heat_drawing
from fsbench.reports.figures.layout import HEIGHT, WIDTH, shape, tradeoff_chart, yaw_chart
from fsbench.reports.figures.searches import searches
from fsbench.reports.figures.series import CIVIDIS, SHAPES, Series, heat
from fsbench.reports.groups import comparable_groups
from fsbench.reports.runs import load_runs

JPEG = "ffd8ffe000104a46494600010100000100010000ffdb004300"  # start, then a table; enough to be known as JPEG


def group_of(*folders):
    (group,) = comparable_groups(load_runs(folders).runs)
    return group


@pytest.fixture
def swapper(write_run, measure):
    """Write a run with identity, pose error and their values by pair."""

    def write(name, identity, pose, **given):
        return write_run(name, measure("id_retrieval", identity), measure("pose_error", pose), **given)

    return write


def test_the_front_holds_those_that_no_other_beats_in_both(swapper):
    group = group_of(
        swapper("strong", 95.0, 4.0),
        swapper("gentle", 60.0, 1.0),
        swapper("beaten", 59.0, 1.5),
        swapper("tied", 95.0, 4.5),
        swapper("copy-target", 0.0, 0.0, is_control=True),
    )
    (found,) = tradeoffs(group)
    assert [dot.series.label for dot in found.front] == ["gentle", "strong"]
    assert [dot.series.label for dot in found.outside] == ["copy-target"]
    assert found.remark == "Beyond the axes: copy-target at 0, 0."


def test_a_swapper_that_fails_on_the_hard_pairs_is_not_on_the_front(write_run, measure):
    group = group_of(
        write_run("all", measure("id_retrieval", 80.0, n=100), measure("pose_error", 3.0, n=100)),
        write_run("few", measure("id_retrieval", 90.0, n=100), measure("pose_error", 1.0, n=5)),
    )
    assert [dot.series.label for dot in tradeoffs(group)[0].front] == ["all"]


def test_the_chart_says_in_words_what_it_shows_and_stays_in_its_frame(swapper):
    chart = tradeoff_chart(tradeoffs(group_of(swapper("a", 95.0, 4.0), swapper("b", 60.0, 1.0)))[0])
    assert chart.description == (
        "ID retrieval, % ↑ against Pose error, deg ↓. "
        "a: Pose error, deg ↓ 4; ID retrieval, % ↑ 95, on the Pareto front. "
        "b: Pose error, deg ↓ 1; ID retrieval, % ↑ 60, on the Pareto front."
    )
    assert all(0 < x < WIDTH for x, *_ in chart.x_ticks) and all(0 < y < HEIGHT for y, _ in chart.y_ticks)
    assert [key.label for key in chart.keys] == ["a", "b"]


def test_bins_of_yaw_hold_the_pairs_they_should(swapper):
    samples = {
        "id_retrieval": [1.0, 0.0, 1.0, 1.0],
        "pose_error": [1.0, 2.0, 3.0, None],
        "target_yaw": [-9.9, 9.0, 10.0, 95.0],
    }
    retrieval, pose = by_yaw(group_of(swapper("a", 75.0, 2.0, samples=samples)))
    assert retrieval.bins == ("0 to 10", "10 to 20", "over 60")
    assert [(value.value, value.n) for value in retrieval.curves[0].values] == [(50.0, 2), (100.0, 1), (100.0, 1)]
    assert pose.bins == ("0 to 10", "10 to 20")
    first, second = pose.curves[0].values
    assert (first.value, first.low is not None, second.low) == (1.5, True, None)  # one cluster alone has no interval
    chart = yaw_chart(retrieval)
    assert next((text, below) for _, text, below in chart.x_ticks) == ("0 to 10", "n = 2")
    assert "a, yaw over 60 degrees: 100.00, n = 1" in chart.description


def test_runs_without_angles_have_no_figure_by_yaw(swapper):
    assert by_yaw(group_of(swapper("a", 75.0, 2.0, samples={"id_retrieval": [1.0, 0.0, 1.0, 1.0]}))) == []


def test_the_hardest_video_stands_first_and_an_absent_value_is_empty(swapper):
    videos = {"target_id": ["u", "u", "v", "w"]}
    one = swapper("a", 75.0, 2.0, samples={**videos, "pose_error": [1.0, 3.0, 5.0, None]})
    two = swapper("b", 75.0, 2.0, samples={**videos, "pose_error": [1.0, 1.0, 7.0, 4.0]})
    (found,) = heat_maps(group_of(one, two))
    assert found.videos == ("v", "w", "u")
    assert found.cells == ((5.0, None, 2.0), (7.0, 4.0, 1.0))
    drawn = heat_drawing(found)
    assert [tile.fill == "" for tile in drawn.tiles] == [False, True, False, False, False, False]
    assert drawn.tiles[1].text == "a, video w: no value"
    assert "from v to u; values from 1.00 to 7.00" in drawn.description


def test_failures_are_counted_by_stage(swapper):
    failed = [("a", "swap", "x"), ("b", "swap", "x"), ("c", "pose", "y")]
    table = failure_table(group_of(swapper("a", 75.0, 2.0, failures=failed, swapped=2), swapper("b", 1.0, 2.0)))
    names = [column.heading for column in table.columns]
    assert names == ["plan", "decode", "detect", "swap", "verify", "pose", "swapped", "planned"]
    assert [cell.text for cell in table.sections[0].rows[0].cells] == ["0", "0", "0", "2", "0", "1", "2", "4"]


def test_colour_and_shape_are_unique_together(swapper):
    run = load_runs([swapper("a", 1.0, 1.0)]).runs[0]
    looks = {(series.colour, series.shape) for series in (Series("a", run, place) for place in range(42))}
    assert len(looks) == 42
    drawings = {shape(Series("a", run, place), 10, 10) for place in range(len(SHAPES))}
    assert len(drawings) == len(SHAPES)


def test_the_scale_of_colours_ends_where_it_should_and_grows_lighter():
    assert (heat(1.0, 1.0, 3.0), heat(3.0, 1.0, 3.0)) == (CIVIDIS[0], CIVIDIS[-1])
    greens = [int(heat(step, 0, 20)[3:5], 16) for step in range(21)]
    assert greens == sorted(greens)


def test_searches_show_misses_first_and_only_pictures_that_are_there(swapper):
    samples = {"found_id": ["s", "t", "u", None], "found_rank": [1, 9, 2, None]}
    folder = swapper("a", 75.0, 2.0, samples={k: v for k, v in samples.items() if k != "found_id"})
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(folder / "samples.parquet")
    table = table.append_column("found_id", pyarrow.array(samples["found_id"]))
    pyarrow.parquet.write_table(table, folder / "samples.parquet")
    (folder / "retrieval").mkdir()
    for key in "abd":
        (folder / "retrieval" / f"{key}.jpg").write_bytes(bytes.fromhex(JPEG))
    (run,) = load_runs([folder]).runs
    assert [(one.key, one.is_hit, one.verdict) for one in searches(run)] == [
        ("b", False, "miss: taken for t, the source comes at rank 9"),
        ("a", True, "hit: taken for s"),
    ]


def test_files_are_the_same_each_time_and_say_what_they_show(swapper, tmp_path):
    runs = load_runs([swapper("a$b<script>", 95.0, 4.0), swapper("b", 60.0, 1.0)]).runs
    files, problems = write_figures(runs, tmp_path / "one", formats=["svg", "png"])
    again, _ = write_figures(runs, tmp_path / "two", formats=["svg", "png"])
    assert problems == []
    assert [file.name for file in files] == [
        *("forest.svg", "forest.png", "tradeoff.svg", "tradeoff.png", "failures.svg", "failures.png", "alt-texts.md"),
    ]
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]
    drawing = (tmp_path / "one" / "forest.svg").read_text()
    xml.etree.ElementTree.fromstring(drawing)
    assert "a$b&lt;script&gt;" in drawing and "<script" not in drawing
    words = (tmp_path / "one" / "alt-texts.md").read_text()
    assert "## tradeoff" in words and "on the Pareto front" in words


def test_a_run_whose_samples_are_gone_costs_its_figures_and_a_line(swapper, tmp_path):
    folder = swapper("a", 95.0, 4.0)
    (folder / "samples.parquet").unlink()
    files, problems = write_figures(load_runs([folder]).runs, tmp_path / "out")
    assert [file.name for file in files] == ["failures.svg", "alt-texts.md"]
    assert problems == [f"{folder / 'samples.parquet'} is not there, so nothing is known of single pairs"]
