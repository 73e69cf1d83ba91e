"""How far each metric moves when nothing that matters changes: where the default margins of `compare` come from.

Runs the landmark swapper and repeats of it whose results differ as those of another machine, codec or library do: one
grey level of noise (several seeds), JPEG at quality 95, a tenth of a pixel. Prints for each metric the mean shift of
each kind, the largest of all repeats, the margin, and what `compare` said.

    python benchmarks/compare_noise.py [--data DIR] [--seeds 6]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from fsbench.reports.compare import compare
from fsbench.reports.compare_settings import DEFAULTS, CompareSettings
from fsbench.reports.runs import load_runs

VARIANTS = """
import dataclasses, io
import numpy as np
from PIL import Image
from fsbench.adapters.landmark import Landmark

class Noisy(Landmark):
    name = "noisy"
    def __init__(self, *, seed: str = "0") -> None:
        super().__init__()
        self._seed = int(seed)
    def _swap_one(self, item):
        done = super()._swap_one(item)
        noise = np.random.default_rng([self._seed, *item.pair.key.encode()]).integers(-1, 2, done.image.shape)
        return dataclasses.replace(done, image=np.clip(done.image + noise, 0, 255).astype(np.uint8))

class Jpeg(Landmark):
    name = "jpeg"
    def _swap_one(self, item):
        done, buffer = super()._swap_one(item), io.BytesIO()
        Image.fromarray(done.image).save(buffer, "JPEG", quality=95)
        return dataclasses.replace(done, image=np.array(Image.open(buffer).convert("RGB")))

class Moved(Landmark):
    name = "moved"
    def _swap_one(self, item):
        import cv2
        done = super()._swap_one(item)
        size = done.image.shape[1::-1]
        moved = cv2.warpAffine(done.image, np.float64([[1, 0, 0.1], [0, 1, 0]]), size, borderMode=cv2.BORDER_REPLICATE)
        return dataclasses.replace(done, image=moved)
"""


def main() -> None:
    """Run the repeats and print what they did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="mini")
    parser.add_argument("--seeds", type=int, default=6)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        file = root / "variants.py"
        file.write_text(VARIANTS, encoding="utf-8")
        words = ["--swapper", "landmark"]
        for seed in range(given.seeds):
            words += ["--swapper", f"noise{seed}={file}:Noisy", "--swapper-arg", f"noise{seed}.seed={seed}"]
        words += ["--swapper", f"jpeg={file}:Jpeg", "--swapper", f"moved={file}:Moved"]
        command = [sys.executable, "-m", "fsbench", "run", "ff++", "--data", given.data, "--no-controls"]
        subprocess.run([*command, "--out", str(root / "runs"), *words], check=True, stdout=subprocess.DEVNULL)
        _print(root / "runs" / "ff++")


def _print(root: Path) -> None:
    old = load_runs([root / "landmark"])
    shifts: dict[str, dict[str, list[float]]] = {}
    verdicts: dict[str, Counter[str]] = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and path.name != "landmark"):
        compared = compare(old, load_runs([folder]), CompareSettings(), name=folder.name)
        kind = folder.name.rstrip("0123456789")
        for judged in compared.swappers[0].metrics:
            if judged.difference is not None and judged.method != "failures":
                shifts.setdefault(judged.metric, {}).setdefault(kind, []).append(judged.difference)
                verdicts.setdefault(judged.metric, Counter())[judged.verdict] += 1
    kinds = list(next(iter(shifts.values())))
    print("| metric | " + " | ".join(f"{kind}, mean" for kind in kinds) + " | largest of all | margin | verdicts |")
    print("| --- |" + " ---: |" * (len(kinds) + 2) + " --- |")
    for metric, found in shifts.items():
        means = " | ".join(f"{np.mean(found[kind]):+.4f}" for kind in kinds)
        largest = max(abs(value) for values in found.values() for value in values)
        said = ", ".join(f"{count} {verdict}" for verdict, count in verdicts[metric].most_common())
        print(f"| `{metric}` | {means} | {largest:.4f} | {DEFAULTS[metric].absolute:g} | {said} |")


if __name__ == "__main__":
    main()
