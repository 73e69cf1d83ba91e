"""Runs to make a study from where none is at hand: three ways to swap, on the mini set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fsbench import runner
from fsbench.engine.bench import Progress, silent
from fsbench.engine.cache import default_folder
from fsbench.engine.remote_cache import open_cache
from fsbench.mini import ready
from fsbench.records import run_config

SWAPPERS = (
    {"name": "landmark", "label": "poisson"},
    {"name": "landmark", "label": "feather", "args": {"blend": "feather"}},
    {"name": "ffpp:FaceSwap", "label": "video"},
)


def mini_runs(
    out: Path, *, progress: Progress = silent, notify: Callable[[str], None] = lambda line: None
) -> list[Path]:
    """Run ff++ on the mini set with three swappers and no controls; give their folders. Finished work is kept."""
    root = ready(default_folder(), manipulated=True)
    config = run_config(
        **{"protocol": "ff++", "data": str(root), "data_name": "mini", "compression": "c23", "controls": False},
        swappers=list(SWAPPERS),
        out=str(out),
    )
    cache = open_cache()
    try:
        finished = runner.run(
            runner.prepare(config), cache, progress=progress, notify=notify, command="userstudy create"
        )
    finally:
        cache.close()
    return finished.folders
