"""Small studies with a real store and pictures of noise, for the tests of all that works on a store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fsbench.data.frames import write_atomically
from fsbench.userstudy.layout import lay_out
from fsbench.userstudy.links import write_links
from fsbench.userstudy.pictures import plain_png
from fsbench.userstudy.plan import gold_pool, make_plan
from fsbench.userstudy.spec import ASSETS_FOLDER, HIDDEN, SPEC_FILE, Counts, Kind, MethodSpec, StudySpec
from fsbench.userstudy.store import Page, Session, Store, create_store, open_store
from fsbench.userstudy.store.content import Links, Picture, SetContent, Stimulus
from fsbench.userstudy.store.sessions import new_token

SIDE = 64
NAMES = ("DeepFakes", "FaceShifter", "Ours", "HiFiFace", "SimSwap", "InfoSwap", "MegaFS", "FSGAN")


@dataclass(frozen=True)
class Made:
    """A study on disk, and the secrets of its raters."""

    folder: Path
    spec: StudySpec
    links: Links
    url: str = ""

    def open(self) -> Store:
        return open_store(self.folder, self.url)


def make_study(folder: Path, *, methods: int = 3, seed: int = 5, url: str = "", **changes: Any) -> Made:
    """Make a study of 4 raters with 6 of 8 sets each, 1 training set, 3 gold sets and 1 repeat, or as `changes` say."""
    sizes = {"raters": 4, "per_rater": 6, "sets": 8, "training": 1, "gold": 3, "repeats": 1}
    counts = Counts(**{**sizes, **{name: changes.pop(name) for name in list(changes) if name in sizes}})
    names = NAMES[:methods]
    spec = StudySpec(
        title="A study of noise",
        slug=folder.name,
        methods=tuple(MethodSpec(name=name) for name in names),
        seed=seed,
        counts=counts,
        picture_side=SIDE,
        **changes,
    )
    pool = gold_pool(counts.gold)
    sets: dict[Kind, list[SetContent]] = {
        "main": [_set(folder, f"main{n:03d}", "main", names) for n in range(counts.sets)],
        "training": [_set(folder, f"training{n:03d}", "training", names) for n in range(counts.training)],
        "gold": [_set(folder, f"gold{n:03d}", "gold", (*names[:-1], list(HIDDEN)[n % 3])) for n in range(pool)],
    }
    plan = make_plan(counts, methods=methods, seed=seed, gold_sets=pool)
    write_atomically(folder / SPEC_FILE, spec.text().encode())
    links = create_store(folder, spec, *lay_out(plan, sets), url)
    write_links(folder, links)
    return Made(folder, spec, links, url)


def rater_at_work(made: Made, store: Store, ordinal: int = 1) -> Session:
    """Let a rater come as far as the first page."""
    store.open_study()
    joined = store.join(made.links.raters[ordinal - 1])
    assert joined is not None
    store.consent(joined.session, "v1", "en")
    store.instructions_seen(joined.session)
    found = store.session(joined.cookie)
    assert found is not None
    return found


def answers(page: Page, score: int = 3) -> dict[int, dict[str, int]]:
    """One score everywhere."""
    return {slot: dict.fromkeys(page.questions, score) for slot in range(len(page.results))}


def rate(store: Store, session: Session, pages: int | None = None) -> int:
    """Rate some pages, or all that there are; tell how many."""
    count = 0
    while pages is None or count < pages:
        page = store.next_page(session)
        if not isinstance(page, Page):
            break
        store.shown(session, page)
        store.submit(session, page.id, page.nonce, answers(page, count % 6))
        count += 1
    return count


def _set(folder: Path, key: str, kind: Kind, names: tuple[str, ...]) -> SetContent:
    picture = [_picture(folder, f"{kind} {key} {n}") for n in range(len(names) + 2)]
    results = tuple(Stimulus(name, made, HIDDEN.get(name, {})) for name, made in zip(names, picture[2:], strict=True))
    return SetContent(key, kind, picture[0], picture[1], results)


def _picture(folder: Path, name: str) -> Picture:
    rng = np.random.default_rng(list(name.encode()))
    content = plain_png(rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))
    token = new_token()
    place = f"{ASSETS_FOLDER}/{token}.png"
    write_atomically(folder / place, content)
    return Picture(token, hashlib.sha256(content).hexdigest(), place, SIDE, SIDE)
