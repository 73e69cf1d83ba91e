"""The files that docs/cluster.md hands out: a shell that parses, manifests of the right shape, commands that exist."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from fsbench.cli.main import app

FOLDER = Path(__file__).parents[2] / "docs" / "cluster"
# What the RayCluster definition of KubeRay (ray.io/v1) requires.
REQUIRED = {"groupName", "maxReplicas", "minReplicas", "rayStartParams", "template"}


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / "kuberay.yaml").read_text(encoding="utf-8")))


def parses(words: list[str]) -> None:
    """Let the command line read the words of `fsbench ...`."""
    command = typer.main.get_command(app)
    name, *rest = words
    command.commands[name].make_context(name, rest)  # type: ignore[attr-defined]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_batch_file_is_sound_bash_and_its_command_parses() -> None:
    file = FOLDER / "slurm.sbatch"
    done = subprocess.run(["bash", "-n", str(file)], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    lines = file.read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    options = [line.split()[1].partition("=")[0] for line in lines if line.startswith("#SBATCH")]
    assert {"--nodes", "--ntasks-per-node", "--gpus-per-node"} <= set(options)
    (command,) = (line.partition(" fsbench ")[2].rstrip("& ") for line in lines if " fsbench run " in line)
    parses(command.replace('"$@"', "ff++ --data D").replace('"', "").split())


def test_the_manifest_has_what_a_ray_cluster_requires() -> None:
    cluster, job = manifests()
    assert (cluster["apiVersion"], cluster["kind"]) == ("ray.io/v1", "RayCluster")
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    head, workers = cluster["spec"]["headGroupSpec"], cluster["spec"]["workerGroupSpecs"]
    assert {"rayStartParams", "template"} <= head.keys()
    for group in workers:
        assert group.keys() >= REQUIRED
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    assert all(isinstance(value, str) for group in (head, *workers) for value in group["rayStartParams"].values())
    images = {c["image"] for group in (head, *workers, job["spec"]) for c in group["template"]["spec"]["containers"]}
    assert len(images) == 1  # another fsbench on a node would be refused


def test_the_command_of_the_job_parses_and_finds_the_head() -> None:
    cluster, job = manifests()
    (driver,) = job["spec"]["template"]["spec"]["containers"]
    words = [*driver["command"], *driver["args"]]
    assert words[0] == "fsbench"
    parses(words[1:])
    assert f"ray://{cluster['metadata']['name']}-head-svc:10001" in words  # KubeRay's name of the head's service


def test_pods_and_job_fit_the_schemas_of_kubernetes() -> None:
    check = pytest.importorskip(
        "kubernetes_validate", reason="needs kubernetes-validate, which the extra 'dev' installs"
    )
    cluster, job = manifests()
    groups = [cluster["spec"]["headGroupSpec"], *cluster["spec"]["workerGroupSpecs"]]
    for number, group in enumerate(groups):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{number}"}, "spec": group["template"]["spec"]}
        check.validate(pod, "1.31", strict=True)
    check.validate(job, "1.31", strict=True)
    broken = {**job, "spec": {**job["spec"], "backofLimit": 1}}
    with pytest.raises(check.ValidationError):
        check.validate(broken, "1.31", strict=True)
