"""A copy of a study for raters who do not exist: same sets, a plan of its own, and a title that says what it is."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from fsbench.data.frames import write_atomically
from fsbench.errors import ConfigError, RecordError
from fsbench.userstudy.create import refuse_undealable, refuse_used
from fsbench.userstudy.layout import lay_out
from fsbench.userstudy.links import write_links, write_secret
from fsbench.userstudy.plan import make_plan
from fsbench.userstudy.spec import ASSETS_FOLDER, SPEC_FILE, STORE_URL_FILE, TEXTS_FOLDER, Kind, StudySpec
from fsbench.userstudy.store import Store, create_store
from fsbench.userstudy.store.content import Picture, SetContent, Stimulus
from fsbench.userstudy.store.sessions import new_token
from fsbench.userstudy.store.tables import asset, item_set, method, stimulus

PREFIX = "Simulated raters: "


def rehearse(store: Store, folder: Path, *, raters: int | None, is_hasty: bool, url: str = "") -> StudySpec:
    """Make a study in a new folder with the sets of another one and no vote.

    Args:
        store: of the study that is rehearsed; nothing in it changes.
        folder: to be made.
        raters: how many; None for as many as the study has.
        is_hasty: raters will be quicker than people, so the rule on seconds a page is taken out.
        url: address of a PostgreSQL database for the copy; SQLite in the folder where it is empty.

    Raises:
        ConfigError: the folder is not empty, the study is a rehearsal itself, or the plan cannot be dealt.
    """
    refuse_used(folder)
    spec = _spec(store.spec, folder, raters, is_hasty)
    refuse_undealable(spec)
    try:
        with store.read() as connection:
            sets = _sets(connection, store, folder)
        texts = store.folder / TEXTS_FOLDER
        if texts.is_dir():
            shutil.copytree(texts, folder / TEXTS_FOLDER)
        plan = make_plan(spec.counts, methods=len(spec.methods), seed=spec.seed, gold_sets=len(sets["gold"]))
        write_atomically(folder / SPEC_FILE, spec.text().encode())
        if url:
            write_secret(folder / STORE_URL_FILE, url + "\n")
        write_links(folder, create_store(folder, spec, *lay_out(plan, sets), url))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return spec


def _spec(spec: StudySpec, folder: Path, raters: int | None, is_hasty: bool) -> StudySpec:
    if spec.title.startswith(PREFIX):
        raise ConfigError("this study is a rehearsal itself", hint="name the study that it was made from")
    changes: dict[str, Any] = {
        "title": PREFIX + spec.title,
        "slug": folder.resolve().name,
        "data": ", ".join(part for part in (spec.data, "simulated raters") if part),
    }
    if raters is not None:
        changes["counts"] = spec.counts.model_copy(update={"raters": raters})
    if is_hasty:
        changes["screening"] = spec.screening.model_copy(update={"min_median_seconds": None})
    return spec.model_copy(update=changes)


def _sets(connection: Connection, store: Store, folder: Path) -> dict[Kind, list[SetContent]]:
    """Read the sets with copies of their pictures under new names; repeats are made anew."""
    pictures = {
        row["id"]: _copied(
            Picture(*(row[n] for n in ("token", "sha256", "rel_path", "width", "height"))), store, folder
        )
        for row in connection.execute(select(asset).where(asset.c.study_id == store.study_id)).mappings()
    }
    results: dict[int, list[Stimulus]] = {}
    query = (
        select(stimulus.c.set_id, method.c.name, stimulus.c.asset_id, stimulus.c.expect_json)
        .join(method, method.c.id == stimulus.c.method_id)
        .where(method.c.study_id == store.study_id)
        .order_by(stimulus.c.id)
    )
    for set_id, name, asset_id, expect in connection.execute(query):
        results.setdefault(set_id, []).append(Stimulus(name, pictures[asset_id], expected(expect)))
    sets: dict[Kind, list[SetContent]] = {"main": [], "training": [], "gold": []}
    known = select(item_set).where(item_set.c.study_id == store.study_id).order_by(item_set.c.id)
    for row in connection.execute(known).mappings():
        if row["kind"] != "repeat":
            source, target = pictures[row["source_asset"]], pictures[row["target_asset"]]
            content = SetContent(row["pair_key"], row["kind"], source, target, tuple(results[row["id"]]))
            sets[content.kind].append(content)
    return sets


def expected(text: str | None) -> dict[Any, tuple[int, int]]:
    """Read the right scores of a gold item."""
    found = json.loads(text) if text else {}
    return {question: (low, high) for question, (low, high) in found.items()}


def _copied(picture: Picture, store: Store, folder: Path) -> Picture:
    token = new_token()
    place = f"{ASSETS_FOLDER}/{token}.png"
    (folder / ASSETS_FOLDER).mkdir(parents=True, exist_ok=True)
    origin = store.folder / picture.rel_path
    try:
        os.link(origin, folder / place)
    except FileNotFoundError:
        raise RecordError(f"the picture {origin} is gone", hint="restore the study's folder") from None
    except OSError:
        shutil.copyfile(origin, folder / place)
    return replace(picture, token=token, rel_path=place)
