"""The licence of a weight file, wherever it lies: in the zoo's folder, or in a package that ships it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fsbench.zoo.manifest import weights
from fsbench.zoo.store import weights_folder

NOT_SAID = "licence not said"
# Files that come with Python packages, and what their authors say of them.
PACKAGED = {
    # github.com/davisking/dlib-models, README
    "shape_predictor_68_face_landmarks.dat": "trained on iBUG 300-W, whose licence excludes commercial use",
    "dlib_face_recognition_resnet_model_v1.dat": "CC0-1.0",
    # github.com/rwightman/gen-efficientnet-pytorch, LICENSE
    "efficientnet-lite0-57934424.pth": "Apache-2.0",
    # github.com/timesler/facenet-pytorch, LICENSE.md
    **dict.fromkeys(("pnet.pt", "rnet.pt", "onet.pt"), "MIT"),
    # github.com/deepinsight/insightface, README: the code is MIT; its models are another matter
    "meanshape_68.pkl": "MIT",
}


def licence_of(path: Path) -> str:
    """Give what is known of the licence of a file; `NOT_SAID` where nobody said."""
    if path.parent.parent == weights_folder() and path.parent.name in weights():
        return weights()[path.parent.name].licence
    return PACKAGED.get(path.name, NOT_SAID)


def licences_of(files: Mapping[str, Path]) -> dict[str, str]:
    """Give the licence of each of these files, under the same names."""
    return {name: licence_of(path) for name, path in files.items()}
