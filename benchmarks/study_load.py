"""Fifty raters at once at the real server: scores stored, errors, waiting times, memory.

    python benchmarks/study_load.py --raters 50 --think 10
    python benchmarks/study_load.py --raters 50 --think 10 --servers 2 --store postgresql+psycopg://USER:PW@HOST/DB

Raters come by their links, fetch every picture, and send each page by Streamlit's WebSocket. Client and servers share
the machine. The pictures are noise, of the size that a study has.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from fsbench.data.frames import write_atomically
from fsbench.userstudy.layout import lay_out
from fsbench.userstudy.links import write_links, write_secret
from fsbench.userstudy.pictures import write_asset
from fsbench.userstudy.plan import gold_pool, make_plan
from fsbench.userstudy.simulate.browser import ServerClient
from fsbench.userstudy.simulate.drive import Crowd, drive, serving, settle
from fsbench.userstudy.simulate.truth import Truth, means_of
from fsbench.userstudy.spec import HIDDEN, SPEC_FILE, STORE_URL_FILE, Counts, Kind, MethodSpec, StudySpec
from fsbench.userstudy.store import create_store, open_store
from fsbench.userstudy.store.content import SetContent, Stimulus

METHODS = ("DeepFakes", "FaceShifter", "Ours")
MEANS = ("DeepFakes=2.49", "FaceShifter=3.31", "Ours=3.38")


def noise_study(folder: Path, counts: Counts, url: str) -> dict[int, str]:
    """Make a study whose pictures are noise; give the links by rater."""
    spec = StudySpec(
        title="Load",
        slug=f"load-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}",
        methods=tuple(MethodSpec(name=name) for name in METHODS),
        seed=1,
        counts=counts,
    )
    rng, pool = np.random.default_rng(1), gold_pool(counts.gold)

    def one(kind: Kind, number: int) -> SetContent:
        names = METHODS if kind != "gold" else (*METHODS[:-1], list(HIDDEN)[number % 3])
        pictures = [
            write_asset(folder, rng.integers(0, 256, (spec.picture_side, spec.picture_side, 3), dtype=np.uint8))
            for _ in range(len(names) + 2)
        ]
        results = tuple(
            Stimulus(name, picture, HIDDEN.get(name, {})) for name, picture in zip(names, pictures[2:], strict=True)
        )
        return SetContent(f"{kind}{number:03d}", kind, pictures[0], pictures[1], results)

    sizes: dict[Kind, int] = {"main": counts.sets, "training": counts.training, "gold": pool}
    sets: dict[Kind, Sequence[SetContent]] = {kind: [one(kind, n) for n in range(size)] for kind, size in sizes.items()}
    plan = make_plan(counts, methods=len(METHODS), seed=1, gold_sets=pool)
    write_atomically(folder / SPEC_FILE, spec.text().encode())
    if url:
        write_secret(folder / STORE_URL_FILE, url + "\n")
    links = create_store(folder, spec, *lay_out(plan, sets), url)
    write_links(folder, links)
    return dict(enumerate(links.raters, 1))


def memory(pid: int) -> float:
    """Give the resident memory of a process in megabytes (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def main() -> None:
    """Make a study, serve it, let raters work, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raters", type=int, default=50)
    parser.add_argument("--per-rater", type=int, default=40)
    parser.add_argument("--think", type=float, default=10.0, help="mean seconds on a page")
    parser.add_argument("--servers", type=int, default=1, help="more than one needs --store")
    parser.add_argument("--store", default="", help="PostgreSQL; default: SQLite")
    given = parser.parse_args()
    counts = Counts(sets=240, raters=given.raters, per_rater=given.per_rater, training=3, gold=3, repeats=2)
    with tempfile.TemporaryDirectory() as place, ExitStack() as running:
        folder = Path(place) / "load"
        links = noise_study(folder, counts, given.store)
        store = open_store(folder)
        truth = Truth(store, means_of(METHODS, MEANS), seed=1, clickers=0, straight=0)
        servers = [running.enter_context(serving(folder)) for _ in range(given.servers)]
        turns, turn = itertools.cycle(servers), threading.Lock()

        def connect() -> ServerClient:
            with turn:
                return ServerClient(next(turns).address)

        used: list[float] = []
        over = threading.Event()

        def watch() -> None:
            while not over.wait(2):
                used.append(sum(memory(server.pid) for server in servers))

        watcher = threading.Thread(target=watch)
        watcher.start()
        started = time.perf_counter()
        report = drive(connect, truth, links, Crowd(at_once=given.raters, think=given.think, seed=1))
        over.set()
        watcher.join()
        settle(report, store)
        half = len(used) // 2
        seen = {
            **{"raters": report.raters, "finished": report.finished, "pages": report.pages},
            **{"scores": report.stored, "expected": 9 * report.pages, "errors": len(report.errors)},
            **{"seconds": round(time.perf_counter() - started, 1), "think": given.think, "servers": given.servers},
            **{"wait_p50": round(report.wait(0.5) or 0, 3), "wait_p95": round(report.wait(0.95) or 0, 3)},
            **{"memory_half": round(max(used[:half], default=0)), "memory_most": round(max(used, default=0))},
            "store": store.engine.dialect.name,
        }
        store.close()
        print(json.dumps(seen, indent=2))
        for error in report.errors[:5]:
            print(error)


if __name__ == "__main__":
    main()
