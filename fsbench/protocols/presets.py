"""Frozen definitions: every choice that papers make in silence, the presets that name sets of them, the suites.

A preset of a protocol is one instance of its definition; presets differ in named choices only. The choices, who made
which, and what they do to the numbers: docs/definitions.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from fsbench.errors import ConfigError
from fsbench.records import FailurePolicy, Record, first_problem


class Choices(Record):
    """What a protocol has to choose."""

    def as_text(self) -> dict[str, str]:
        """Give each choice as text, as result files and hashes hold it."""
        return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in self}


class Definition(Choices):
    """What all protocols that look at pictures have to choose."""

    failures: FailurePolicy = "miss"  # a failed swap is a miss of retrieval | is left out of it | stops the run
    alignment: Literal["own", "target"] = "own"  # whose landmarks align a result before it is measured
    flip: bool = False  # identity embedding of the crop and of its mirror image, concatenated
    fid_region: Literal["aligned_256", "frame"] = "aligned_256"


class FFppDefinition(Definition):
    """FaceForensics++; the defaults are the preset `mobilefsgan`."""

    frames: int = Field(default=10, ge=1)  # of each video
    sampling: Literal["linspace", "stride", "bins"] = "linspace"
    source_frame: Literal["same_index", "same_position", "first", "most_frontal", "listed"] = "same_index"
    source_fallback: Literal["most_frontal", "none"] = "most_frontal"  # where that frame shows no face
    gallery: Literal["all_frames", "first_frame", "source_frames"] = "all_frames"
    hit: Literal["video", "person", "frame"] = "video"
    similarity: Literal["cosine", "dot"] = "cosine"
    pose_reduce: Literal["mean", "rms"] = "mean"
    expression_reduce: Literal["mean", "rms"] = "mean"
    fid_reference: Literal["targets", "all_frames", "sources"] = "targets"


class LfwDefinition(Definition):
    """LFW's negative pairs; the defaults are the preset `mobilefsgan`."""

    face: Literal["centre", "largest"] = "centre"  # of several in a picture


class FidDefinition(Definition):
    """Any two folders of pictures."""

    face: Literal["largest", "centre"] = "largest"


class SpeedDefinition(Choices):
    """How times are taken; the defaults are the paper's where it speaks."""

    passes: int = Field(default=100, ge=1, le=100_000)  # the paper: "we run the forward pass for 100 times"
    warmup: int = Field(default=10, ge=0, le=100_000)  # rounds before them that are not counted
    batch: int = Field(default=1, ge=1, le=64)  # faces a call
    threads: int = Field(default=0, ge=0, le=1024)  # 0: as many as this process may use


class SizeDefinition(Choices):
    """There is nothing to choose about a size."""


Preset = Mapping[str, Choices]

PRESETS: dict[str, Preset] = {
    # The paper's text where it speaks, the best-supported reading where it is silent.
    "mobilefsgan": {
        "ff++": FFppDefinition(),
        "lfw": LfwDefinition(),
        "fid": FidDefinition(),
        "speed": SpeedDefinition(),
        "size": SizeDefinition(),
    },
    # ReliableSwap, inference/ffplus: every n/10th frame, the first frame of each source video is source and gallery,
    # root of the mean square. Its pose is on the raw outputs of the network, which no definition here repeats.
    "reliableswap": {
        "ff++": FFppDefinition(
            sampling="stride",
            source_frame="first",
            gallery="source_frames",
            pose_reduce="rms",
            expression_reduce="rms",
            failures="drop",
        )
    },
    # REFace, eval_tool: the gallery holds the source pictures alone, a hit is the very picture, dot product.
    "reface": {
        "ff++": FFppDefinition(gallery="source_frames", hit="frame", similarity="dot", failures="drop"),
        "fid": FidDefinition(fid_region="frame"),
    },
    # CASIA survey, eval_faceswap: one gallery picture an identity, embedding with its mirror image, results aligned
    # with the landmarks of the target.
    "casia": {"ff++": FFppDefinition(gallery="first_frame", flip=True, alignment="target", fid_region="frame")},
}

PRESET_SOURCES: dict[str, str] = {
    "mobilefsgan": "the paper's text; where it is silent, the best-supported reading",
    "reliableswap": "ygtxr1997/ReliableSwap, inference/ffplus",
    "reface": "Sanoojan/REFace, eval_tool",
    "casia": "CASIA-NLPRAI/face-swapping-survey, eval_faceswap",
}

SUITES: dict[str, dict[str, str]] = {
    "offline": {
        "detect": "dlib",
        "identity": "dlib-resnet",
        "pose": "pnp68",
        "expression": "landmarks68",
        "distribution": "efflite0",
    },
    # What the tables of the field were made with, as far as papers say; the paper names networks and no files.
    "paper": {
        "detect": "scrfd-10g+fan",
        "identity": "cosface-acc9928",
        "pose": "hopenet",
        "expression": "deep3d",
        "distribution": "inception",
    },
    "modern": {
        "detect": "scrfd-10g",
        "identity": "arcface-w600k-r50",
        "identity2": "facenet-vggface2",
        "pose": "6drepnet",
        "expression": "deep3d",
        "gaze": "l2cs",
        "distribution": "inception",
    },
}
"""Suite -> role -> evaluator."""

FOR_PROTOCOL: dict[tuple[str, str], dict[str, str]] = {
    ("paper", "lfw"): {"identity": "arcface-w600k-r50"},  # the paper measures LFW with another network than FF++
}
"""Suite and protocol -> role -> evaluator, where it differs from the suite's."""

ROLES = ("detect", "identity", "identity2", "pose", "expression", "gaze", "distribution")
SAME_KIND = {"identity2": "identity"}  # a second network of a role, which measures beside the first

D = TypeVar("D", bound=Choices)


def definition(kind: type[D], protocol: str, preset: str, choices: Mapping[str, str]) -> D:
    """Find a preset's definition of a protocol and change single choices.

    Raises:
        ConfigError: no such preset, the preset says nothing of that protocol, or no such choice or value.
    """
    if preset not in PRESETS:
        near = ", ".join(PRESETS)
        raise ConfigError(f"no preset is called '{preset}'; known: {near}", hint="fsbench list presets")
    base = PRESETS[preset].get(protocol)
    if base is None:
        able = ", ".join(name for name, parts in PRESETS.items() if protocol in parts)
        raise ConfigError(
            f"preset '{preset}' does not define {protocol}; those that do: {able}", hint="--preset mobilefsgan"
        )
    try:
        return kind.model_validate({**base.model_dump(), **choices})
    except ValidationError as error:
        known = ", ".join(kind.model_fields)
        raise ConfigError(f"--set: {first_problem(error)}", hint=f"choices of {protocol}: {known}") from None


def evaluator_names(suite: str, protocol: str, overrides: Mapping[str, str]) -> dict[str, str]:
    """Find the evaluator of each role that a suite or the user names; not every suite has every role.

    Raises:
        ConfigError: no such suite or role.
    """
    if suite not in SUITES:
        raise ConfigError(f"no suite is called '{suite}'; known: {', '.join(SUITES)}", hint="fsbench list suites")
    for role in overrides:
        if role not in ROLES:
            known = ", ".join(ROLES)
            raise ConfigError(f"no role is called '{role}'; known: {known}", hint="--evaluator role=name")
    return {**SUITES[suite], **FOR_PROTOCOL.get((suite, protocol), {}), **overrides}
