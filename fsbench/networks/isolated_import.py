"""Importing modules of a package that expects its own folder on the import path.

`sixdrepnet` imports its parts as `model`, `utils` and `backbone`. Left on the path, those names would shadow or be
shadowed by anybody's modules of the same names, so they are there for the time of the import alone.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


def import_isolated(folder: Path, module: str) -> ModuleType:
    """Import `module` from a folder whose modules import each other by their bare names.

    Neither the folder nor the names of its modules stay behind; other modules of those names are left as they were.
    """
    with _alone(folder):
        return importlib.import_module(module)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in names}
    for name in before:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] in names]:
            del sys.modules[name]
        sys.modules.update(before)
