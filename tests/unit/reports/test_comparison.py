import pytest

from fsbench.reports.comparison import comparison_table
from fsbench.reports.groups import comparable_groups
from fsbench.reports.runs import load_runs


@pytest.fixture
def table_of(write_run, measure):
    """Make the table of runs given as name -> measurements; names that begin with copy- are controls."""

    def make(**runs):
        folders = [
            write_run(name.replace("_", "-"), *found, is_control=name.startswith("copy"))
            for name, found in runs.items()
        ]
        (group,) = comparable_groups(load_runs(folders).runs)
        return comparison_table(group)

    return make


def marks(table):
    return {row.label: row.cells[0].mark for section in table.sections for row in section.rows}


def test_higher_wins_where_higher_is_better(table_of, measure):
    table = table_of(a=[measure("id_retrieval", 5.0)], b=[measure("id_retrieval", 9.0)], c=[measure("id_retrieval", 1)])
    assert marks(table) == {"a": "second", "b": "best", "c": ""}


def test_lower_wins_where_lower_is_better_and_ties_as_printed_share_the_mark(table_of, measure):
    table = table_of(
        a=[measure("pose_error", 2.004)],
        b=[measure("pose_error", 2.001)],
        c=[measure("pose_error", 3.0)],
        d=[measure("pose_error", 3.001)],
        e=[measure("pose_error", 4.0)],
    )
    assert marks(table) == {"a": "best", "b": "best", "c": "second", "d": "second", "e": ""}


def test_controls_stand_apart_and_are_never_ranked(table_of, measure):
    table = table_of(
        copy_source=[measure("id_retrieval", 100.0)],
        a=[measure("id_retrieval", 5.0)],
        b=[measure("id_retrieval", 4.0)],
    )
    assert [(section.title, section.muted) for section in table.sections] == [("", False), ("Controls", True)]
    assert marks(table) == {"a": "best", "b": "second", "copy-source": ""}


def test_one_swapper_is_no_ranking(table_of, measure):
    assert marks(table_of(copy_target=[measure("pose_error", 0)], a=[measure("pose_error", 1)])) == {
        "a": "",
        "copy-target": "",
    }


def test_what_is_neither_better_nor_worse_has_no_arrow_and_no_rank(table_of, measure):
    table = table_of(a=[measure("lfw_cosine_var", 0.1)], b=[measure("lfw_cosine_var", 0.2)])
    assert table.columns[0].heading == "LFW cosine, variance, cosine^2"
    assert set(marks(table).values()) == {""}


def test_columns_come_in_the_order_of_the_table_of_metrics(table_of, measure):
    table = table_of(a=[measure("fid", 3.0), measure("pose_error", 1.0), measure("id_retrieval", 2.0)])
    assert [column.heading for column in table.columns] == ["ID retrieval, % ↑", "Pose error, deg ↓", "FID ↓"]


def test_an_absent_value_is_a_dash_with_its_reason_and_never_ranked(table_of, measure):
    table = table_of(
        a=[measure("pose_error", None, note="no face in any result", n=0, n_failed=4)],
        b=[measure("pose_error", 2.0)],
        c=[measure("fid", 1.0)],
    )
    cells = {row.label: row.cells[0] for row in table.sections[0].rows}
    assert [cells[label].text for label in "abc"] == ["-", "2.00", "-"]
    notes = dict(table.notes)
    assert [notes[letter] for letter in cells["a"].notes] == ["no face in any result", "a: 4 failed, n = 0"]
    assert [notes[letter] for letter in cells["c"].notes] == ["not measured in this run"]
    assert {cell.mark for cell in cells.values()} == {""}


def test_failures_and_an_unusual_n_are_noted_once(table_of, measure):
    table = table_of(
        a=[measure("pose_error", 1.0, n=3, n_failed=1), measure("expression_error", 1.0, n=3, n_failed=1)],
        b=[measure("pose_error", 1.0), measure("expression_error", 1.0)],
        c=[measure("pose_error", 1.0), measure("expression_error", 1.0, n=2)],
        d=[measure("pose_error", 1.0), measure("expression_error", 1.0)],
    )
    assert table.notes == (("a", "a: 1 failed, n = 3"), ("b", "c: n = 2"))
    assert table.feet[0] == "n = 4 unless a note says otherwise."


def test_numbers_of_another_definition_or_machine_get_a_column_of_their_own(table_of, measure, write_run):
    table = table_of(a=[measure("pose_error", 1.0)], b=[measure("pose_error", 2.0, definition="ffffffffffff")])
    assert [column.heading for column in table.columns] == [
        "Pose error (definition 0123456789ab, version 1), deg ↓",
        "Pose error (definition ffffffffffff, version 1), deg ↓",
    ]
    fast = write_run("fast", measure("latency_ms", 1.0), provenance={"machine": "A"})
    slow = write_run("slow", measure("latency_ms", 9.0), provenance={"machine": "B"})
    (group,) = comparable_groups(load_runs([fast, slow]).runs)
    assert [column.heading for column in comparison_table(group).columns] == [
        "Latency on A, ms ↓",
        "Latency on B, ms ↓",
    ]


def test_a_metric_in_two_units_has_two_columns_no_ranking_and_a_sentence_that_says_why(table_of, measure):
    table = table_of(a=[measure("pose_error", 2.0)], b=[measure("pose_error", 0.03, unit="rad")])
    assert [column.heading for column in table.columns] == ["Pose error, deg ↓", "Pose error, rad ↓"]
    assert {cell.mark for row in table.sections[0].rows for cell in row.cells} == {""}
    said = "Pose error has 2 columns, which are not ranked against each other; what differs: unit (deg / rad)."
    assert said in table.feet


@pytest.mark.parametrize(
    ("change", "heading", "words"),
    [
        ({"version": 2}, "Pose error (definition 0123456789ab, version 2), deg ↓", "version of the metric (1 / 2)"),
        ({"title": "Pose error (6DRepNet)"}, "Pose error (6DRepNet), deg ↓", "network or title (Pose error / "),
        ({"better": "higher"}, "Pose error, deg ↑", "better way (lower / higher)"),
        (
            {"definition": "f" * 12},
            "Pose error (definition ffffffffffff, version 1), deg ↓",
            "definition (0123456789ab",
        ),
    ],
)
def test_other_meanings_have_columns_of_their_own_no_rank_and_words(table_of, measure, change, heading, words):
    table = table_of(a=[measure("pose_error", 2.0)], b=[measure("pose_error", 1.0, **change)])
    assert table.columns[1].heading == heading
    assert {cell.mark for row in table.sections[0].rows for cell in row.cells} == {""}
    assert [words in foot for foot in table.feet].count(True) == 1


def test_a_warning_names_the_swapper_it_is_about(write_run, measure):
    folders = [
        write_run("a", measure("pose_error", 1.0), warnings=("small",)),
        write_run("b", measure("pose_error", 1.0), warnings=("small", "own network")),
    ]
    (group,) = comparable_groups(load_runs(folders).runs)
    assert comparison_table(group).feet[-2:] == ("Warning: small", "Warning, b: own network")


def test_a_value_over_fewer_pairs_is_not_ranked(table_of, measure):
    table = table_of(
        a=[measure("pose_error", 2.0, n=100)],
        b=[measure("pose_error", 3.0, n=100)],
        crashes=[measure("pose_error", 0.0, n=15, n_failed=85)],
    )
    assert marks(table) == {"a": "best", "b": "second", "crashes": ""}


def test_values_that_are_all_alike_are_not_ranked(table_of, measure):
    assert marks(table_of(a=[measure("pose_error", 1.0)], b=[measure("pose_error", 1.0)])) == {"a": "", "b": ""}
