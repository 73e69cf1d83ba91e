"""A finished run as pandas tables, for analyses of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fsbench.errors import RecordError
from fsbench.records import FAILURES_FILE, PAIRS_FILE, SAMPLES_FILE, RunResult
from fsbench.reports.runs import load_runs

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class LoadedRun:
    """One finished run: what was measured, and its tables as data frames, read when they are first asked for."""

    folder: Path
    result: RunResult

    @cached_property
    def samples(self) -> pandas.DataFrame:
        """One row a planned pair, indexed by `key`, failed ones too; units as in samples.parquet (retrieval is 0 or 1).

        Raises:
            RecordError: the file is gone or broken.
        """
        import pandas

        file = self.folder / SAMPLES_FILE
        try:
            return pandas.read_parquet(file).set_index("key")
        except (OSError, ValueError, KeyError) as error:
            raise RecordError(f"{file} cannot be read: {error}", hint="repeat the run") from None

    @cached_property
    def pairs(self) -> pandas.DataFrame:
        """What was swapped with what, indexed by `key`; frame numbers are whole, and absent for still pictures.

        Raises:
            RecordError: the file is gone or broken.
        """
        frames = {"target_frame": "Int64", "source_frame": "Int64"}
        return self._csv(PAIRS_FILE, frames).set_index("key")

    @cached_property
    def failures(self) -> pandas.DataFrame:
        """One row a failure: `key`, `stage`, `reason`.

        Raises:
            RecordError: the file is gone or broken.
        """
        return self._csv(FAILURES_FILE, {})

    def _csv(self, name: str, types: dict[str, str]) -> pandas.DataFrame:
        import pandas

        file = self.folder / name
        columns: dict[str, str] = dict.fromkeys(_header(file), "str") | types
        try:
            return pandas.read_csv(file, dtype=columns, keep_default_na=False, na_values={n: [""] for n in types})
        except (OSError, ValueError) as error:
            raise RecordError(f"{file} cannot be read: {error}", hint="repeat the run") from None


def load(run: str | Path) -> LoadedRun:
    """Read a finished run.

    Args:
        run: a run folder, an address of one, or a folder with one run below it.

    Raises:
        RecordError: there is no finished run, or more than one.
    """
    loaded = load_runs([Path(run)])
    if len(loaded.runs) > 1:
        labels = ", ".join(dict.fromkeys(found.label for found in loaded.runs))
        raise RecordError(
            f"{run} holds {len(loaded.runs)} runs ({labels}), wanted one", hint=str(loaded.runs[0].folder)
        )
    return LoadedRun(loaded.runs[0].folder, loaded.runs[0].result)


def _header(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8") as lines:
            return lines.readline().strip().split(",")
    except OSError as error:
        raise RecordError(f"{file} cannot be read: {error.strerror}", hint="repeat the run") from None
