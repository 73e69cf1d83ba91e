"""Opening ONNX files so that their numbers do not depend on the machine's cores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fsbench.errors import ConfigError, DependencyError

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "mps": "CoreMLExecutionProvider"}


def open_session(path: Path, device: str) -> Any:
    """Open an ONNX file on a device, with one thread on a CPU.

    Raises:
        ConfigError: onnxruntime has no provider for the device here.
        DependencyError: the file cannot be read.
    """
    import onnxruntime

    kind, _, number = device.partition(":")
    provider = PROVIDERS.get(kind)
    if provider is None or provider not in onnxruntime.get_available_providers():
        found = ", ".join(onnxruntime.get_available_providers())
        hint = "--device cpu, or pip install onnxruntime-gpu"
        raise ConfigError(f"onnxruntime cannot use '{device}' here; it has {found}", hint=hint)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    chosen = (provider, {"device_id": number}) if kind == "cuda" and number else provider
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[chosen])
    except Exception as error:  # noqa: BLE001 - onnxruntime raises many types for a file that it cannot read
        line = str(error).splitlines()[0][:200]
        raise DependencyError(f"{path.name} cannot be opened: {line}", hint="fsbench zoo verify") from None
