"""Where a result comes from: versions, weights, machine, time."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import fsbench
from fsbench.engine.bench import Ledger
from fsbench.engine.plugins import Identified
from fsbench.records import Provenance, RunConfig
from fsbench.zoo.licences import licences_of

PACKAGES = (
    *("numpy", "scipy", "torch", "opencv-python", "opencv-python-headless", "dlib-bin", "av", "pillow"),
    *("onnxruntime", "onnxruntime-gpu", "openvino", "ncnn"),
)


def provenance(
    *,
    config: RunConfig,
    parts: Mapping[str, Identified],
    data_digest: str,
    started: datetime.datetime,
    seconds: float,
    ledger: Ledger,
    command: str,
    conditions: Mapping[str, str],
) -> Provenance:
    """Collect all that is needed to make a result again; `parts` are the networks that measure, by role."""
    commit, dirty = _commit()
    return Provenance(
        fsbench=fsbench.__version__,
        commit=commit,
        dirty=dirty,
        python=platform.python_version(),
        packages={name: found for name in PACKAGES if (found := _version(name))},
        evaluators={role: f"{part.name}@{part.version}" for role, part in parts.items()},
        weights={file: sha256 for part in parts.values() for file, sha256 in part.weights.items()},
        licences={
            file: licence
            for part in parts.values()
            for file, licence in licences_of(part.plugin.build().weight_files()).items()
        },
        data_digest=data_digest,
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, device {config.device}",
        conditions=dict(conditions),
        command=command,
        started=started.isoformat(timespec="seconds"),
        seconds=round(seconds, 3),
        stages={stage: round(spent, 3) for stage, spent in ledger.seconds.items()},
        computed=dict(ledger.computed),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _commit() -> tuple[str, bool]:
    """Give the commit of the checkout that fsbench runs from, and whether files differ from it; empty elsewhere."""
    root = Path(fsbench.__file__).parent.parent
    if not (root / ".git").exists():
        return "", False
    try:
        commit, status = (
            subprocess.run(
                ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10
            ).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return "", False
    return commit, bool(status)
