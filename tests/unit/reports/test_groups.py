import pytest

from fsbench.reports.groups import comparable_groups
from fsbench.reports.runs import load_runs

OTHER = {
    "protocol version": {"protocol_version": 2},
    "protocol": {"config": {"protocol": "lfw"}},
    "definition": {"definition": {"frames": "9", "policy": "miss"}, "definition_digest": "ba9876543210"},
    "data": {"provenance": {"data_digest": "e" * 12}},
    "networks": {"provenance": {"evaluators": {"identity": "arcface@1"}}},
    "weights": {"provenance": {"weights": {"dlib.dat": "ab" * 32}}},
}
WORDS = {
    "protocol version": "protocol (ff++ version 1 / ff++ version 2)",
    "protocol": "protocol (ff++ version 1 / lfw version 1)",
    "definition": "definition (frames: 2 / 9)",
    "data": "data (dddddddddddd / eeeeeeeeeeee)",
    "networks": "networks that measure (identity: dlib-resnet@1 / arcface@1)",
    "weights": "weights of the networks that measure (dlib.dat: - / abababababab)",
}


def groups_of(*folders):
    return comparable_groups(load_runs(folders).runs)


@pytest.mark.parametrize("what", OTHER)
def test_runs_that_differ_stand_apart_and_the_difference_is_said(write_run, measure, what):
    one = write_run("one", measure("pose_error", 1.0))
    two = write_run("two", measure("pose_error", 2.0), **OTHER[what])
    three = write_run("three", measure("pose_error", 3.0))
    groups = groups_of(one, two, three)
    assert [group.labels for group in groups] == [("one", "three"), ("two",)]
    assert groups[0].apart == ""
    assert groups[1].apart == f"Not comparable with the first table; what differs: {WORDS[what]}."


def test_equal_labels_are_told_apart_by_their_folder(write_run, measure):
    one = write_run("one", measure("pose_error", 1.0))
    again = write_run("one", measure("pose_error", 2.0), folder="bbbbbbbbbbbb")
    (group,) = groups_of(one, again)
    assert group.labels == ("one (aaaaaaaaaaaa)", "one (bbbbbbbbbbbb)")
