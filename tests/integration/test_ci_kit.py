"""The action and the GitLab template: their own shell steps, run as the services run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from fsbench.reports.baseline import load_side
from fsbench.reports.compare import compare
from fsbench.reports.compare_settings import read_settings

from .conftest import Cli

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
TEMPLATE = yaml.safe_load((ROOT / "ci/fsbench.gitlab-ci.yml").read_text())[".fsbench"]
SWAPPERS = """
import dataclasses, io
import cv2
import numpy as np
from PIL import Image
from fsbench.adapters.landmark import Landmark

class Tilted(Landmark):
    name = "tilted"
    def _swap_one(self, item):
        done = super()._swap_one(item)
        size = done.image.shape[1::-1]
        turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), 3, 1)
        return dataclasses.replace(done, image=cv2.warpAffine(done.image, turn, size, borderMode=cv2.BORDER_REPLICATE))

class Encoded(Landmark):
    name = "encoded"
    def _swap_one(self, item):
        done, buffer = super()._swap_one(item), io.BytesIO()
        Image.fromarray(done.image).save(buffer, "JPEG", quality=95)
        return dataclasses.replace(done, image=np.array(Image.open(buffer).convert("RGB")))
"""


@dataclass(frozen=True)
class Job:
    """A checkout with a committed baseline, in which steps run."""

    folder: Path
    cache: Path

    def shell(self, script: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a script as the services do: bash, stop at the first error, this environment's Python first."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        plain = {"PATH": path, "FSBENCH_CACHE": str(self.cache), "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
        plain |= {name: value for name in ("HOME", "OMP_NUM_THREADS") if (value := os.environ.get(name))}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        return subprocess.run(
            command, cwd=self.folder, env={**plain, **env}, capture_output=True, text=True, check=False
        )

    def action(self, *names: str, **inputs: str) -> tuple[int, str, dict[str, str]]:
        """Run steps of the action by name; give exit code, summary and outputs. A failed step stops the job."""
        values = {name: found["default"] for name, found in ACTION["inputs"].items()} | inputs
        summary, outputs = self.folder / "summary.md", self.folder / "outputs"
        for file in (summary, outputs):
            file.write_text("")
        code = 0
        for step in ACTION["runs"]["steps"]:
            if step["name"] not in names:
                continue
            said = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
            env = {name: _filled(text, values, said) for name, text in step["env"].items()}
            github = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
            done = self.shell(step["run"], {**env, **github, "GITHUB_ACTION_PATH": str(ROOT)})
            if code := done.returncode:
                break
        return code, summary.read_text(), dict(line.split("=", 1) for line in outputs.read_text().splitlines())

    def gitlab(self, **variables: str) -> int:
        """Run the template's script but for the installation; give the exit code."""
        steps = [step for step in TEMPLATE["script"] if "pip install" not in step]
        return self.shell("\n".join(steps), {**TEMPLATE["variables"], **variables}).returncode


def _filled(text: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """Fill in the expressions that the action uses; another one is an error of this test."""
    text = re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], text)
    text = re.sub(r"\$\{\{ steps\.compare\.outputs\.([\w-]+) \}\}", lambda found: outputs[found[1]], text)
    assert "${{" not in text
    return text


@pytest.fixture(scope="module")
def job(cli: Cli, ffpp_run: Path, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("checkout")
    assert cli("baseline", "save", "mini", ffpp_run, "--baselines", folder / "baselines").code == 0
    (folder / "swappers.py").write_text(SWAPPERS)
    return Job(folder, cache_folder)


STEPS = ("Measure", "Compare", "Verdict")


def test_a_change_that_does_nothing_passes(job: Job) -> None:
    code, summary, outputs = job.action(*STEPS, out="same")
    assert (code, outputs["exit-code"]) == (0, "0")
    assert summary.startswith("<!-- fsbench-compare:fsbench -->\n### fsbench: no regression (10 same)")
    assert (job.folder / outputs["comment"]).is_file()
    assert (job.folder / "same/baselines/new/baseline.json").is_file()


@pytest.mark.slow
def test_a_swapper_made_worse_fails_the_job_and_the_summary_says_in_what(job: Job) -> None:
    swapper = "landmark=swappers.py:Tilted"
    code, summary, outputs = job.action(*STEPS, swappers=f"{swapper}\n", name="planted", out="worse")
    assert (code, outputs["exit-code"]) == (1, "1")
    assert summary.startswith("<!-- fsbench-compare:planted -->\n### planted: regression (1 worse")
    assert re.search(r"\| Pose error \(PnP-68\), deg ↓ .* worse \|", summary)
    assert job.gitlab(FSBENCH_SWAPPERS=swapper, FSBENCH_OUT="gitlab-worse") == 1
    assert 'failures="1"' in (job.folder / "gitlab-worse/compared/compare.xml").read_text()


@pytest.mark.slow
def test_twenty_seeds_give_no_false_alarm_where_results_were_only_encoded_anew(job: Job) -> None:
    code, _, _ = job.action("Measure", swappers="landmark=swappers.py:Encoded", out="encoded")
    assert code == 0
    code, summary, _ = job.action("Compare", "Verdict", out="encoded", seed="0")
    assert (code, "seed 0" in summary) == (0, True)
    assert "10 same" not in summary  # the results did change
    old = load_side("mini", job.folder / "baselines")
    new = load_side(str(job.folder / "encoded/runs"), job.folder / "baselines")
    for seed in range(20):
        compared = compare(old, new, read_settings(None, seed=seed), name="fsbench")  # what the step's command runs
        assert (compared.exit_code, compared.settings.seed) == (0, seed)


def test_the_gitlab_template_passes_a_change_that_does_nothing_in_its_own_shell(job: Job) -> None:
    assert job.gitlab(FSBENCH_OUT="gitlab") == 0
    assert (job.folder / "gitlab/compared/compare.xml").is_file()
    assert TEMPLATE["artifacts"]["reports"]["junit"] == "fsbench-out/compared/compare.xml"


def test_a_baseline_that_is_not_there_fails_the_job_and_says_so(job: Job) -> None:
    (job.folder / "same/runs").mkdir(parents=True, exist_ok=True)
    code, summary, outputs = job.action("Compare", "Verdict", baseline="nosuch", out="same")
    assert (code, outputs["exit-code"]) == (2, "2")
    assert "nothing was compared, exit code 2" in summary


def test_an_input_with_shell_code_stays_text(job: Job) -> None:
    evil = "$(touch broken); `touch broken`"
    code, _, _ = job.action("Measure", swappers=evil, data=evil, out="evil")
    assert code == 2
    assert not (job.folder / "broken").exists()


def test_the_install_step_hands_the_package_to_pip(job: Job, tmp_path: Path) -> None:
    (step,) = (step for step in ACTION["runs"]["steps"] if step["name"] == "Install")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "fsbench-install-probe"\nversion = "1"\n')
    (tmp_path / "fsbench_install_probe.py").write_text("")
    env = {"PIP_TARGET": str(tmp_path / "site"), "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_DEPS": "1"}
    pytest.importorskip("setuptools", reason="building a package offline needs setuptools")
    done = job.shell(step["run"], {**env, "PACKAGE": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site/fsbench_install_probe.py").is_file()


def test_fsbenchs_own_workflow_uses_the_action_with_inputs_that_there_are() -> None:
    workflow: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/regression.yml").read_text())
    steps = [step for found in workflow["jobs"].values() for step in found["steps"]]
    (own,) = (step for step in steps if step.get("uses") == "./")
    assert set(own["with"]) <= set(ACTION["inputs"])
    for step in steps:
        if "run" in step:
            assert subprocess.run(["bash", "-n", "-c", step["run"]], check=False).returncode == 0
