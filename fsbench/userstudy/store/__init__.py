"""The store of a rating study, and how a page uses it.

A study is a folder (`study.json`, `assets/`, `texts/`) and a database: `study.sqlite` in the folder, or PostgreSQL at
the address in its file `store.url`. One `Store` a server process; its methods may be called from many threads.

    store = open_store(folder)                  # or open_store(folder, "postgresql+psycopg://...")
    store.open_study()                          # a server does this once: draft -> open

    joined = store.join(token)                  # /join/<token>; None: unknown token. Cookie: joined.cookie
    joined = store.join(token, Prolific(pid, study_id, session_id))     # also by the study's one open link
    session = store.session(cookie)             # every request; None: no such rater

    if not session.has_consented:               # the order of a rater's way
        store.consent(session, version, language, {"adult": "yes"})
    if not session.instructions_seen:
        store.instructions_seen(session)
    page = store.next_page(session)             # Page, or Done(reason)
    path = store.asset_path(session, page.results[0])   # also page.source, page.target; None: answer 404
    store.shown(session, page)                  # when the page is on the screen
    scores = {0: {"realism": 3, "identity": 2, "attributes": 5}, 1: ..., 2: ...}    # by slot
    store.submit(session, page.id, page.nonce, scores, {"seconds": 9.1})
    if page.offer_break:                        # before showing the page: ask, then
        store.take_break(session, taken=True)
    completion = store.finish(session)          # when next_page gave Done("all rated")

What a page may count on:

- A `Page` holds asset ids and numbers, never a method's name nor its key; `kind` is "training" or "rated", so that gold
  and repeated sets look like all others. `number` of `total` counts pages of that kind.
- `next_page` gives the same page, with the same order, until it is submitted: after a reload, on another device, in two
  tabs. Nothing of a rater's way is kept outside the database.
- `submit` returns when the set is on disk. Again with the same scores: `Receipt(already=True)`, never an error.
- `Refused` (with `reason`) means that nothing was stored and trying again does not help; `NotSaved` means that nothing
  was stored and the rater should try again. `RecordError` comes from reading calls when the database is gone.
- Pictures are square PNG without metadata, all of one size in pixels and in bytes, `spec.picture_side` wide.
- `store.spec` is study.json: `title`, `languages`, `break_after`, `completion_code`, `completion_url`.
- Texts are files of the study's folder `texts/`; consent's version is the caller's, e.g. from its text's sha256.
- No token, score or method name belongs in a log; `Session` may be logged, `Joined` hides its cookie.
"""

from fsbench.userstudy.store.interface import (
    Completion,
    Done,
    Joined,
    NotSaved,
    Page,
    Prolific,
    Receipt,
    Refused,
    Scores,
    Session,
)
from fsbench.userstudy.store.store import Store, create_store, open_store

__all__ = [
    "Completion",
    "Done",
    "Joined",
    "NotSaved",
    "Page",
    "Prolific",
    "Receipt",
    "Refused",
    "Scores",
    "Session",
    "Store",
    "create_store",
    "open_store",
]
