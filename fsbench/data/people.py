"""The seven people of the mini data set: in which photograph of which installed package each is, and where."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fsbench.data.frames import read_rgb
from fsbench.data.puppet import Person
from fsbench.errors import DependencyError, ItemError
from fsbench.types import Image

TABLE, PORTRAIT = "insightface/data/images/t1.jpg", "skimage/data/astronaut.png"
SHAPES = {TABLE: (886, 1280, 3), PORTRAIT: (512, 512, 3)}

# Measured once on the photographs with dlib's detector and 68-point predictor.
PEOPLE = (
    Person("Player_One", TABLE, (124, 348), 104, -26, ((-0.24, -0.30), (0.20, -0.30)), ((-0.19, 0.16), (0.19, 0.16))),
    Person("Player_Two", TABLE, (319, 230), 86, -31, ((-0.17, -0.34), (0.24, -0.34)), ((-0.18, 0.15), (0.17, 0.15))),
    Person("Player_Three", TABLE, (509, 366), 104, 15, ((-0.28, -0.38), (0.21, -0.38)), ((-0.26, 0.09), (0.25, 0.09))),
    Person("Player_Four", TABLE, (779, 435), 96, 7, ((-0.25, -0.38), (0.20, -0.38)), ((-0.22, 0.04), (0.29, 0.04))),
    Person("Player_Six", TABLE, (1172, 355), 96, -4, ((-0.23, -0.32), (0.24, -0.32)), ((-0.22, 0.11), (0.26, 0.11))),
    Person("Astronaut", PORTRAIT, (223, 135), 90, 3, ((-0.26, -0.37), (0.25, -0.37)), ((-0.26, 0.07), (0.25, 0.07))),
    Person("Player_Five", TABLE, (940, 158), 105, -9, ((-0.16, -0.39), (0.15, -0.39)), ((-0.11, 0.16), (0.15, 0.16))),
)


def read_photograph(name: str) -> Image:
    """Read one of the two photographs from the package that ships it.

    Raises:
        DependencyError: the package is not installed, or ships another picture under this name.
    """
    package, _, inside = name.partition("/")
    spec = importlib.util.find_spec(package)  # finds the folder without running the package
    if spec is None or spec.origin is None:
        raise DependencyError(f"the mini data set needs the package '{package}'", hint=f"pip install {package}")
    path = Path(spec.origin).parent / inside
    try:
        picture = read_rgb(path)
    except ItemError as error:
        raise DependencyError(f"this version of {package} lacks a photograph: {error}", hint="--data FOLDER") from None
    if picture.shape != SHAPES[name]:
        raise DependencyError(f"{path} is {picture.shape}, wanted {SHAPES[name]}", hint="--data FOLDER")
    return picture
