"""The description of a study."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fsbench.errors import RecordError
from fsbench.userstudy.spec import SPEC_FILE, Counts, MethodSpec, StudySpec, load_spec

SPEC = StudySpec(
    title="Three methods",
    slug="three-methods",
    methods=(MethodSpec(name="ours"), MethodSpec(name="theirs")),
    seed=7,
    counts=Counts(sets=240, raters=18, per_rater=40),
)


def test_a_spec_comes_back_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / SPEC_FILE).write_text(SPEC.text())
    assert load_spec(tmp_path) == SPEC
    assert load_spec(tmp_path / SPEC_FILE).sha256 == SPEC.sha256


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"spec_version": 99}, "version 99, this fsbench knows up to 1"),
        ({"methods": [{"name": "ours"}]}, "'methods'"),
        ({"methods": [{"name": "ours"}, {"name": "ours"}]}, "two methods have one name"),
        ({"methods": [{"name": "ours"}, {"name": "target"}]}, "name of a gold item"),
        ({"colour": "red"}, "no setting is called 'colour'"),
        ({"seed": None}, "'seed' is None"),
    ],
)
def test_a_wrong_spec_is_refused_in_one_line(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    (tmp_path / SPEC_FILE).write_text(json.dumps({**json.loads(SPEC.text()), **change}))
    with pytest.raises(RecordError, match=complaint) as caught:
        load_spec(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_study_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="holds no study") as caught:
        load_spec(tmp_path)
    assert caught.value.hint == "fsbench userstudy create RUN... -o STUDY"
