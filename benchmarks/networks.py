"""How many faces a second does each network measure, against the way that its own project runs it?

Projects run their networks in a script: one face at a time is cut by PIL, turned into a tensor by torchvision and put
through the network; FID's is run by pytorch_fid.get_activations on a folder of crops. Both sides have the same random
weights and one thread, read the same picture files, and take turns (A B A B ...), so that a busy machine slows both.
The last columns say what reduced precision costs: 1 - cosine of the rows, the worst of the faces. ArcFace's ONNX file,
SCRFD, FAN and MTCNN are run by their own packages here too, so there is nothing to compare.

    python benchmarks/networks.py [--faces N] [--pairs N] [NAME ...]
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from random_weights import install

from fsbench import catalog
from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.evaluators.crop_network import CropNetwork
from fsbench.evaluators.detectors import Dlib
from fsbench.evaluators.inception import Inception
from fsbench.evaluators.inference import batch_rows, one_thread
from fsbench.types import Face, ImageRef

Rows = Callable[[], np.ndarray]


def main() -> int:
    """Time each network and print a line for it; exit code 1 where rows differ by more than 1 %."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="evaluators; all that run in torch, if there is none")
    parser.add_argument("--faces", type=int, default=32)
    parser.add_argument("--pairs", type=int, default=3, help="measurements of each")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, {options.faces} faces, random weights")
    print(
        f"{'network':22}{'fsbench/s':>10}{'peer/s':>9}{'ratio':>7}  {'rows differ':>11}{'bfloat16':>10}{'float16':>9}"
    )
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="fsbench-") as name:
        folder = Path(name)
        os.environ["FSBENCH_WEIGHTS"] = str(folder / "weights")
        faces = [one for _, one in zip(range(options.faces), endless(real_faces(folder)), strict=False)]
        for evaluator in networks(options.names):
            install(evaluator.weight, folder / "weights")
            worst = max(worst, compare(evaluator, faces, folder, options.pairs))
    return 0 if worst < 0.01 else 1


def networks(names: Sequence[str]) -> list[CropNetwork]:
    """Build the evaluators that run in torch on crops."""
    built = [catalog.load(catalog.entry("evaluator", name).target) for name in names or catalog.EVALUATORS]
    return [cls() for cls in built if isinstance(cls, type) and issubclass(cls, CropNetwork)]


def compare(evaluator: CropNetwork, faces: list[Face], folder: Path, pairs: int) -> float:
    """Print the line of one network and give the worst relative difference of a row to the peer's."""
    network = copy.deepcopy(evaluator._network).to(memory_format=torch.contiguous_format)
    peer = (
        fid_script(evaluator, network, faces, folder)
        if isinstance(evaluator, Inception)
        else script(evaluator, network, faces)
    )
    ours = lambda: evaluator.extract(faces)  # noqa: E731
    gap = apart(ours(), peer())
    timed = [(seconds(ours), seconds(peer)) for _ in range(pairs)]
    fast, slow = (statistics.median(len(faces) / pair[i] for pair in timed) for i in (0, 1))
    ratio = statistics.median(other / own for own, other in timed)
    costs = [f"{reduced(evaluator, faces, kind):.1e}" for kind in ("bfloat16", "float16")]
    print(f"{evaluator.name:22}{fast:10.1f}{slow:9.1f}{ratio:7.2f}  {gap:11.1e}{costs[0]:>10}{costs[1]:>9}", flush=True)
    return gap


def script(evaluator: CropNetwork, network: Any, faces: list[Face]) -> Rows:
    """Run a network as a demo script does: PIL, torchvision, one face at a time."""
    from torchvision.transforms import functional

    height, width = evaluator.crop_size
    mean, spread = ([value / 255 for value in values] for values in (evaluator.mean, evaluator.spread))

    def run() -> np.ndarray:
        rows = []
        for face in faces:
            if type(evaluator).cut is CropNetwork.cut:
                to_crop = np.vstack([evaluator.matrix(face), [0, 0, 1]])
                back = np.linalg.inv(to_crop)[:2]
                back[:, 2] += 0.5 - back[:, :2].sum(1) / 2  # PIL counts from a pixel's corner, we from its middle
                picture = Image.open(face.image.path).convert("RGB")
                crop = picture.transform(
                    (width, height), Image.Transform.AFFINE, back.ravel(), Image.Resampling.BILINEAR
                )
            else:  # a crop that the project's own package cuts
                crop = Image.fromarray(evaluator.cut(face, read_rgb(face.image.path)))
            tensor = functional.normalize(functional.to_tensor(crop), mean, spread)
            with torch.no_grad():
                rows.append(evaluator.rows(network, tensor[None])[0].numpy())
        return np.stack(rows)

    return run


def fid_script(evaluator: CropNetwork, network: Any, faces: list[Face], folder: Path) -> Rows:
    """Let pytorch_fid read a folder of crops, which is what it takes; cutting them is not in its time."""
    from pytorch_fid.fid_score import get_activations

    crops = folder / "crops"
    crops.mkdir(exist_ok=True)
    for number, face in enumerate(faces):
        (crops / f"{number:04d}.png").write_bytes(png_bytes(evaluator.cut(face, read_rgb(face.image.path))))
    files = sorted(crops.glob("*.png"))
    network.resize_input = True  # as its own command has it
    return lambda: get_activations(files, network, batch_size=50, dims=2048, device="cpu", num_workers=0)


def reduced(evaluator: CropNetwork, faces: list[Face], precision: str) -> float:
    """Measure what a precision of a GPU costs, with the CPU's own kernels of that precision: 1 - cosine."""
    batch = evaluator._batch([evaluator._prepare(face) for face in faces[:8]])
    with one_thread():
        exact, rough = (
            batch_rows(lambda part: evaluator.rows(evaluator._network, part), batch, precision=kind)
            for kind in ("float32", precision)
        )
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(rough, axis=1)
    return float((1 - (exact * rough).sum(1) / lengths).max())


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Give 1 - cosine of two sets of rows, the worst."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float((1 - (one * other).sum(1) / lengths).max())


def seconds(call: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def endless(items: Sequence[Any]) -> Any:
    """Give the items again and again."""
    while True:
        yield from items


def real_faces(folder: Path) -> list[Face]:
    """Find the faces of the photographs that scikit-image and insightface ship."""
    import importlib.util

    import skimage.data

    spec = importlib.util.find_spec("insightface")
    package = Path(spec.origin).parent if spec and spec.origin else Path()
    group = read_rgb(package / "data" / "images" / "t1.jpg")
    images = []
    for name, pixels in {"one": skimage.data.astronaut(), "six": group}.items():
        path = folder / f"{name}.png"
        path.write_bytes(png_bytes(pixels))
        images.append(ImageRef(path, pixel_sha256(pixels)))
    return [face for faces in Dlib().detect(images) for face in faces]


if __name__ == "__main__":
    raise SystemExit(main())
