"""The Ray executor on a cluster of two nodes on this machine: local's numbers, and what a death costs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import needs

from fsbench.data.frames import png_bytes
from fsbench.engine.bench import Bench
from fsbench.engine.cache import Cache
from fsbench.engine.executors import Executor, Local, executor
from fsbench.engine.plugins import identify, plugin
from fsbench.engine.stages import Task
from fsbench.errors import ConfigError, DependencyError, ItemError
from fsbench.interfaces import Detector, Evaluator, Swapper
from fsbench.records import run_config
from fsbench.types import Face, FrameRef, ImageRef, SwapItem, SwapPair, SwapResult
from tests.integration.conftest import Cli, Run, numbers, results
from tests.integration.ray_cluster import STORE_BYTES

needs("ray", "ray")
pytestmark = pytest.mark.slow

DEAD = "its process ended without a word, so it crashed, was killed, or had no memory left"
PARTS = Path(__file__).parents[1] / "unit" / "engine" / "parts.py"


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest) -> Iterator[Any]:
    from tests.integration.ray_cluster import cluster

    if find_spec("s3fs") and find_spec("moto"):
        request.getfixturevalue("bucket")  # nodes reach the store through the environment that they are started in
    with cluster(2) as started:
        yield started


@pytest.fixture
def workers(cluster: Any) -> Iterator[Executor]:
    started = executor(run_config(protocol="ff++", executor="ray", ray_address=cluster.address), planned=100)
    yield started
    started.close()


def make_bench(folder: Path, workers: Executor) -> Bench:
    return Bench(
        cache=Cache(folder / "cache"),
        executor=workers,
        detector=identify(plugin("fsbench.evaluators.detectors:Dlib", {}, {}), Detector),
        evaluators={"identity": identify(plugin(f"{PARTS}:Pixels", {}, {}), Evaluator)},
    )


def items(bench: Bench, folder: Path, count: int, side: int = 64) -> list[SwapItem]:
    """Make noisy pictures, so that each is as large in the object store as a real one."""
    made, rng = [], np.random.default_rng(0)
    for number in range(count):
        path = folder / f"{number}.png"
        path.write_bytes(png_bytes(rng.integers(0, 256, (side, side, 3), np.uint8)))
        made.append(FrameRef(path))
    faces = [
        Face(image, np.array([0.0, 0.0, side, side]), np.full((5, 2), side / 2), 1.0)
        for image in bench.images(made).values()
        if isinstance(image, ImageRef)
    ]
    return [SwapItem(SwapPair(f"k{n}", made[n], made[n], "s", "t"), face, face) for n, face in enumerate(faces)]


def inverted(**settings: str) -> Any:
    return identify(plugin(f"{PARTS}:Inverted", settings, {}), Swapper)


def test_a_cluster_gives_the_numbers_of_this_machine(
    cluster: Any, fsbench: Run, cli: Cli, real_data: Path, tmp_path: Path
) -> None:
    words = ["run", "ff++", "--data", real_data / "ffpp_mini", "--limit", "10", "--no-controls"]
    here = cli(*words, "--out", tmp_path / "here")
    there = fsbench(
        *(*words, "--executor", "ray", "--ray-address", cluster.address),
        *("--out", tmp_path / "there"),
        cache=tmp_path / "cache",
    )
    assert here.code == there.returncode == 0, here.stderr + there.stderr
    assert "swap: landmark: 10 done (2 of 2 workers)" in there.stderr
    one, two = results(tmp_path / "here"), results(tmp_path / "there")
    assert [numbers(result) for result in one.values()] == [numbers(two[label]) for label in one]
    for label in one:
        ((first,), (second,)) = ((tmp_path / run / "ff++" / label).iterdir() for run in ("here", "there"))
        assert first.name == second.name
        for file in ("pairs.csv", "failures.csv", "samples.parquet"):
            assert (first / file).read_bytes() == (second / file).read_bytes()


def test_a_cluster_works_from_store_to_store_and_gives_the_numbers_of_a_disk(
    cluster: Any,
    fsbench: Run,
    bucket: str,
    stored_data: str,
    near_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["run", "ff++", "--limit", "6", "--no-controls", "--data", stored_data, "--out", f"{bucket}/runs"]
    ray = ["--executor", "ray", "--ray-address", cluster.address]
    there = fsbench(*words, *ray, cache=f"{bucket}/cache")  # type: ignore[arg-type]
    assert there.returncode == 0, there.stderr
    assert "swap: landmark: 6 done (2 of 2 workers)" in there.stderr
    assert f"report: {bucket}/runs/ff++/report.html" in there.stdout
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    again = fsbench(*words, cache=f"{bucket}/cache")  # type: ignore[arg-type]
    assert again.returncode == 0, again.stderr
    assert "done" not in again.stderr  # nothing was computed, neither here nor by workers
    shown = fsbench("report", f"{bucket}/runs", "--out", tmp_path / "report")
    assert shown.returncode == 0, shown.stderr
    assert "landmark" in shown.stdout
    same = fsbench("compare", f"{bucket}/runs", near_run)
    assert same.returncode == 0, same.stderr
    (fetched,) = (tmp_path / "another machine" / "fsbench" / "fetched").glob("*")
    (one,) = results(near_run).values()
    (two,) = results(fetched / "runs").values()
    assert numbers(one) == numbers(two)
    assert one["provenance"]["data_digest"] == two["provenance"]["data_digest"]
    assert two["provenance"]["computed"] == {}


def test_a_death_costs_its_own_task_alone(workers: Executor, tmp_path: Path) -> None:
    bench = make_bench(tmp_path, workers)
    pairs = items(bench, tmp_path, 12)
    once = bench.swap(inverted(bad="k5", how="kill-once", log=str(tmp_path / "once")), pairs)
    assert all(isinstance(outcome, SwapResult) for outcome in once.values())
    assert workers.status().endswith("retries")
    twice = bench.swap(inverted(bad="k5", how="kill", log=str(tmp_path / "twice")), pairs)
    failed = {key: outcome.reason for key, outcome in twice.items() if isinstance(outcome, ItemError)}
    assert failed == {"k5": f"killed its worker process twice: {DEAD}"}
    done = (tmp_path / "once").read_text().split()
    assert sorted(set(done)) == sorted(twice)
    assert len(done) <= len(pairs) + 4  # the batch of the victim, and what waited behind it


def test_a_lost_node_costs_its_tasks_alone(cluster: Any, tmp_path: Path) -> None:
    doomed = cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    settings = {"executor": "ray", "ray_address": cluster.address, "workers": 3}
    workers = executor(run_config(protocol="ff++", **settings), planned=100)
    try:
        bench = make_bench(tmp_path, workers)
        pairs = items(bench, tmp_path, 40)
        seen = 0

        def lose_the_node(done: int, note: str = "") -> None:
            nonlocal seen
            seen += done
            if seen >= 10 and doomed in cluster.list_all_nodes():
                cluster.remove_node(doomed, allow_graceful=False)

        from contextlib import nullcontext

        bench.progress = lambda label, total: nullcontext(lose_the_node)
        found = bench.swap(inverted(log=str(tmp_path / "log")), pairs)
    finally:
        workers.close()
    assert len(found) == 40
    assert all(isinstance(outcome, SwapResult) for outcome in found.values())
    assert seen == 40


def test_workers_that_do_not_see_the_pictures_get_them(workers: Executor, tmp_path: Path) -> None:
    """The files are moved away behind the driver's back: workers that are shown them by content do not need them."""
    from fsbench.engine import parcels
    from fsbench.engine.stages import Task, perform

    bench = make_bench(tmp_path, Local())
    (pair,) = items(bench, tmp_path, 1)
    for task, item in (
        (Task.of("swap", inverted()), pair),
        (Task.of("extract", bench.evaluators["identity"]), pair.target),
        (Task.of("detect", bench.detector), pair.target.image),
        (Task("decode"), pair.pair.target),
    ):
        by_path, shipped = (parcels.pack(task, [item], ship=ship) for ship in (False, True))
        wanted, _ = perform(task, [item])
        away = pair.target.image.path.rename(tmp_path / "away")
        unseen = parcels.work(task, by_path, set())
        answer = parcels.work(task, shipped, set())
        away.rename(pair.target.image.path)
        assert isinstance(unseen, parcels.Unseen) and parcels.can_be_shipped(task, [item], unseen)
        assert isinstance(answer, tuple)
        assert repr(answer[0]) == repr(wanted)


def test_a_full_object_store_slows_and_does_not_lose(workers: Any, tmp_path: Path) -> None:
    bench = make_bench(tmp_path, workers)
    for member in workers._crew.members:
        member.is_blind = True  # so that every picture, 12 MB each, goes through stores of 80 MiB
    pairs = items(bench, tmp_path, 8, side=2000)
    for member in workers._crew.members:
        member.is_blind = True
    found = bench.swap(inverted(), pairs)
    assert len(found) == 8
    assert all(isinstance(outcome, SwapResult) for outcome in found.values())


def test_another_fsbench_on_a_node_is_refused() -> None:
    from fsbench.engine.ray_worker import about_here, require_same

    here = about_here()
    require_same("n1", here, here)
    with pytest.raises(DependencyError, match=r"node n1 has fsbench 0\.0\.1 \(source x\), the driver has"):
        require_same("n1", {**here, "fsbench": "0.0.1 (source x)"}, here)
    with pytest.raises(DependencyError, match="node n1 has fsbench not installed"):
        require_same("n1", {}, here)


def test_a_node_of_another_fsbench_joins_and_is_refused(cluster: Any, tmp_path: Path) -> None:
    import fsbench

    shutil.copytree(Path(fsbench.__file__).parent, tmp_path / "fsbench", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "fsbench/__init__.py").write_text('__version__ = "0.0.1"\n')
    early = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport fsbench\n"
    (tmp_path / "sitecustomize.py").write_text(early)
    odd = cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES, env_vars={"PYTHONPATH": str(tmp_path)})
    workers = executor(run_config(protocol="ff++", executor="ray", ray_address=cluster.address, workers=3), planned=9)
    try:
        with pytest.raises(DependencyError, match=r"has fsbench 0\.0\.1 \(source \w+\), the driver has"):
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline:  # until all three have started
                list(workers.map(Task("hash"), [[]]))
                time.sleep(0.05)
    finally:
        workers.close()
        cluster.remove_node(odd)


def test_no_cluster_at_the_address_is_one_line(fsbench: Run, real_data: Path, tmp_path: Path) -> None:
    words = [
        "run",
        "ff++",
        "--data",
        real_data / "ffpp_mini",
        "--executor",
        "ray",
        "--ray-address",
        "ray://127.0.0.1:1",
    ]
    done = fsbench(*words, "--out", tmp_path)
    assert done.returncode == 2
    assert "no Ray cluster can be used at 'ray://127.0.0.1:1'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ray_address": "auto"}, "--ray-address is for a Ray cluster"),
        ({"executor": "ray", "gpus_per_worker": 0.5}, "the device is cpu"),
        ({"executor": "ray", "device": "cuda:1"}, "Ray deals the GPUs out"),
        ({"executor": "ray", "device": "cuda", "gpus_per_worker": 1.5}, "neither a share"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], message: str) -> None:
    from fsbench.engine.executors import check_executor

    with pytest.raises(ConfigError, match=message):
        check_executor(run_config(protocol="ff++", **settings))


def test_without_ray_there_is_a_clear_line(real_data: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['ray'] = None; from fsbench.cli.main import main; main()"
    words = ["run", "ff++", "--data", str(real_data / "ffpp_mini"), "--executor", "ray", "--out", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-2:] == [
        "fsbench: --executor ray needs the package 'ray'",
        '  try: pip install "fsbench[ray]"',
    ]
