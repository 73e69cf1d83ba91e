"""The votes of a store as tables: for the analysis, and as files that others can read."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Select, func, select

from fsbench.data.frames import write_atomically
from fsbench.errors import ConfigError, RecordError
from fsbench.reports.tidy import csv_text
from fsbench.userstudy.spec import (
    QUESTIONS,
    RATERS_CSV,
    SPEC_FILE,
    VOTE_COLUMNS,
    VOTES_CSV,
    VOTES_JSON,
    VOTES_PARQUET,
)
from fsbench.userstudy.store import Store
from fsbench.userstudy.store.tables import assignment, item_set, method, rater, rating, stimulus

if TYPE_CHECKING:
    import pandas as pd

RATER_COLUMNS = ("rater", "state", "reason", "language", "main_sets", "pages")
MATRIX = "p910_{question}.csv"
WHOLE = ("rater", "position", "slot", "score")


def votes(store: Store) -> pd.DataFrame:
    """Give one row a score with the columns of `VOTE_COLUMNS`, in one order; of excluded raters none."""
    import pandas as pd

    with store.read() as connection:
        rows = [_row(found) for found in connection.execute(_query(store.study_id))]
    table = pd.DataFrame(rows, columns=list(VOTE_COLUMNS))
    table = table.astype({name: "int64" for name in WHOLE} | {"expect_low": "Int64", "expect_high": "Int64"})
    return table.sort_values(["rater", "position", "slot", "question"], kind="stable", ignore_index=True)


def raters(store: Store) -> list[tuple[str | int | None, ...]]:
    """Give one row a rater, with the columns of `RATER_COLUMNS`: what became of them, without a score."""
    done = assignment.c.state == "done"
    query = (
        select(
            *(rater.c.ordinal, rater.c.state, rater.c.excluded_reason, rater.c.language),
            func.count().filter(done, item_set.c.kind == "main"),
            func.count().filter(done),
        )
        .select_from(rater)
        .outerjoin(assignment, assignment.c.rater_id == rater.c.id)
        .outerjoin(item_set, item_set.c.id == assignment.c.set_id)
        .where(rater.c.study_id == store.study_id)
        .group_by(rater.c.id, rater.c.ordinal, rater.c.state, rater.c.excluded_reason, rater.c.language)
        .order_by(rater.c.ordinal)
    )
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def export(store: Store, out: Path, *, interim: bool = False) -> dict[str, Path]:
    """Write study.json, the votes as CSV, Parquet and JSON, the raters, and a matrix a question as P.910 has it.

    Equal votes give equal bytes. In the matrices a row is a result, a column a rater, of main sets alone.

    Raises:
        ConfigError: the study is open and `interim` is not set.
        RecordError: there is no vote.
    """
    refuse_peeking(store, interim=interim)
    table, people = votes(store), raters(store)
    if table.empty:
        raise RecordError(
            f"the study of {store.folder} has no vote yet", hint=f"fsbench userstudy status {store.folder}"
        )
    rows = [tuple(map(_plain, row)) for row in table.itertuples(index=False)]
    parquet = io.BytesIO()
    table.to_parquet(parquet, index=False)
    content = {
        SPEC_FILE: store.spec.text().encode(),
        VOTES_CSV: csv_text(VOTE_COLUMNS, rows).encode(),
        VOTES_PARQUET: parquet.getvalue(),
        VOTES_JSON: _json(store, rows, people).encode(),
        RATERS_CSV: csv_text(RATER_COLUMNS, people).encode(),
        **{MATRIX.format(question=question): _matrix(table, question).encode() for question in QUESTIONS},
    }
    for name, data in content.items():
        write_atomically(out / name, data)
    return {name: out / name for name in content}


def refuse_peeking(store: Store, *, interim: bool) -> None:
    """Keep scores shut while raters are at work.

    Raises:
        ConfigError: the study is open and `interim` is not set.
    """
    if store.state == "open" and not interim:
        raise ConfigError(
            f"the study of {store.folder} is open: who looks at scores now may stop it when they please",
            hint=f"fsbench userstudy close {store.folder}, or --interim to look all the same",
        )


def _query(study_id: int) -> Select[Any]:
    return (
        select(
            *(rater.c.ordinal, item_set.c.pair_key, item_set.c.kind, assignment.c.position, rating.c.slot),
            *(method.c.name, rating.c.question, rating.c.score, stimulus.c.expect_json),
            *(assignment.c.shown_at, rating.c.at),
        )
        .select_from(rating)
        .join(assignment, assignment.c.id == rating.c.assignment_id)
        .join(rater, rater.c.id == assignment.c.rater_id)
        .join(item_set, item_set.c.id == assignment.c.set_id)
        .join(stimulus, stimulus.c.id == rating.c.stimulus_id)
        .join(method, method.c.id == stimulus.c.method_id)
        .where(assignment.c.study_id == study_id, rater.c.state != "excluded")
    )


def _row(row: Row[Any]) -> tuple[Any, ...]:
    values: tuple[Any, ...] = tuple(row)
    ordinal, key, kind, position, slot, name, question, score, expect, shown_at, at = values
    low, high = json.loads(expect).get(question, (None, None)) if expect else (None, None)
    again = key if kind == "repeat" else None
    return ordinal, key, kind, position, slot, name, question, score, low, high, again, shown_at, at


def _plain(value: Any) -> str | int | None:
    """Turn a cell into what CSV and JSON know."""
    import pandas as pd

    if pd.isna(value):
        return None
    return value if isinstance(value, str) else int(value)


def _json(store: Store, rows: Sequence[Sequence[Any]], people: Sequence[Sequence[Any]]) -> str:
    content = {
        "study": json.loads(store.spec.text()),
        "raters": [dict(zip(RATER_COLUMNS, row, strict=True)) for row in people],
        "votes": [dict(zip(VOTE_COLUMNS, row, strict=True)) for row in rows],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _matrix(table: pd.DataFrame, question: str) -> str:
    main = table[(table["kind"] == "main") & (table["question"] == question)]
    wide = main.pivot(index=["set", "method"], columns="rater", values="score").sort_index()
    columns = ("set", "method", *(f"rater {ordinal}" for ordinal in wide.columns))
    lines = zip(wide.index, wide.to_numpy().tolist(), strict=True)
    return csv_text(columns, [(*index, *map(_plain, values)) for index, values in lines])
