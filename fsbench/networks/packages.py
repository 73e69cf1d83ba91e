"""What the networks need of other packages: modules and weight files, with a clear word where they are absent."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from fsbench.errors import DependencyError

OFFLINE_HINT = "pip install 'fsbench[offline]'"


def package_file(package: str, *parts: str, hint: str = OFFLINE_HINT) -> Path:
    """Find a file that an installed package ships, without importing the package.

    Raises:
        DependencyError: the package is not installed, or holds no such file.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DependencyError(f"{parts[-1]} comes with the package '{package}', which is not installed", hint=hint)
    path = Path(spec.submodule_search_locations[0], *parts)
    if not path.is_file():
        raise DependencyError(f"the package '{package}' is installed, but {path} is not there", hint=hint)
    return path


def load_package(name: str, *, hint: str = OFFLINE_HINT) -> Any:
    """Import a package that not every installation has.

    Raises:
        DependencyError: it is not installed, or cannot be loaded here.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DependencyError(f"the package '{name}' cannot be imported: {error}", hint=hint) from None
