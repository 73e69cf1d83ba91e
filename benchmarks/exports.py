"""Every format that is here at full size: bytes, distance from torch in two runs, and time of a pass on one thread.

Random weights; what is missing is named, what is refused says why. Prints a Markdown table.

    python benchmarks/exports.py [--size 256] [--width 64] [--calibrate DIR]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import tempfile
import time
from pathlib import Path

from fsbench.adapters.runtimes import open_runtime
from fsbench.cli.settings import locate_data
from fsbench.engine.cache import default_folder
from fsbench.exports.calibration import Calibration, calibration
from fsbench.exports.export import Outcome, export
from fsbench.exports.network import Network, face_net_network, generator_network
from fsbench.exports.random_weights import NOTE, random_face_net, random_trained
from fsbench.exports.targets import FORMATS, PRECISIONS, missing_packages, versions_of

PASSES = 10


def main() -> None:
    """Export, and print a row each."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--size", type=int, default=256)
    asked.add_argument("--width", type=int, default=64)
    asked.add_argument("--calibrate", type=Path, help="pictures of faces for int8; default: the mini set")
    given = asked.parse_args()
    pictures = given.calibrate or Path(locate_data("mini", default_folder())["data"])
    trained, embedder = random_trained(size=given.size, width=given.width), random_face_net()
    networks = [
        generator_network(trained, folded=True, weights=NOTE),
        generator_network(trained, folded=False, weights=NOTE),
        face_net_network(embedder, weights=NOTE),
    ]
    print(f"{os.cpu_count()} cores, one thread; {given.size} px, width {given.width}, random weights\n")
    print("| network | format | precision | MB | largest, run 1 | run 2 | mean | PSNR or cosine | ms a pass |")
    print("|---|---|---|---|---|---|---|---|---|")
    here = [name for name in FORMATS if not missing_packages(FORMATS[name])]
    for network in networks:
        for precision in PRECISIONS:
            if network.form == "plain" and precision != "fp32":
                continue
            names = [name for name in here if precision not in FORMATS[name].lacks]
            found = calibration(pictures, network, embedder if network.part == "generator" else None)
            for name in names:
                _row(network, name, precision, found)
    for name in FORMATS:
        what = ", ".join(f"{package} {found}" for package, found in versions_of(FORMATS[name]).items())
        print(
            f"\n{name}: {what if name in here else 'not here: ' + ', '.join(missing_packages(FORMATS[name]))}", end=""
        )
    print()


def _row(network: Network, name: str, precision: str, found: Calibration) -> None:
    with tempfile.TemporaryDirectory() as folder:
        samples = found.samples if precision == "int8" else []
        (outcome,) = export(network, [name], Path(folder), precision=precision, samples=samples)  # type: ignore[arg-type]
        print(f"| {network.title} | {name} | {precision} | {_cells(outcome, network, Path(folder))} |", flush=True)


def _cells(outcome: Outcome, network: Network, folder: Path) -> str:
    manifest = outcome.manifest
    if manifest is None:
        return f"refused: {outcome.problem}"
    size = f"{manifest.size_bytes / 1e6:.2f}"
    if not manifest.check.runs:
        return f"{size} | not run here"
    first, second = manifest.check.runs
    more = f"{first.psnr:.1f} dB" if first.psnr else f"{first.cosine:.7f}" if first.cosine else "equal"
    call, times = open_runtime(manifest.runtime, folder / manifest.files[0].name, threads=1), []
    examples = network.examples()
    with contextlib.redirect_stdout(io.StringIO()):
        for number in range(PASSES + 1):
            begun = time.perf_counter()
            call(*examples[number % 2])
            times.append(1000 * (time.perf_counter() - begun))
    middle = statistics.median(times[1:])
    return f"{size} | {first.largest:.2g} | {second.largest:.2g} | {first.mean:.2g} | {more} | {middle:.0f}"


if __name__ == "__main__":
    main()
