"""A study's whole life, in both databases: rated, released, extended, withdrawn, closed, exported, analysed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from studies import Made, rate, rater_at_work

from fsbench.errors import ConfigError, RecordError
from fsbench.userstudy.analysis.votes import read_study
from fsbench.userstudy.export import export, votes
from fsbench.userstudy.extend import extend
from fsbench.userstudy.links import write_secret
from fsbench.userstudy.status import status
from fsbench.userstudy.store import Done, open_store
from fsbench.userstudy.upkeep import backup, close, exclude, release, withdraw

Make = Callable[..., Made]


def test_a_study_from_the_first_vote_to_the_analysis(make: Make, tmp_path: Path) -> None:
    made = make()
    store = made.open()
    sessions = [rater_at_work(made, store, ordinal) for ordinal in (1, 2, 3)]
    for session, pages in zip(sessions, (None, 4, None), strict=True):
        rate(store, session, pages)
    store.finish(sessions[0])
    assert [one.ordinal for one in release(store, ordinals=[2, 4])] == [2, 4]
    assert withdraw(store, ordinal=3)[1] == 99
    added = extend(store)
    for token in added.tokens:
        joined = store.join(token)
        assert joined is not None
        store.consent(joined.session, "v1", "en")
        rate(store, joined.session)
        assert store.next_page(joined.session) == Done("all rated")
    exclude(store, added.first, "did not see the pictures")
    found = status(store)
    assert found.states["withdrawn"] == found.states["excluded"] == found.states["finished"] == 1
    assert found.raters[1].released == 7
    close(store)
    assert set(votes(store)["rater"]) == {1, 2, *range(added.first + 1, added.first + len(added.tokens))}
    export(store, tmp_path / "out")
    if made.url:
        write_secret(made.folder / "store.url", made.url + "\n")  # as `create` leaves it
    assert read_study(made.folder).votes.equals(read_study(tmp_path / "out").votes)
    store.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_postgresql_backs_itself_up_and_its_password_is_in_no_message(make: Make, tmp_path: Path) -> None:
    made = make()
    store = made.open()
    with pytest.raises(ConfigError, match="PostgreSQL, which has its own backup") as caught:
        backup(store, tmp_path / "copy.sqlite")
    assert caught.value.hint.startswith("pg_dump --format=custom") and "only-for-tests" not in caught.value.hint
    store.close()
    wrong = made.url.replace("only-for-tests", "a-wrong-secret")
    with pytest.raises(RecordError, match="cannot be opened") as refused:
        open_store(made.folder, wrong)
    assert "a-wrong-secret" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_database_of_other_studies_is_not_mixed_up(make: Make, tmp_path: Path) -> None:
    made = make()
    other = json.loads(made.spec.text())
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "study.json").write_text(json.dumps({**other, "slug": "another"}))
    with pytest.raises(RecordError, match="the store holds no study 'another'"):
        open_store(tmp_path / "other", made.url)
