"""Random weights of the right names and shapes, in a weights folder of the tests' own.

They are pinned there as if somebody had added them, since the published hashes are of course not theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden" / "state_dicts"
SHAPES = {  # weight of the zoo -> golden file of its names and shapes
    "hopenet-robust-alpha1": "hopenet",
    "deep3d-epoch20": "face_recon",
    "l2cs-gaze360": "l2cs",
    "cosface-acc9928": "sphere20_112x96",
    "cosface-vggface2-9955": "sphere20_112x112",
    "arcface-ms1mv3-r50-torch": "iresnet50",
    "mobilefacenet-rgb": "mobilefacenet",
}
CHECKPOINT_KEYS = {"deep3d-epoch20": "net_recon"}
NORMS = {"inception-fid": 1.0}  # has no residual path round its norms, so that half a signal in each would leave none


def golden_shapes(name: str) -> dict[str, list[int]]:
    """Read names and shapes of a golden file."""
    shapes: dict[str, list[int]] = json.loads((GOLDEN / f"{name}.json").read_text())["shapes"]
    return shapes


def random_state(shapes: Mapping[str, Any], seed: int = 0, norm: float = 0.5) -> dict[str, Any]:
    """Draw tensors that keep a network's signals at about one: He's rule for weights, norms near the identity."""
    import torch

    draw = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        size = tuple(shape)
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(0)
        elif name.endswith("running_var"):
            state[name] = 0.8 + 0.4 * torch.rand(size, generator=draw)
        elif len(size) > 1:
            fan = max(1, int(torch.tensor(size[1:]).prod()))
            state[name] = torch.randn(size, generator=draw) * (2 / fan) ** 0.5
        elif name.endswith("weight"):
            state[name] = norm * (0.8 + 0.4 * torch.rand(size, generator=draw))
        else:
            state[name] = 0.1 * torch.randn(size, generator=draw)
    return state


def package_shapes(weight: str) -> dict[str, Any]:
    """Give names and shapes of the networks that packages have themselves."""
    import torch

    with torch.device("meta"):
        if weight.startswith("facenet"):
            from facenet_pytorch import InceptionResnetV1

            classes = 8631 if weight == "facenet-vggface2" else 10575
            network = InceptionResnetV1(classify=True, num_classes=classes)
        elif weight == "fan-2d":
            from face_alignment.models import FAN

            network = FAN(4)
        elif weight == "6drepnet-300wlp":
            from fsbench.networks.isolated_import import import_isolated
            from fsbench.networks.packages import package_file

            folder = package_file("sixdrepnet", "model.py").parent
            network = import_isolated(folder, "model").SixDRepNet("RepVGG-B1g2", "", deploy=True, pretrained=False)
        elif weight == "inception-fid":
            network = _inception()
        else:
            raise ValueError(weight)
    return {name: tensor.shape for name, tensor in network.state_dict().items()}


def _inception() -> Any:
    """Build pytorch_fid's network before it is cut into blocks: what its weight file holds."""
    import pytorch_fid.inception as package

    class Built(Exception):
        pass

    found: list[Any] = []
    fetch, make = package.load_state_dict_from_url, package._inception_v3

    def keep(*args: Any, **options: Any) -> Any:
        found.append(make(*args, **options))
        return found[-1]

    def stop(*args: Any, **options: Any) -> Any:
        raise Built

    package._inception_v3, package.load_state_dict_from_url = keep, stop
    try:
        package.fid_inception_v3()
    except Built:
        return found[0]
    finally:
        package._inception_v3, package.load_state_dict_from_url = make, fetch


def install(weight: str, folder: Path, *, content: bytes | None = None) -> Path:
    """Put random weights, or the given file, into a weights folder (FSBENCH_WEIGHTS must name it) and pin them."""
    import torch

    from fsbench.data.frames import file_sha256
    from fsbench.zoo import manifest, store

    item = manifest.weight(weight)
    path = folder / weight / item.file
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is not None:
        path.write_bytes(content)
    else:
        shapes = golden_shapes(SHAPES[weight]) if weight in SHAPES else package_shapes(weight)
        state: dict[str, Any] = {
            name: tensor.half() if tensor.is_floating_point() else tensor
            for name, tensor in random_state(shapes, norm=NORMS.get(weight, 0.5)).items()
        }
        torch.save({CHECKPOINT_KEYS[weight]: state} if weight in CHECKPOINT_KEYS else state, path)
    store.remember(item, path, source_sha256=file_sha256(path), origin="random weights of the tests")
    return path
