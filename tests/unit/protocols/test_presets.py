"""Definitions, presets and suites."""

from __future__ import annotations

import pytest

from fsbench import catalog
from fsbench.errors import ConfigError
from fsbench.protocols.presets import (
    PRESET_SOURCES,
    PRESETS,
    SUITES,
    FFppDefinition,
    FidDefinition,
    LfwDefinition,
    definition,
    evaluator_names,
)

CHOICES = (
    "failures, alignment, flip, fid_region, frames, sampling, source_frame, source_fallback, gallery, hit, "
    "similarity, pose_reduce, expression_reduce, fid_reference"
)


def test_the_default_preset_is_the_paper_with_the_best_supported_reading() -> None:
    assert PRESETS["mobilefsgan"]["ff++"].as_text() == {
        "failures": "miss",
        "alignment": "own",
        "flip": "false",
        "fid_region": "aligned_256",
        "frames": "10",
        "sampling": "linspace",
        "source_frame": "same_index",
        "source_fallback": "most_frontal",
        "gallery": "all_frames",
        "hit": "video",
        "similarity": "cosine",
        "pose_reduce": "mean",
        "expression_reduce": "mean",
        "fid_reference": "targets",
    }
    assert PRESETS["mobilefsgan"]["lfw"].as_text() == {
        "failures": "miss",
        "alignment": "own",
        "flip": "false",
        "fid_region": "aligned_256",
        "face": "centre",
    }
    assert PRESETS["mobilefsgan"]["fid"].as_text()["face"] == "largest"


@pytest.mark.parametrize(
    ("preset", "differs"),
    [
        (
            "reliableswap",
            {
                "sampling": "stride",
                "source_frame": "first",
                "gallery": "source_frames",
                "pose_reduce": "rms",
                "expression_reduce": "rms",
                "failures": "drop",
            },
        ),
        ("reface", {"gallery": "source_frames", "hit": "frame", "similarity": "dot", "failures": "drop"}),
        ("casia", {"gallery": "first_frame", "flip": "true", "alignment": "target", "fid_region": "frame"}),
    ],
)
def test_a_preset_differs_from_the_default_in_named_choices_alone(preset: str, differs: dict[str, str]) -> None:
    default, found = FFppDefinition().as_text(), PRESETS[preset]["ff++"].as_text()
    assert {key: value for key, value in found.items() if value != default[key]} == differs


def test_only_the_preset_that_repeats_such_code_aligns_with_the_landmarks_of_the_target() -> None:
    found = {
        name
        for name, parts in PRESETS.items()
        for part in parts.values()
        if part.as_text().get("alignment") == "target"
    }
    assert found == {"casia"}


def test_every_preset_says_where_it_comes_from() -> None:
    assert PRESET_SOURCES.keys() == PRESETS.keys()


def test_single_choices_change_a_preset_and_leave_the_rest() -> None:
    found = definition(FFppDefinition, "ff++", "reface", {"similarity": "cosine", "frames": "3"})
    assert (found.similarity, found.frames) == ("cosine", 3)
    assert (found.hit, found.gallery, found.failures) == ("frame", "source_frames", "drop")


@pytest.mark.parametrize(
    ("kind", "protocol", "preset", "choices", "message", "hint"),
    [
        (
            FFppDefinition,
            "ff++",
            "mobilefsgam",
            {},
            f"no preset is called 'mobilefsgam'; known: {', '.join(PRESETS)}",
            "fsbench list presets",
        ),
        (
            LfwDefinition,
            "lfw",
            "reface",
            {},
            "preset 'reface' does not define lfw; those that do: mobilefsgan",
            "--preset mobilefsgan",
        ),
        (
            FidDefinition,
            "fid",
            "casia",
            {},
            "preset 'casia' does not define fid; those that do: mobilefsgan, reface",
            "--preset mobilefsgan",
        ),
        (
            FFppDefinition,
            "ff++",
            "mobilefsgan",
            {"galery": "all_frames"},
            "--set: no setting is called 'galery'",
            f"choices of ff++: {CHOICES}",
        ),
        (
            FFppDefinition,
            "ff++",
            "mobilefsgan",
            {"hit": "identity"},
            "--set: 'hit' is 'identity': input should be 'video', 'person' or 'frame'",
            f"choices of ff++: {CHOICES}",
        ),
        (
            FFppDefinition,
            "ff++",
            "mobilefsgan",
            {"frames": "ten"},
            "--set: 'frames' is 'ten': input should be a valid integer, unable to parse string as an integer",
            f"choices of ff++: {CHOICES}",
        ),
        (
            LfwDefinition,
            "lfw",
            "mobilefsgan",
            {"hit": "video"},
            "--set: no setting is called 'hit'",
            "choices of lfw: failures, alignment, flip, fid_region, face",
        ),
    ],
)
def test_a_wrong_name_is_told_with_what_is_allowed(
    kind: type, protocol: str, preset: str, choices: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        definition(kind, protocol, preset, choices)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_the_offline_suite_has_an_evaluator_for_each_role() -> None:
    assert evaluator_names("offline", "ff++", {}) == SUITES["offline"]
    assert set(SUITES["offline"]) == {"detect", "identity", "pose", "expression", "distribution"}


def test_an_override_changes_one_role_of_a_suite() -> None:
    found = evaluator_names("offline", "ff++", {"pose": "other"})
    assert found == {**SUITES["offline"], "pose": "other"}


@pytest.mark.parametrize(
    ("suite", "overrides", "message", "hint"),
    [
        ("online", {}, f"no suite is called 'online'; known: {', '.join(SUITES)}", "fsbench list suites"),
        (
            "offline",
            {"face": "dlib"},
            "no role is called 'face'; known: detect, identity, identity2, pose, expression, gaze, distribution",
            "--evaluator role=name",
        ),
    ],
)
def test_a_wrong_suite_or_role_is_told_with_what_is_known(
    suite: str, overrides: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        evaluator_names(suite, "ff++", overrides)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_the_paper_suite_measures_lfw_with_another_identity_network_than_ffpp() -> None:
    assert evaluator_names("paper", "ff++", {})["identity"] == "cosface-acc9928"
    assert evaluator_names("paper", "lfw", {})["identity"] == "arcface-w600k-r50"


def test_an_override_comes_before_what_a_suite_takes_for_a_protocol() -> None:
    assert evaluator_names("paper", "lfw", {"identity": "dlib-resnet"})["identity"] == "dlib-resnet"


def test_the_modern_suite_has_two_identity_networks_of_two_families() -> None:
    names = evaluator_names("modern", "ff++", {})
    families = {catalog.load(catalog.EVALUATORS[names[role]].target).family for role in ("identity", "identity2")}
    assert families == {"arcface", "facenet"}
