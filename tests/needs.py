"""Skipping a file of tests where a package is not installed, without importing the package to find out."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def needs(package: str, extra: str) -> None:
    """Skip the calling module unless a package is installed, which an extra of fsbench installs."""
    if find_spec(package) is None:
        reason = f"needs {package}, which the extra '{extra}' installs: pip install 'fsbench[{extra}]'"
        pytest.skip(reason, allow_module_level=True)
