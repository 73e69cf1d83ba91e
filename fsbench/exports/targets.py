"""The formats that networks are exported to: what each needs, can and cannot do."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from fsbench.errors import ConfigError, DependencyError

PRECISIONS = ("fp32", "fp16", "int8")


@dataclass(frozen=True)
class Format:
    """One value of --to."""

    converts: str  # "module:function", called with a Job, gives the files, the main one first
    packages: Mapping[str, str]  # module to import -> distribution whose version counts
    extra: str  # of fsbench, that installs them
    runtime: str  # of fsbench.adapters.runtimes, that runs the file here; "": none can
    note: str
    not_run: str = ""  # why it is not run here
    lacks: Mapping[str, str] = field(default_factory=dict)  # precision -> why it cannot be had


_TORCH = {"torch": "torch"}
_ONNX = {"onnx": "onnx", "onnxruntime": "onnxruntime"}
_NO_INT8 = {"int8": "torch has no int8 kernels for such a file on this path; int8: onnx, openvino"}

FORMATS: dict[str, Format] = {
    "onnx": Format("fsbench.exports.onnx:convert", _ONNX, "", "onnx", "ONNX, opset 17; fp32 in and out"),
    "tnn-onnx": Format(
        *("fsbench.exports.tnn:convert", _ONNX, "", "onnx", "ONNX, opset 11, in operators of TNN's converter"),
        lacks={
            "fp16": "TNN's converter halves weights itself: converter.py onnx2tnn -half",
            "int8": "TNN has a tool of its own for int8, tools/quantization, which reads TNN files",
        },
    ),
    "openvino": Format(
        "fsbench.exports.openvino:convert", {**_ONNX, "openvino": "openvino"}, "openvino", "openvino", "OpenVINO IR"
    ),
    "ncnn": Format(
        *("fsbench.exports.ncnn:convert", {"ncnn": "ncnn", "pnnx": "pnnx"}, "ncnn", "ncnn", "ncnn, by pnnx"),
        lacks={"int8": "ncnn's wheels have no ncnn2table and no ncnn2int8; build them from its source"},
    ),
    "mnn": Format(
        *("fsbench.exports.mnn:convert", {**_ONNX, "MNN": "MNN"}, "mnn", "mnn", "MNN, from ONNX"),
        lacks={"int8": "MNN's tool calibrates networks of one input, from picture files"},
    ),
    "coreml": Format(
        *("fsbench.exports.coreml:convert", {"coremltools": "coremltools"}, "coreml", "", "Core ML program, iOS 15"),
        not_run="Core ML runs on Apple's systems alone: converted, not compared",
        lacks={"int8": "Core ML's calibration runs the network, which Apple's systems alone can"},
    ),
    "litert": Format(
        "fsbench.exports.litert:convert",
        {"litert_torch": "litert-torch", "ai_edge_litert": "ai-edge-litert", "ai_edge_quantizer": "ai-edge-quantizer"},
        *("litert", "litert", "LiteRT (TensorFlow Lite)"),
    ),
    "executorch": Format(
        "fsbench.exports.executorch:convert",
        {"executorch": "executorch"},
        *("executorch", "executorch", "ExecuTorch, XNNPACK"),
        lacks={"int8": "quantised for XNNPACK, this network did not run in ExecuTorch 1.5.1 (execute failed, 0x1)"},
    ),
    "torchscript": Format(
        *("fsbench.exports.torch_files:torchscript", _TORCH, "", "torchscript", "TorchScript, for LibTorch"),
        lacks=_NO_INT8,
    ),
    "torch-export": Format(
        *("fsbench.exports.torch_files:exported", _TORCH, "", "torch-export", "graph of torch.export"),
        lacks=_NO_INT8,
    ),
}


def export_format(name: str, precision: str) -> Format:
    """Find a format by name; check that it has the precision and that its packages are here.

    Raises:
        ConfigError: there is no such format, or it lacks the precision.
        DependencyError: a package is missing.
    """
    if name not in FORMATS:
        near = difflib.get_close_matches(name, FORMATS, n=1)
        guess = f"; did you mean '{near[0]}'?" if near else ""
        raise ConfigError(f"--to {name}: no format is called so{guess}", hint=f"formats: {', '.join(FORMATS)}")
    if precision not in PRECISIONS:
        raise ConfigError(f"--precision {precision}: wanted {', '.join(PRECISIONS)}", hint="--precision fp32")
    found = FORMATS[name]
    if precision in found.lacks:
        raise ConfigError(f"--to {name} has no {precision}: {found.lacks[precision]}", hint="--precision fp32")
    missing = missing_packages(found)
    if missing:
        wanted = ", ".join(found.packages.values())
        raise DependencyError(f"--to {name}: found no {missing[0]}; wanted {wanted}", hint=install_hint(found))
    return found


def install_hint(found: Format) -> str:
    """Say how to install what a format needs."""
    return f"pip install 'fsbench[{found.extra}]'" if found.extra else "pip install fsbench"


def missing_packages(found: Format) -> list[str]:
    """Name the packages of a format that are not here."""
    return [name for module, name in found.packages.items() if importlib.util.find_spec(module) is None]


def versions_of(found: Format) -> dict[str, str]:
    """Give the versions of a format's packages, and of torch."""
    versions = {}
    for name in sorted({"torch", *found.packages.values()}):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "unknown"
    return versions
