"""What a search took results for: source, target, result and the face of the gallery, from the run's own pictures."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from fsbench.records import RETRIEVAL_FOLDER
from fsbench.reports.runs import Run
from fsbench.reports.tables import one_line

SHOWN = 3  # misses, and as many hits
JPEG_START = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Search:
    """One result and the gallery face nearest to it. Its picture has four panels of one size, left to right."""

    key: str
    source_id: str
    target_id: str
    found_id: str
    rank: int  # of the first face of the source; 1 is a hit, 0 says that the gallery holds none
    file: Path
    content: bytes  # JPEG

    @property
    def is_hit(self) -> bool:
        """Whether the nearest face is the source's."""
        return self.rank == 1

    @property
    def data_uri(self) -> str:
        """The picture as part of a page."""
        return f"data:image/jpeg;base64,{base64.b64encode(self.content).decode()}"

    @property
    def verdict(self) -> str:
        """What the search said, in words."""
        if self.is_hit:
            return f"hit: taken for {self.found_id}"
        where = (
            f"the source comes at rank {self.rank}" if self.rank else "the gallery holds no other face of the source"
        )
        return f"miss: taken for {self.found_id}, {where}"


def searches(run: Run) -> list[Search]:
    """Give examples of misses, the farthest first, and of hits, as far as the run kept pictures of them.

    Raises:
        RecordError: the samples cannot be read.
    """
    samples = run.samples
    if "found_id" not in samples:
        return []
    found = []
    for row, key in enumerate(samples["key"]):
        name, rank = samples["found_id"][row], samples["found_rank"][row]
        file = run.folder / RETRIEVAL_FOLDER / f"{key.replace('/', '_')}.jpg"
        if name is None or rank is None or not file.is_file():
            continue
        content = file.read_bytes()
        if content.startswith(JPEG_START):
            source, target = (one_line(str(samples[column][row] or "?")) for column in ("source_id", "target_id"))
            found.append(Search(one_line(key), source, target, one_line(str(name)), int(rank), file, content))
    misses = sorted((one for one in found if not one.is_hit), key=lambda one: (-one.rank, one.key))
    return [*misses[:SHOWN], *[one for one in found if one.is_hit][:SHOWN]]
