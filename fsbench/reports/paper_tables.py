"""The paper's own tables as data: captions, columns, rows and their order, and which run belongs to which row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fsbench.reports.runs import Run

UNOFFICIAL = "unofficial"  # another training, not the method of the paper
METHODS = ("DeepFake", "FaceSwap", "IPGAN", "FaceShifter", "MegaFS", "SimSwap", "HiFiFace", "Ours")
NAMES = {
    "DeepFake": ("ffpp:deepfakes", "deepfake"),
    "FaceSwap": ("ffpp:faceswap", "faceswap"),
    "Ours": ("mobilefsgan",),
}
"""What a label or the name of a swapper begins with, where it is not the method's own name in small letters."""
ABLATIONS = {"Wide": "wide", "Shallow": "shallow", "NoFuse": "nofuse", "HG": "hourglass", "Baseline": "baseline"}
EXPORTS = {
    ".mlpackage": "Ours (CoreML)",
    ".mlmodel": "Ours (CoreML)",
    ".tnnmodel": "Ours (TNN)",
    ".tnnproto": "Ours (TNN)",
}

Choose = Callable[[Run], str]
"""Names the row of the paper that a run belongs to, or nothing."""


@dataclass(frozen=True)
class Entry:
    """One column: its heading, the metrics that may fill it, the first that was measured, and the digits printed."""

    heading: str
    metrics: tuple[str, ...]
    digits: int


@dataclass(frozen=True)
class Layout:
    """One table of the paper."""

    caption: str
    label: str
    protocol: str
    rows: tuple[str, ...]
    entries: tuple[Entry, ...]
    of: Choose


def method_of(run: Run) -> str:
    """Tell which method of the paper a swapper is, by its label, or else by its name."""
    for text in (run.label.lower(), run.result.swapper.name.lower()):
        plain = text.removeprefix("recipe:")
        for method in METHODS:
            if UNOFFICIAL not in plain and plain.startswith(NAMES.get(method, (method.lower(),))):
                return method
    return ""


def variant_of(run: Run) -> str:
    """Tell which network of the ablation a run is of, by its label."""
    return next((row for row, name in ABLATIONS.items() if run.label.lower() in (name, row.lower())), "")


def model_of(run: Run) -> str:
    """Tell which line of the table of sizes a file or network is."""
    ending = next((line for ending, line in EXPORTS.items() if run.label.lower().endswith(ending)), "")
    method = method_of(run)
    return ending or (f"{method} (PyTorch)" if method else "")


IDENTITY = (Entry("ID Retrieval", ("id_retrieval",), 2), Entry("Pose", ("pose_error",), 2))
LAYOUTS: dict[str, Layout] = {
    "table1": Layout(
        caption="Quantitative comparison on FaceForensics++",
        label="Method",
        protocol="ff++",
        rows=METHODS,
        entries=(*IDENTITY, Entry("Expression", ("expression_error",), 2)),
        of=method_of,
    ),
    "table2": Layout(
        caption="Evaluation of similarities and subjective scores",
        label="Method",
        protocol="lfw",
        rows=("MegaFS", "SimSwap", "Ours"),
        entries=(
            *(Entry("Mean", ("lfw_cosine_mean",), 4), Entry("Var.", ("lfw_cosine_var",), 4)),
            *(Entry(question, (f"study:{question.lower()}",), 2) for question in ("Real", "Identity", "Attribute")),
        ),
        of=method_of,
    ),
    "table3": Layout(
        caption="Inference speed across platforms, operating systems, inference frameworks and computing devices",
        label="Platform",
        protocol="speed",
        rows=(),
        entries=(Entry("Speed, ms", ("network_mean_ms", "network_ms", "latency_mean_ms", "latency_ms"), 1),),
        of=lambda run: "",
    ),
    "table4": Layout(
        caption="Comparison of model sizes",
        label="Model",
        protocol="size",
        rows=(
            *("FaceShifter (PyTorch)", "MegaFS (PyTorch)", "SimSwap (PyTorch)"),
            *("Ours (PyTorch)", "Ours (CoreML)", "Ours (TNN)"),
        ),
        entries=(Entry("Model Size (MB)", ("size_mb", "fp32_mb"), 1),),
        of=model_of,
    ),
    "ablation": Layout(
        caption="Results on FaceForensics++ for the ablation study on network design",
        label="Network",
        protocol="ff++",
        rows=tuple(ABLATIONS),
        entries=(
            *(Entry("ID", ("id_retrieval",), 2), Entry("Pose", ("pose_error",), 2)),
            *(Entry("Exp.", ("expression_error",), 2), Entry("FID", ("fid",), 2)),
            Entry("Size/MB", ("size:size_mb", "size:fp32_mb"), 1),
        ),
        of=variant_of,
    ),
}
