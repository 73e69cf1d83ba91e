"""Many simulated raters at once, and what came of it."""

from __future__ import annotations

import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from fsbench.errors import FsbenchError, RecordError
from fsbench.userstudy.simulate.clients import Client, Failed
from fsbench.userstudy.simulate.truth import Truth
from fsbench.userstudy.spec import QUESTIONS
from fsbench.userstudy.store import NotSaved, Refused, Store
from fsbench.userstudy.store.tables import assignment, rater, rating

START_SECONDS = 60.0
QUIT_AFTER = 5  # pages that count


@dataclass(frozen=True)
class Crowd:
    """How raters come and go."""

    at_once: int = 8  # raters at the same time
    think: float = 0.0  # mean seconds on a page; exponential
    quitters: int = 0  # so many, drawn at random, go away after QUIT_AFTER pages
    seed: int = 0  # of think times and of who quits


@dataclass
class Report:
    """What the raters did, and how long they waited."""

    raters: int
    seconds: float = 0.0
    pages: int = 0  # acknowledged
    finished: int = 0  # raters
    stored: int = 0  # scores in the store at the end
    waits: list[float] = field(default_factory=list)  # seconds from sending a page to its acknowledgement
    errors: list[str] = field(default_factory=list)

    def wait(self, share: float) -> float | None:
        """Give a quantile of the waits."""
        return statistics.quantiles(self.waits, n=100)[round(share * 100) - 1] if len(self.waits) > 1 else None


def drive(
    connect: Callable[[], Client],
    truth: Truth,
    links: Mapping[int, str],
    crowd: Crowd,
    *,
    on_page: Callable[[], None] = lambda: None,
) -> Report:
    """Let raters work.

    Args:
        connect: gives a client for one rater.
        truth: what they think.
        links: ordinal -> token.
        crowd: how they come and go.
        on_page: is called after each acknowledged page.
    """
    report, lock = Report(len(links)), threading.Lock()
    gone = set(random.Random(crowd.seed).sample(sorted(links), min(crowd.quitters, len(links))))

    def work(ordinal: int) -> None:
        rng = random.Random(f"{crowd.seed} {ordinal}")
        client = connect()
        try:
            client.join(links[ordinal])
            while (seen := client.page()) is not None:
                if ordinal in gone and seen.kind == "rated" and seen.number > QUIT_AFTER:
                    return
                if crowd.think:
                    time.sleep(rng.expovariate(1 / crowd.think))
                answers = truth.answers(ordinal, seen.kind, seen.number)
                start = time.perf_counter()
                client.submit(answers)
                with lock:
                    report.waits.append(time.perf_counter() - start)
                    report.pages += 1
                    on_page()
            with lock:
                report.finished += 1
        except (Failed, Refused, NotSaved, FsbenchError, OSError) as error:
            with lock:
                report.errors.append(f"rater {ordinal}: {type(error).__name__}: {error}")
        finally:
            client.close()

    start = time.perf_counter()
    with ThreadPoolExecutor(crowd.at_once) as pool:
        list(pool.map(work, sorted(links)))
    report.seconds = time.perf_counter() - start
    return report


def settle(report: Report, store: Store) -> None:
    """Compare what the raters were told with what the store holds; a difference is an error of the report."""
    query = select(func.count()).where(rater.c.study_id == store.study_id, rater.c.state == "finished")
    with store.read() as connection:
        finished = int(connection.execute(query).scalar_one())
    report.stored = count_scores(store)
    wanted = report.pages * len(store.spec.methods) * len(QUESTIONS)
    if report.stored != wanted:
        report.errors.append(f"{report.pages} pages were acknowledged, {wanted} scores, but {report.stored} are stored")
    if finished != report.finished:
        report.errors.append(f"{report.finished} raters saw the end, but {finished} have finished")


def count_scores(store: Store) -> int:
    """Count the scores of a study."""
    query = select(func.count()).select_from(rating).join(assignment, assignment.c.id == rating.c.assignment_id)
    with store.read() as connection:
        return int(connection.execute(query.where(assignment.c.study_id == store.study_id)).scalar_one())


@dataclass(frozen=True)
class Server:
    """A server of our own."""

    address: str  # without a slash at the end
    pid: int


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve a study on a free port of this machine, in a process of its own, until the block is left.

    Raises:
        RecordError: it does not start.
    """
    words = (sys.executable, "-m", "fsbench", "userstudy", "serve", str(folder), "--port", "0")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        watch = threading.Timer(START_SECONDS, process.kill)
        watch.start()
        line = process.stdout.readline() if process.stdout else ""
        watch.cancel()
        found = re.search(r" at (http://\S+)", line)
        if found is None:
            process.kill()
            said = process.stderr.read().strip() if process.stderr else ""
            message = f"the server of {folder} did not start: {said or 'it said nothing'}"
            raise RecordError(message, hint=f"fsbench userstudy serve {folder}")
        drains = [threading.Thread(target=pipe.read, daemon=True) for pipe in (process.stdout, process.stderr) if pipe]
        for drain in drains:
            drain.start()
        yield Server(found[1].rstrip("/"), process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
