"""Writing a new study into its store: pictures, methods, sets, raters with their links, and the plan."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, insert

from fsbench.userstudy.spec import Kind, Question, StudySpec
from fsbench.userstudy.store.migrate import SCHEMA
from fsbench.userstudy.store.sessions import hashed, log, new_token, now
from fsbench.userstudy.store.tables import asset, assignment, item_set, method, rater, stimulus, study


@dataclass(frozen=True)
class Picture:
    """One PNG in the study's folder."""

    token: str  # 32 hex digits
    sha256: str  # of the file
    rel_path: str
    width: int
    height: int


@dataclass(frozen=True)
class Stimulus:
    """One result in a set. `method` may be a hidden gold item; `expect` holds its right scores by question."""

    method: str
    picture: Picture
    expect: Mapping[Question, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class SetContent:
    """A source, a target and what the methods made of them."""

    pair_key: str
    kind: Kind
    source: Picture
    target: Picture
    stimuli: tuple[Stimulus, ...]


@dataclass(frozen=True)
class Visit:
    """One rater at one set: `order` names, for each slot, the place of the result among the set's stimuli."""

    rater: int  # from 0
    position: int  # from 0
    set: int  # place in the list of sets
    order: tuple[int, ...]


@dataclass(frozen=True)
class Links:
    """The secrets by which raters come in. The store keeps only their hashes."""

    raters: tuple[str, ...] = field(repr=False)  # by ordinal
    open: str = field(repr=False)  # hands out places to those whom a crowd site sends


def fill(
    connection: Connection, spec: StudySpec, sets: Sequence[SetContent], visits: Sequence[Visit], *, raters: int
) -> Links:
    """Write a study, in state draft, and draw its links. All in the caller's transaction."""
    links = Links(tuple(new_token() for _ in range(raters)), new_token())
    study_id = _added(
        connection,
        study,
        slug=spec.slug,
        spec_json=spec.text(),
        spec_sha256=spec.sha256,
        seed=spec.seed,
        schema_version=int(SCHEMA),
        open_token_sha256=hashed(links.open),
        created_at=now(),
    )
    stimuli = _write_sets(connection, study_id, spec, sets)
    set_ids = [found[0] for found in stimuli]
    rater_ids = add_raters(connection, study_id, links.raters, first=1)
    write_visits(
        connection,
        study_id,
        [
            {
                "rater_id": rater_ids[visit.rater],
                "set_id": set_ids[visit.set],
                "position": visit.position,
                "stimulus_order": " ".join(str(stimuli[visit.set][1][place]) for place in visit.order),
            }
            for visit in visits
        ],
    )
    log(connection, study_id, "created", detail={"sets": len(sets), "raters": raters})
    return links


def add_raters(connection: Connection, study_id: int, tokens: Sequence[str], *, first: int) -> list[int]:
    """Write raters with the hashes of their tokens; give their keys."""
    return [
        _added(connection, rater, study_id=study_id, ordinal=ordinal, token_sha256=hashed(token))
        for ordinal, token in enumerate(tokens, first)
    ]


def write_visits(connection: Connection, study_id: int, rows: Sequence[Mapping[str, object]]) -> None:
    """Write assignments, each with a key of its own. Rows lack only that key and the study."""
    if rows:
        whole = [{"replaces": None, **row, "study_id": study_id, "submit_key": new_token()} for row in rows]
        connection.execute(insert(assignment), whole)


def _write_sets(
    connection: Connection, study_id: int, spec: StudySpec, sets: Sequence[SetContent]
) -> list[tuple[int, list[int]]]:
    """Write pictures, methods and sets; give each set's key and those of its stimuli."""
    runs = {found.name: found.run for found in spec.methods}
    names = dict.fromkeys([*runs, *(found.method for content in sets for found in content.stimuli)])
    methods = {name: _added(connection, method, study_id=study_id, name=name, run_ref=runs.get(name)) for name in names}
    assets: dict[str, int] = {}
    found = []
    for content in sets:
        for picture in (content.source, content.target, *(result.picture for result in content.stimuli)):
            if picture.token not in assets:
                assets[picture.token] = _added(connection, asset, study_id=study_id, **vars(picture))
        set_id = _added(
            connection,
            item_set,
            study_id=study_id,
            pair_key=content.pair_key,
            kind=content.kind,
            source_asset=assets[content.source.token],
            target_asset=assets[content.target.token],
        )
        keys = [
            _added(
                connection,
                stimulus,
                set_id=set_id,
                method_id=methods[result.method],
                asset_id=assets[result.picture.token],
                expect_json=json.dumps(result.expect, sort_keys=True) if result.expect else None,
            )
            for result in content.stimuli
        ]
        found.append((set_id, keys))
    return found


def _added(connection: Connection, table: Table, **values: object) -> int:
    """Insert one row and give its key."""
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())
