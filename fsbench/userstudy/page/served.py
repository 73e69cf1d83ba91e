"""The study that this process serves: its store, opened once, and its texts."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fsbench.userstudy.spec import StudySpec
from fsbench.userstudy.store import Page, Store, open_store
from fsbench.userstudy.wording import Wording, load_wordings

COOKIE = "fsbench_rater"
PICTURES = "/picture/"
SECONDS_A_RESULT = 10  # three questions; 18 raters x 40 sets of 3 took the paper's kind of study 15 to 25 minutes


@dataclass(frozen=True)
class Served:
    """A study as the pages need it."""

    folder: Path
    store: Store
    wordings: dict[str, Wording]

    @property
    def spec(self) -> StudySpec:
        """What the study is. Holds the methods' names: nothing of it goes into a page unseen."""
        return self.store.spec

    @property
    def rated_pages(self) -> int:
        """How many pages count, for a rater who starts anew."""
        counts = self.spec.counts
        return counts.per_rater + counts.gold + counts.repeats

    @property
    def minutes(self) -> int:
        """About how long a rater takes, in steps of five."""
        pages = self.rated_pages + self.spec.counts.training
        return max(5, 5 * math.ceil(pages * len(self.spec.methods) * SECONDS_A_RESULT / 60 / 5))

    def language(self, chosen: str | None, wanted: Iterable[str]) -> str:
        """Tell in which language a rater reads: the one chosen, the first one wanted that is there, or the study's."""
        for tag in (chosen or "", *wanted):
            for known in self.wordings:
                if known.lower() in (tag.lower(), tag.lower().partition("-")[0]):
                    return known
        return self.spec.language

    def words(self, language: str) -> Wording:
        """Give the texts of a language."""
        return self.wordings[language]


@lru_cache(maxsize=1)
def served(folder: str, url: str) -> Served:
    """Open a study, once in a process: the routes and the script that Streamlit runs share its connections."""
    store = open_store(Path(folder), url)
    return Served(Path(folder), store, load_wordings(Path(folder), store.spec.languages))


def picture_name(page: Page, asset: str) -> str:
    """Give the name under which a picture is asked for on a page: 128 bits that no other page has for it.

    So nobody can see that a page comes a second time, or that two raters see the same picture.
    """
    return hashlib.sha256(f"{page.nonce} {asset}".encode()).hexdigest()[:32]


def languages_of(header: str) -> list[str]:
    """Read the header Accept-Language, best first.

    >>> languages_of("fr;q=0.5, de-AT, en;q=0.8")
    ['de-AT', 'en', 'fr']
    """
    found: list[tuple[float, int, str]] = []
    for part in header.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            found.append((-float(weight or 1), len(found), tag.strip()))
        except ValueError:
            continue
    return [tag for _, _, tag in sorted(found)]
