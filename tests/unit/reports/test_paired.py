import pytest

from fsbench.errors import ConfigError
from fsbench.reports.groups import comparable_groups
from fsbench.reports.paired import paired_differences, paired_lines, paired_table
from fsbench.reports.report import compare_runs
from fsbench.reports.runs import load_runs


@pytest.fixture
def group_of(write_run, measure):
    def make(metric="pose_error", **columns):
        folders = [
            write_run(name, measure(metric, 1.0), samples={metric: values}, is_control=name == "control")
            for name, values in columns.items()
        ]
        (group,) = comparable_groups(load_runs(folders).runs)
        return group

    return make


def test_only_pairs_that_every_swapper_survived_count_and_controls_do_not_matter(group_of):
    group = group_of(control=[None, None, None, None], first=[1.0, 2.0, 4.0, None], other=[None, 5.0, 9.0, 7.0])
    first, other = paired_differences(group).values
    assert (first.swapper, first.value, first.difference, first.verdict) == ("first", 3.0, None, "reference")
    assert (other.swapper, other.value, other.difference) == ("other", 7.0, 4.0)  # (5 + 9) / 2; (3 + 5) / 2
    assert (other.n, other.planned) == (2, 4)
    assert (other.low, other.high) == (3.0, 5.0)  # two clusters: means of draws lie between the two differences
    assert other.verdict == "higher"


def test_a_failure_that_counts_as_a_miss_is_no_survivor(write_run, measure):
    hits, stages = [1.0, 1.0, 1.0, 0.0], [None, None, None, "verify"]
    folders = [
        write_run("a", measure("id_retrieval", 75.0), samples={"id_retrieval": hits, "stage": stages}),
        write_run("b", measure("id_retrieval", 50.0), samples={"id_retrieval": [1.0, 0.0, 0.0, 1.0]}),
    ]
    (group,) = comparable_groups(load_runs(folders).runs)
    a, b = paired_differences(group).values
    assert (a.n, a.value) == (3, 100.0)
    assert (b.value, b.difference) == (pytest.approx(100 / 3), pytest.approx(-200 / 3))


def test_an_interval_around_zero_is_no_clear_difference_and_one_below_is_lower(group_of):
    group = group_of(a=[1.0, 2.0, 3.0, 4.0], b=[2.0, 1.0, 4.0, 3.0], c=[0.0, 1.0, 2.0, 3.0])
    assert [found.verdict for found in paired_differences(group).values] == [
        "reference",
        "no clear difference",
        "lower",
    ]


def test_frames_of_one_video_are_one_cluster_so_that_one_video_gives_no_interval(write_run, measure):
    folders = [
        write_run(name, measure("pose_error", 1.0), samples={"pose_error": [value] * 4, "cluster": ["v"] * 4})
        for name, value in (("a", 1.0), ("b", 2.0))
    ]
    (group,) = comparable_groups(load_runs(folders).runs)
    found = paired_differences(group).values[1]
    assert (found.difference, found.low, found.high, found.verdict) == (1.0, None, None, "too few clusters to tell")


def test_differences_are_in_printed_units_and_against_the_named_swapper(group_of):
    group = group_of("id_retrieval", a=[1.0, 1.0, 1.0, 0.0], b=[0.0, 0.0, 1.0, 0.0])
    a, b = paired_differences(group, reference="b").values
    assert (a.value, a.difference, b.verdict) == (75.0, 50.0, "reference")


def test_an_unknown_reference_is_refused_with_the_known_names(group_of):
    with pytest.raises(ConfigError, match="called 'c'; there are: a, b"):
        paired_differences(group_of(a=[1.0] * 4, b=[2.0] * 4), reference="c")


def test_a_metric_that_no_pair_survived_is_remarked(group_of):
    paired = paired_differences(group_of(a=[1.0, 1.0, None, None], b=[None, None, 1.0, 1.0]))
    assert paired.values == ()
    assert paired.remarks == ("Pose error, deg ↓: no pair was survived by every swapper.",)


def test_a_run_without_samples_is_left_out_with_a_remark(group_of):
    group = group_of(a=[1.0] * 4, b=[2.0] * 4, c=[3.0] * 4)
    (group.runs[2].folder / "samples.parquet").unlink()
    paired = paired_differences(group)
    assert [found.swapper for found in paired.values] == ["a", "b"]
    assert paired.remarks[0].startswith("c is left out of the paired differences")


def test_one_swapper_has_no_paired_table(group_of):
    (comparison,) = compare_runs(group_of(control=[1.0] * 4, a=[1.0] * 4).runs)
    assert comparison.paired_table is None


def test_the_table_says_which_way_is_better(group_of):
    paired = paired_differences(group_of(a=[1.0, 2.0, 3.0, 4.0], b=[2.0, 3.0, 5.0, 6.0]))
    (section,) = paired_table(paired, title="Two videos").sections
    assert section.title == "Pose error, deg ↓"
    cells = section.rows[1].cells
    assert [cell.text for cell in cells] == ["4.00", "+1.50", "higher (worse)", "4 of 4"]
    assert cells[1].interval == "[+1.00, +2.00]"
    assert paired_lines(1, paired)[1][:6] == (1, "pose_error", "b", "a", 4.0, 1.5)
