"""fsbench measures face-swap models the way the papers say they do, and says exactly how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fsbench.api import Evaluation, LoadedRun, evaluate, load

__all__ = ["Evaluation", "LoadedRun", "evaluate", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what Python users call when they call it, so that `import fsbench` loads nothing."""
    if name in __all__:
        from fsbench import api

        return getattr(api, name)
    raise AttributeError(f"module 'fsbench' has no attribute '{name}'")
