"""The votes of a study: read from its folder or an exported one, checked, and laid out for the statistics."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fsbench.catalog import load
from fsbench.errors import RecordError
from fsbench.reports.tidy import FORMULA_STARTS
from fsbench.userstudy.spec import (
    HIGHEST,
    KINDS,
    LOWEST,
    QUESTIONS,
    RATERS_CSV,
    STORE_FILE,
    STORE_URL_FILE,
    VOTE_COLUMNS,
    VOTES_CSV,
    VOTES_PARQUET,
    StudySpec,
    load_spec,
)

if TYPE_CHECKING:
    import pandas as pd

NULLABLE = ("expect_low", "expect_high", "repeat_of", "shown_at", "at")
WHOLE = ("rater", "position", "slot", "score")
TEXT = ("set", "kind", "method", "question", "repeat_of")
HINT = "fsbench userstudy export STUDY"
EXPORT = "fsbench.userstudy.export"  # imported when a store is read: it needs a package that votes in files do not


@dataclass(frozen=True)
class Study:
    """What was asked, and the answers: one row a score, columns as `spec.VOTE_COLUMNS`."""

    spec: StudySpec
    votes: pd.DataFrame
    is_interim: bool = False  # raters are still at work
    remarks: tuple[str, ...] = ()  # whose votes are not among them

    def __post_init__(self) -> None:
        """Refuse votes of another study, which no table would show.

        Raises:
            RecordError: main votes are on a method or question that the study does not have, or there are none.
        """
        for name, known in (("method", self.spec.method_names), ("question", QUESTIONS)):
            strange = sorted(set(self.main[name]) - set(known))
            if strange:
                message = f"there are votes on the {name} '{strange[0]}'; the study has {', '.join(known)}"
                raise RecordError(message, hint="study.json and the votes of one and the same export")
        if self.main.empty:
            raise RecordError("no main set is rated yet", hint="fsbench userstudy status STUDY")

    @property
    def main(self) -> pd.DataFrame:
        """The votes that count: no training, gold or repeated set."""
        return self.votes[self.votes["kind"] == "main"]


@dataclass(frozen=True)
class Scores:
    """The answers to one question, one row a visit (one rater at one set), one column a method."""

    question: str
    methods: tuple[str, ...]
    raters: NDArray[np.int64]  # (V,)
    sets: NDArray[np.str_]  # (V,)
    values: NDArray[np.float64]  # (V, M), NaN where the set did not show the method


def read_study(folder: Path, *, store: str = "", interim: bool = False) -> Study:
    """Read a study from a folder that `export` wrote, or from its own folder and store.

    Args:
        folder: with study.json and votes.csv or votes.parquet (the CSV is read where both are there), or a study's own.
        store: address of a store elsewhere, as `create` was given it; the one the study was created with if empty.
        interim: read a study that is still open, too, and mark it.

    Raises:
        RecordError: there is no study, no vote, or a file that is not as `export` writes it.
        ConfigError: the study is open and `interim` is not set.
    """
    place = folder if folder.is_dir() else folder.parent
    if not store and any((place / name).exists() for name in (VOTES_CSV, VOTES_PARQUET)):
        return Study(load_spec(folder), checked(_exported(place), where=str(place)), remarks=_exported_remarks(place))
    if not store and not any((place / name).exists() for name in (STORE_FILE, STORE_URL_FILE)):
        load_spec(folder)  # says so if there is no study at all
        raise RecordError(f"{place} holds neither {VOTES_CSV} nor {VOTES_PARQUET} nor a store", hint=HINT)
    return _stored(place, store, interim)


def checked(votes: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Give the votes in their types and one order, or say what is wrong with them.

    Args:
        votes: one row a score.
        where: what to call them in a message.

    Raises:
        RecordError: a column or value is missing, no score from 0 to 5, of no known kind, or there twice.
    """
    missing = [name for name in VOTE_COLUMNS if name not in votes.columns]
    if missing:
        raise RecordError(f"the votes of {where} have no column '{missing[0]}'", hint=HINT)
    if votes.empty:
        raise RecordError(f"{where} holds no vote yet", hint="fsbench userstudy status STUDY")
    found = votes.loc[:, list(VOTE_COLUMNS)].reset_index(drop=True)
    for name in VOTE_COLUMNS:
        if name not in NULLABLE and found[name].isna().any():
            row = int(found.index[found[name].isna()][0])
            raise RecordError(f"the votes of {where} have no {name} in row {row + 1}", hint=HINT)
    found = _typed(found, where)
    _check_values(found, where)
    key = ["rater", "set", "kind", "method", "question"]
    twice = found[found.duplicated(key)]
    if not twice.empty:
        first = ", ".join(str(value) for value in twice.iloc[0][key])
        raise RecordError(f"the votes of {where} hold one answer twice: {first}", hint=HINT)
    return found.sort_values(["rater", "position", "slot", "question", "set"], kind="stable", ignore_index=True)


def left_out(rows: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    """Say which raters' votes are not in the table, from rows as raters.csv has them."""
    found = [
        f"The votes of rater {row[0]} ({row[4]} main sets) are left out, as was decided by hand: {row[2]}."
        for row in rows
        if row[1] == "excluded"
    ]
    gone = [str(row[0]) for row in rows if row[1] == "withdrawn"]
    return (*found, *([f"Withdrawn, with all votes: {len(gone)} raters ({', '.join(gone)})."] if gone else []))


def scores_of(votes: pd.DataFrame, methods: tuple[str, ...], question: str) -> Scores:
    """Lay out the answers to one question by visit and method, in the order of raters and their sets."""
    asked = votes[(votes["question"] == question) & votes["method"].isin(methods)]
    table = asked.pivot(index=["rater", "set"], columns="method", values="score").reindex(columns=list(methods))
    raters = table.index.get_level_values("rater").to_numpy(np.int64)
    sets = table.index.get_level_values("set").to_numpy(np.str_)
    return Scores(question, methods, raters, sets, table.to_numpy(np.float64))


def _stored(folder: Path, url: str, interim: bool) -> Study:
    refuse_peeking, votes = load(f"{EXPORT}:refuse_peeking"), load(f"{EXPORT}:votes")
    store = load("fsbench.userstudy.store:open_store")(folder, url)
    try:
        refuse_peeking(store, interim=interim)
        found = checked(votes(store), where=str(folder))
        remarks = left_out(load(f"{EXPORT}:raters")(store))
        return Study(store.spec, found, is_interim=store.state == "open", remarks=remarks)
    finally:
        store.close()


def _exported(folder: Path) -> pd.DataFrame:
    import pandas as pd

    text, parquet = folder / VOTES_CSV, folder / VOTES_PARQUET
    try:
        if text.exists():
            votes = pd.read_csv(text, dtype={name: "str" for name in TEXT}, keep_default_na=False, na_values=[""])
            return votes.assign(**{name: _unguarded(votes[name]) for name in TEXT if name in votes})
        return pd.read_parquet(parquet)
    except (OSError, ValueError) as error:
        raise RecordError(f"the votes of {folder} cannot be read: {error}", hint=HINT) from None


def _exported_remarks(place: Path) -> tuple[str, ...]:
    """Say whose votes an export left out; nothing where it tells nothing of raters."""
    file = place / RATERS_CSV
    if not file.exists():
        return ()
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = [tuple(row) for row in csv.reader(lines)][1:]
        return left_out(rows)
    except (OSError, ValueError, IndexError) as error:
        raise RecordError(f"{file} cannot be read: {error}", hint="fsbench userstudy export STUDY") from None


def _unguarded(texts: pd.Series) -> pd.Series:
    """Take away the quote that keeps a spreadsheet from running a text."""
    return texts.map(lambda text: text[1:] if text[:1] == "'" and text[1:2] in FORMULA_STARTS else text, "ignore")


def _typed(votes: pd.DataFrame, where: str) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    for name in VOTE_COLUMNS:
        try:
            if name in WHOLE:
                numbers = pd.to_numeric(votes[name])
                columns[name] = numbers.astype(np.int64)
                if not (columns[name] == numbers).all():
                    raise ValueError("not all are whole numbers")
            elif name in ("expect_low", "expect_high"):
                columns[name] = pd.to_numeric(votes[name]).astype(np.float64)
            elif name in ("shown_at", "at"):
                columns[name] = pd.to_datetime(votes[name], utc=True, format="ISO8601")
            else:
                columns[name] = votes[name].map(str, "ignore")
        except (ValueError, TypeError) as error:
            raise RecordError(f"column '{name}' of the votes of {where} is not as it should be: {error}") from None
    return pd.DataFrame(columns)


def _check_values(votes: pd.DataFrame, where: str) -> None:
    wrong = votes[~votes["score"].between(LOWEST, HIGHEST)]
    if not wrong.empty:
        row = wrong.iloc[0]
        raise RecordError(
            f"the votes of {where} hold the score {row['score']} (rater {row['rater']}, set {row['set']});"
            f" scores are {LOWEST} to {HIGHEST}",
            hint=HINT,
        )
    strange = sorted(set(votes["kind"]) - set(KINDS))
    if strange:
        raise RecordError(f"the votes of {where} hold the kind '{strange[0]}'; kinds are {', '.join(KINDS)}", hint=HINT)
    orphans = votes[(votes["kind"] == "repeat") & votes["repeat_of"].isna()]
    if not orphans.empty:
        raise RecordError(
            f"the repeated set {orphans.iloc[0]['set']} of {where} does not say what it repeats", hint=HINT
        )
