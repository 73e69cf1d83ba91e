"""Names of swappers, evaluators and protocols, as text: nothing is imported until it is used."""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.metadata
import importlib.util
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsbench.errors import ConfigError, DependencyError


@dataclass(frozen=True)
class Entry:
    """One name: where its class is, and what it is for."""

    target: str  # "module:Class"
    summary: str


SWAPPERS: dict[str, Entry] = {
    "copy-target": Entry("fsbench.adapters.controls:CopyTarget", "control: the target unchanged"),
    "copy-source": Entry("fsbench.adapters.controls:CopySource", "control: the source moved to the target's place"),
    "landmark": Entry("fsbench.adapters.landmark:Landmark", "classical swap: 68 points, warp, colour, Poisson blend"),
    "precomputed": Entry("fsbench.adapters.precomputed:Precomputed", "a folder of finished pictures or videos"),
    "ffpp": Entry("fsbench.adapters.precomputed:Manipulated", "ffpp:<Method>, FF++'s own manipulated videos"),
    "mobilefsgan": Entry("fsbench.adapters.mobilefsgan:MobileFSGAN", "MobileFSGAN, a checkpoint of `fsbench train`"),
    "command": Entry("fsbench.adapters.command:Command", "an external program, one call a pair"),
    "hififace-ff++": Entry(
        "fsbench.adapters.released:HiFiFaceVideos", "HiFiFace's videos of FF++, as its authors give"
    ),
    "megafs-ff++": Entry("fsbench.adapters.released:MegaFSFrames", "MegaFS's frames of FF++, as its authors give them"),
    "recipe": Entry("fsbench.adapters.recipe:RecipeSwapper", "recipe:<name>, the program of a public repository"),
    "onnx": Entry("fsbench.adapters.onnx_swapper:OnnxSwapper", "an ONNX network that a table describes"),
}

_IDENTITY = "fsbench.evaluators.identity_networks"

EVALUATORS: dict[str, Entry] = {
    "dlib": Entry("fsbench.evaluators.detectors:Dlib", "detect: dlib HOG detector and 68 points"),
    "dlib-resnet": Entry("fsbench.evaluators.identity:DlibResNet", "identity: dlib's ResNet, 128-d, in torch"),
    "pnp68": Entry("fsbench.evaluators.pose:Pnp68", "pose: yaw, pitch, roll in degrees from 68 points"),
    "landmarks68": Entry("fsbench.evaluators.expression:Landmarks68", "expression: 68 points, pose and scale removed"),
    "efflite0": Entry("fsbench.evaluators.distribution:EffLite0", "distribution: EfficientNet-Lite0, pooled, 1280-d"),
    "mtcnn": Entry("fsbench.evaluators.mtcnn:Mtcnn", "detect: MTCNN of facenet-pytorch, five points"),
    "scrfd-10g": Entry("fsbench.evaluators.scrfd:Scrfd", "detect: SCRFD-10G of insightface, five points"),
    "scrfd-10g+fan": Entry("fsbench.evaluators.scrfd:ScrfdFan", "detect: SCRFD-10G, and FAN's 68 points"),
    "arcface-w600k-r50": Entry("fsbench.evaluators.arcface:ArcFaceW600k", "identity: ArcFace R50, WebFace600K, ONNX"),
    "arcface-ms1mv3-r50": Entry(f"{_IDENTITY}:ArcFaceMs1mv3", "identity: ArcFace R50, MS1MV3, torch"),
    "cosface-acc9928": Entry(f"{_IDENTITY}:CosFace", "identity: CosFace sphere20, ACC99.28, 112 x 96"),
    "cosface-vggface2-112": Entry(f"{_IDENTITY}:CosFace112", "identity: CosFace sphere20, VGGFace2, 112 x 112"),
    "facenet-vggface2": Entry(f"{_IDENTITY}:FaceNet", "identity: FaceNet of facenet-pytorch, VGGFace2"),
    "facenet-casia": Entry(f"{_IDENTITY}:FaceNetCasia", "identity: FaceNet of facenet-pytorch, CASIA-WebFace"),
    "mobilefacenet-rgb": Entry(f"{_IDENTITY}:MobileFaceNetRgb", "identity: MobileFSGAN's own, for looking at training"),
    "hopenet": Entry("fsbench.evaluators.pose_networks:Hopenet", "pose: Hopenet robust_alpha1, degrees"),
    "6drepnet": Entry("fsbench.evaluators.pose_networks:SixDRepNet", "pose: 6DRepNet, degrees and rotations"),
    "deep3d": Entry("fsbench.evaluators.deep3d:Deep3D", "expression: Deep3DFaceRecon; shape and light too"),
    "l2cs": Entry("fsbench.evaluators.gaze:L2cs", "gaze: L2CS-Net, degrees"),
    "inception": Entry("fsbench.evaluators.inception:Inception", "distribution: FID's Inception, antialiased resize"),
    "inception-plain": Entry("fsbench.evaluators.inception:InceptionPlain", "distribution: with pytorch-fid's resize"),
}

PROTOCOLS: dict[str, Entry] = {
    "ff++": Entry("fsbench.protocols.ffpp:FFppProtocol", "ID retrieval, pose, expression, FID on FaceForensics++"),
    "lfw": Entry("fsbench.protocols.lfw:LfwProtocol", "cosine similarity on the 3000 negative pairs of LFW"),
    "fid": Entry("fsbench.protocols.fid:FidProtocol", "Frechet and kernel distance of any two folders"),
    "size": Entry("fsbench.protocols.size:SizeProtocol", "parameters and files of networks, in MB"),
    "speed": Entry("fsbench.protocols.speed:SpeedProtocol", "how long a swap takes, turn by turn; memory, FLOPs"),
}


BUILT_IN: dict[str, Mapping[str, Entry]] = {"swapper": SWAPPERS, "evaluator": EVALUATORS, "protocol": PROTOCOLS}
ONNX_TABLE = Path(__file__).parent / "adapters" / "onnx_swappers.toml"


@functools.cache
def onnx_models() -> dict[str, Entry]:
    """Name the swappers of the ONNX table."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    table = tomllib.loads(ONNX_TABLE.read_text(encoding="utf-8"))
    return {name: Entry(SWAPPERS["onnx"].target, f"ONNX: {model['about']}") for name, model in table.items()}


def plugins(kind: str) -> dict[str, Entry]:
    """Name what installed packages add: entry points of the group fsbench.swappers, .evaluators or .protocols.

    Raises:
        ConfigError: two packages add the same name, or one adds a name that fsbench itself has.
    """
    found: dict[str, Entry] = {}
    for point in importlib.metadata.entry_points(group=f"fsbench.{kind}s"):
        package = point.dist.name if point.dist else "unknown"
        if point.name in found or point.name in BUILT_IN[kind] or (kind == "swapper" and point.name in onnx_models()):
            raise ConfigError(
                f"the package '{package}' adds the {kind} '{point.name}', a name that is taken",
                hint=f"pip uninstall {package}, or ask its author for another name",
            )
        found[point.name] = Entry(point.value, f"from the package {package}")
    return found


def everything(kind: str) -> dict[str, Entry]:
    """Name every swapper, evaluator or protocol: fsbench's own, the ONNX table's, and those of installed packages."""
    return {**BUILT_IN[kind], **(onnx_models() if kind == "swapper" else {}), **plugins(kind)}


def entry(kind: str, name: str) -> Entry:
    """Find a "swapper", "evaluator" or "protocol" by name.

    Raises:
        ConfigError: there is no such name; the message offers the nearest.
    """
    if name in BUILT_IN[kind]:  # without a look at what else is installed
        return BUILT_IN[kind][name]
    table = everything(kind)
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(table)}"
    raise ConfigError(f"no {kind} is called '{name}'{guess}", hint=f"fsbench list {kind}s")


FIRST_SETTING = {"ffpp": ("method", "ffpp:FaceSwap"), "recipe": ("recipe", "recipe:simswap-224")}
"""Swappers whose name may go on behind a colon: which setting that is, and an example."""


def swapper_target(name: str) -> tuple[str, dict[str, str]]:
    """Resolve a swapper's name to its class and first settings.

    Args:
        name: a name of the catalogue, "ffpp:<Method>", "path/to/file.py:Class" or "package.module:Class".
    """
    base, _, rest = name.partition(":")
    if base.endswith(".py"):
        return _file_target(base, rest), {}
    if "." in base and rest:
        return name, {}
    if base in FIRST_SETTING:
        setting, example = FIRST_SETTING[base]
        if not rest:
            raise ConfigError(f"'{base}' needs a {setting}", hint=f"--swapper {example}")
        return SWAPPERS[base].target, {setting: rest}
    target = entry("swapper", name).target
    return target, {"model": name} if name in onnx_models() else {}


def evaluator_target(name: str) -> str:
    """Resolve an evaluator's name, "path/to/file.py:Class" or "package.module:Class" to its class."""
    base, _, rest = name.partition(":")
    if "." in base and rest and not base.endswith(".py"):
        return name
    return _file_target(base, rest) if base.endswith(".py") else entry("evaluator", name).target


def _file_target(file: str, name: str) -> str:
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise ConfigError(f"'{file}' is no file", hint="path/to/file.py:Class")
    return f"{path}:{name}"


def load(target: str) -> Any:
    """Import "module:Class", where the module may also be the path of a Python file."""
    module_name, _, attribute = target.rpartition(":")
    module = _from_file(Path(module_name)) if module_name.endswith(".py") else _from_name(module_name)
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise ConfigError(f"{module_name} holds no class called '{attribute}'", hint="path/to/file.py:Class") from None


def _from_name(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == "fsbench":
            raise
        raise DependencyError(f"{name} needs the package '{error.name}'", hint="fsbench doctor") from None


def _from_file(path: Path) -> Any:
    name = f"fsbench_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} cannot be imported", hint="--swapper path/to/file.py:Class")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # as Python does for a script, so that it can import its neighbours
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        line = (
            traceback.extract_tb(error.__traceback__)[-1].lineno if not isinstance(error, SyntaxError) else error.lineno
        )
        message = f"{path.name} cannot be imported: {type(error).__name__} in line {line}: {error}"
        raise ConfigError(message, hint=f"python {path}") from error
    return module
