"""fsbench from Python: measure a function that swaps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsbench import runner
from fsbench.adapters.function import SwapFunction, registered
from fsbench.data.mini import is_mini
from fsbench.data.places import place, require_folder
from fsbench.engine.bench import Progress, silent
from fsbench.engine.cache import default_folder
from fsbench.engine.remote_cache import open_cache
from fsbench.errors import ConfigError
from fsbench.mini import ready
from fsbench.records import Measurement, RunResult, run_config
from fsbench.reports.frames import LoadedRun, load
from fsbench.reports.markdown import markdown
from fsbench.reports.report import compare_runs
from fsbench.reports.runs import Run

__all__ = ["Evaluation", "LoadedRun", "evaluate", "load"]


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` measured: `evaluation["id_retrieval"].value`; printed, it is the table with the controls."""

    run: Run
    controls: tuple[Run, ...]

    @property
    def result(self) -> RunResult:
        """Everything that result.json holds."""
        return self.run.result

    @property
    def folder(self) -> Path:
        """Where samples, failures and pictures of the run lie."""
        return self.run.folder

    def __getitem__(self, metric: str) -> Measurement:
        found = self.run.measurement(metric)
        if found is None:
            known = ", ".join(measurement.metric for measurement in self.result.measurements)
            raise KeyError(f"this run has no '{metric}'; it has {known}")
        return found

    def __str__(self) -> str:
        tables = [table for part in compare_runs([*self.controls, self.run]) for table in part.tables]
        return "\n".join(markdown(table) for table in tables)


def evaluate(
    function: SwapFunction,
    *,
    protocol: str = "ff++",
    data: str | Path = "mini",
    name: str = "",
    version: str = "",
    progress: Progress = silent,
    **settings: Any,
) -> Evaluation:
    """Measure a function with a protocol.

    Everything about the pictures is remembered between calls, and nothing about the function, unless it is given a
    `version`: a change of what it does cannot be seen from outside.

    Args:
        function: from the source's and the target's picture, (H, W, 3) uint8 RGB, to the result, which has the
            target's size. What it raises costs that pair and is listed among the failures.
        protocol: "ff++" or "lfw".
        data: a folder, or "mini".
        name: what tables call it; the function's own name where it is empty.
        version: say another one whenever the function's results change, and finished swaps are kept.
        progress: a factory of progress bars, such as `fsbench.cli.progress.bar`.
        **settings: any other key of RunConfig, such as limit=100, suite="paper", controls=False, out="runs".

    Raises:
        FsbenchError: a setting, the data or a weight file is not right.
    """
    label = name or getattr(function, "__name__", type(function).__name__)
    if settings.get("workers", 1) != 1:
        raise ConfigError("a function lives in one process", hint="workers=1, or --swapper path/to/file.py:Class")
    if settings.get("executor", "local") != "local":
        raise ConfigError("a function lives in this process, not on a cluster", hint="fsbench run --swapper FILE:Class")
    with registered(function, name=label, version=version) as args:
        swapper = {"name": "fsbench.adapters.function:FunctionSwapper", "label": label, "args": args}
        given = {**settings, "protocol": protocol, "workers": 1, "swappers": [swapper]}
        prepared = runner.prepare(run_config(**{**given, **located(data, protocol, given)}))
        cache = open_cache()
        try:
            finished = runner.run(prepared, cache, progress=progress, command="fsbench.evaluate")
        finally:
            cache.close()
    runs = [Run(folder, result) for folder, result in zip(finished.folders, finished.results, strict=True)]
    (own,) = [run for run in runs if run.label == label]
    return Evaluation(own, tuple(run for run in runs if run is not own))


def located(data: str | Path, protocol: str, given: dict[str, Any]) -> dict[str, str]:
    """Find the data folder; the mini set is made at its first use."""
    if str(data) == "mini":
        found = {"data": str(ready(default_folder())), "data_name": "mini"}
        if protocol == "ff++" and not given.get("compression"):
            found["compression"] = "c23"
        return found
    path = place(str(data))
    require_folder(path, "the data folder", 'data=FOLDER, or data="mini"')
    return {"data": str(path), "data_name": "mini" if is_mini(path) else path.resolve().name}
