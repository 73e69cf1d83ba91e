"""What is installed, which suites can run, and what each missing piece needs."""

from __future__ import annotations

import importlib
import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import fsbench
from fsbench import catalog
from fsbench.engine.cache import default_folder
from fsbench.engine.plugins import identify, plugin
from fsbench.errors import FsbenchError
from fsbench.interfaces import Detector, Evaluator
from fsbench.protocols.presets import FOR_PROTOCOL, SUITES


@dataclass(frozen=True)
class Part:
    """A package: its name in the index, its import name, what to do when it is missing or broken."""

    package: str
    module: str
    cure: str
    needed: bool = True
    tried: bool = True  # import it, or only look whether it is there


NO_DEPS = "pip install --no-deps facenet-pytorch==2.6.0  (its own pins forbid a current torch; it runs with one)"
HEADLESS = "apt-get install libgl1, or pip install --no-deps --force-reinstall opencv-python-headless"
PARTS = (
    Part("torch", "torch", "pip install torch"),
    Part("torchvision", "torchvision", "pip install torchvision, of the release that fits torch"),
    Part("opencv-python", "cv2", HEADLESS),
    Part("av", "av", "pip install av"),
    Part("insightface", "insightface", "pip install insightface", tried=False),
    Part("onnxruntime", "onnxruntime", "pip install onnxruntime"),
    Part("face-alignment", "face_alignment", "pip install face-alignment", tried=False),
    Part("pytorch-fid", "pytorch_fid", "pip install pytorch-fid"),
    # it puts modules called `utils` and `model` on the import path, so it is looked for and not imported
    Part("sixdrepnet", "sixdrepnet", "pip install sixdrepnet", tried=False),
    Part("facenet-pytorch", "facenet_pytorch", NO_DEPS, needed=False),
    Part("dlib-bin", "dlib", "pip install 'fsbench[offline]'", needed=False),
    Part("face-recognition-models", "face_recognition_models", "pip install 'fsbench[offline]'", False, False),
    Part("efficientnet-lite-pytorch", "efficientnet_lite_pytorch", "pip install 'fsbench[offline]'", False, False),
)


def examine() -> tuple[list[str], bool]:
    """Look at packages, suites and places.

    Returns:
        Lines to print, and whether all that fsbench needs is there and at least one suite can run.
    """
    lines = [
        f"fsbench {fsbench.__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores",
        f"cache: {default_folder()}  (moved by FSBENCH_CACHE)",
        "",
        "packages",
    ]
    healthy = True
    for part in PARTS:
        problem = _problem(part)
        healthy = healthy and not (problem and part.needed)
        lines.append(f"  {'ok     ' if not problem else 'missing'} {part.package} {_version(part.package)}".rstrip())
        if problem:
            lines += [f"          {problem}", f"          {'needed' if part.needed else 'optional'}: {part.cure}"]
    lines += ["", *_device_lines(), "", "suites"]
    runnable = 0
    for name, roles in SUITES.items():
        others = [pair for (suite, _), more in FOR_PROTOCOL.items() if suite == name for pair in more.items()]
        problems = [text for role, by in (*roles.items(), *others) if (text := _evaluator_problem(role, by))]
        runnable += not problems
        lines.append(f"  {'ready  ' if not problems else 'not yet'} {name}: {', '.join(roles.values())}")
        lines += [f"          {text}" for text in problems]
    lines += ["", *_weight_lines()]
    return lines, healthy and runnable > 0


def _weight_lines() -> list[str]:
    """Tell of each suite how many of its weights are there, and what brings the others."""
    from fsbench.zoo import manifest, store

    lines = [f"weights: {store.weights_folder()}  (moved by FSBENCH_WEIGHTS)"]
    for suite in sorted({name for item in manifest.weights().values() for name in item.suites}):
        items = manifest.of_suite(suite)
        states = {item.name: store.state(item) for item in items}
        present = sum(state == "present" for state in states.values())
        lines.append(
            f"  {'ready  ' if present == len(items) else 'not yet'} {suite}: {present} of {len(items)} present"
        )
        missing = [item for item in items if states[item.name] == "missing"]
        if any(item.urls for item in missing):
            lines.append(f"          fsbench zoo fetch --suite {suite} --accept-licence")
        lines += [f"          {item.name}: {store.how_to_get(item)}" for item in missing if not item.urls]
        changed = [name for name, state in states.items() if state == "changed"]
        lines += [f"          {name}: touched since it was checked; fsbench zoo verify {name}" for name in changed]
    return lines


def _problem(part: Part) -> str:
    try:
        if find_spec(part.module) is None:
            return "not installed"
        if part.tried:
            importlib.import_module(part.module)
    except Exception as error:  # noqa: BLE001 - whatever a broken package raises is what the user needs to read
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return ""


def _version(package: str) -> str:
    for name in (package, f"{package}-headless"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""


def _device_lines() -> list[str]:
    try:
        import torch
    except Exception as error:  # noqa: BLE001 - said again in full by the list of packages
        return [f"devices: torch does not import ({type(error).__name__})"]
    found = [f"cuda:{n} {torch.cuda.get_device_name(n)}" for n in range(torch.cuda.device_count())]
    found += ["mps"] if torch.backends.mps.is_available() else []
    return [f"devices: {', '.join(['cpu', *found])}"]


def _evaluator_problem(role: str, name: str) -> str:
    try:
        target = catalog.entry("evaluator", name).target
        identify(plugin(target, {}, {}), Detector if role == "detect" else Evaluator)
    except FsbenchError as error:
        return f"{role}: {error}; try: {error.hint}"
    return ""
