"""Numbers that no run holds: mean scores of a rating study, sizes of the networks of an ablation."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from fsbench.errors import RecordError
from fsbench.records import Measurement

SIZES_FILE = "ablation.csv"  # as `fsbench train ablation` writes it
MB = 1_000_000
QUESTIONS = {"real": "study:real", "ident": "study:identity", "attr": "study:attribute"}  # by how a question begins


def read_ratings(file: Path) -> list[Measurement]:
    """Read the mean of each method and question, of the selection of raters that stands first.

    Raises:
        RecordError: it is no such file.
    """
    hint = "fsbench userstudy analyse STUDY --out DIR, then DIR/analysis.json"
    try:
        numbers = json.loads(file.read_text(encoding="utf-8"))["numbers"]
        means = [line for line in numbers if line["statistic"] == "mean"]
        first = [line for line in means if line["selection"] == means[0]["selection"]]
        return [
            Measurement(
                metric=metric,
                title=str(line["name"]),
                version=1,
                unit="",
                better="higher",
                value=line["value"],
                low=line["low"],
                high=line["high"],
                n=int(line["n"]),
                definition="",
            )
            for line in first
            for start, metric in QUESTIONS.items()
            if str(line["question"]).lower().startswith(start)
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{file} is no analysis of a study: {error!r}", hint=hint) from None


def read_sizes(folders: Iterable[Path]) -> list[Measurement]:
    """Read the sizes of generators' files, where one of the folders holds an ablation.

    Raises:
        RecordError: the file is there and is no such file.
    """
    found = []
    for file in (folder / SIZES_FILE for folder in folders):
        if not file.is_file():
            continue
        try:
            with file.open(encoding="utf-8", newline="") as lines:
                rows = [line for line in csv.DictReader(lines) if line["metric"] == "file_bytes"]
            found += [_size(line["variant"], int(line["value"])) for line in rows]
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise RecordError(f"{file} is no table of an ablation: {error!r}", hint="fsbench train ablation") from None
    return found


def _size(variant: str, size_bytes: int) -> Measurement:
    return Measurement(
        metric="size:size_mb",
        title=variant,
        version=1,
        unit="MB",
        better="lower",
        value=size_bytes / MB,
        n=1,
        definition="",
    )
