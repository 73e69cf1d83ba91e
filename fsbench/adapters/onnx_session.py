"""One ONNX network, ready to run: which execution provider does the work, and whether it takes batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import ConfigError, DependencyError, ItemError

# The execution provider of ONNX Runtime for each kind of device, and for each name that a user may ask for.
BY_DEVICE = {"cpu": "cpu", "cuda": "cuda", "mps": "coreml"}
PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}


def provider_name(device: str, asked: str = "") -> str:
    """Choose the execution provider of a device, or check the one that was asked for.

    Returns:
        ONNX Runtime's name of it.

    Raises:
        ConfigError: there is no such provider, or this installation of ONNX Runtime does not have it.
    """
    import onnxruntime

    kind = asked or BY_DEVICE.get(device.partition(":")[0], "")
    if kind not in PROVIDERS:
        wanted = f"provider '{asked}'" if asked else f"device '{device}'"
        raise ConfigError(f"ONNX Runtime knows no {wanted}", hint=f"provider = {' | '.join(PROVIDERS)}")
    found = onnxruntime.get_available_providers()
    if PROVIDERS[kind] not in found:
        raise ConfigError(
            f"ONNX Runtime has no {PROVIDERS[kind]} here; it has {', '.join(found)}",
            hint=f"provider=cpu, or install the build of onnxruntime with {kind}",
        )
    return PROVIDERS[kind]


class Session:
    """Runs an ONNX network; by itself on one thread, so that numbers do not depend on the number of cores."""

    def __init__(self, path: Path, device: str, provider: str = "", *, threads: int = 1) -> None:
        """Open the file.

        Raises:
            ConfigError: the provider is not available.
            DependencyError: the file is no ONNX network that can be run.
        """
        import onnxruntime

        name = provider_name(device, provider)
        number = device.partition(":")[2]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        settings: dict[str, str] = {"device_id": number} if number and name == PROVIDERS["cuda"] else {}
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=[(name, settings)])
        except Exception as error:  # noqa: BLE001 - what onnxruntime raises has no class in common but this
            problem = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DependencyError(f"{path.name} is no ONNX network that runs here: {problem}", hint="") from None
        self.path = path
        self.inputs = {node.name: node for node in self._session.get_inputs()}
        self.outputs = [node.name for node in self._session.get_outputs()]

    @property
    def first_input(self) -> str:
        """The name of the only input of a network that takes one."""
        return str(next(iter(self.inputs)))

    def takes_batches(self) -> bool:
        """Tell whether the first dimension of every input is free."""
        return all(not isinstance(node.shape[0], int) for node in self.inputs.values())

    def example(self) -> dict[str, NDArray[np.float32]]:
        """Give an input of noise at batch 1; a side that the file leaves free is 1."""
        rng = np.random.default_rng(0)
        shapes = {
            name: [1, *(side if isinstance(side, int) else 1 for side in node.shape[1:])]
            for name, node in self.inputs.items()
        }
        return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}

    def require_inputs(self, names: Sequence[str]) -> None:
        """Check that the network has the inputs that its table entry names.

        Raises:
            ConfigError: it has others.
        """
        if set(names) != set(self.inputs):
            found, wanted = ", ".join(self.inputs), ", ".join(names)
            raise ConfigError(
                f"{self.path.name} has the inputs {found}; its table entry says {wanted}",
                hint='inputs = { target = "...", source = "..." } in the table',
            )

    def run(self, feeds: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.floating]]:
        """Run on (N, ...) inputs; a network whose batch is fixed at one is called once a row.

        Raises:
            ItemError: the inputs do not fit the network, or it failed.
        """
        count = len(next(iter(feeds.values())))
        if count == 1 or self.takes_batches():
            return self._called(feeds)
        rows = [self._called({name: values[i : i + 1] for name, values in feeds.items()}) for i in range(count)]
        return [np.concatenate(parts) for parts in zip(*rows, strict=True)]

    def _called(self, feeds: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.floating]]:
        typed = {name: values.astype(_numpy_type(self.inputs[name])) for name, values in feeds.items()}
        try:
            return list(self._session.run(None, typed))
        except Exception as error:  # noqa: BLE001 - as above
            raise ItemError(f"{self.path.name} failed: {str(error).splitlines()[0]}") from None


def open_onnx(file: Path, *, threads: int) -> Callable[..., NDArray[np.float32]]:
    """Open an exported ONNX file on the CPU, to be called with arrays in the order of its inputs.

    Raises:
        DependencyError: it is no ONNX network that can be run.
    """
    session = Session(file, "cpu", threads=threads)
    names = list(session.inputs)

    def call(*inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run(dict(zip(names, inputs, strict=True)))[0], np.float32)

    return call


def count_parameters(path: Path) -> int:
    """Count the numbers that a file stores for its network: its constants of floating point that are no scalars."""
    import onnx

    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE, onnx.TensorProto.BFLOAT16)
    graph = onnx.load(path, load_external_data=False).graph
    return sum(int(np.prod(stored.dims)) for stored in graph.initializer if stored.data_type in kinds and stored.dims)


def _numpy_type(node: Any) -> type[np.floating]:
    return np.float16 if node.type == "tensor(float16)" else np.float32
