"""Running an export twice beside torch: no file counts until its output was compared, and not only once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fsbench.adapters.runtimes import open_runtime
from fsbench.exports.manifest import Check, Difference
from fsbench.exports.network import Network

RUNS = 2  # some runtimes were right at first and wrong from the second call on
FP32_BOUND = 1e-4  # a hundredth of one grey level of 256 and less


def checked(network: Network, file: Path, runtime: str, *, bound: float | None) -> Check:
    """Open a file with a runtime, run both examples twice, and compare with torch.

    Raises:
        DependencyError: the runtime is not here, or cannot run the file.
    """
    examples = network.examples()
    wanted = [network.run(each) for each in examples]
    call = open_runtime(runtime, file, threads=1)
    runs = tuple(_difference([call(*each) for each in examples], wanted, network) for _ in range(RUNS))
    return Check(state="ran", runs=runs, bound=bound, deviation=float(np.std(np.stack(wanted), dtype=np.float64)))


def refusal(check: Check) -> str:
    """Say why an export does not count; "" where it does.

    Refused is what is not finite; what is above the bound; and, in any precision, what is no nearer to torch than a
    constant would be.
    """
    for number, run in enumerate(check.runs, start=1):
        where = f"in run {number} of {len(check.runs)}"
        if not np.isfinite(run.largest):
            return f"it gave numbers that are not finite {where}"
        if check.bound is not None and run.largest > check.bound:
            return f"found a difference from torch of {run.largest:.2g} {where}, wanted at most {check.bound:g}"
        if check.deviation is not None and run.rms >= check.deviation:
            rms, spread = f"{run.rms:.2g}", f"{check.deviation:.2g}"
            return (
                f"it has nothing to do with the network: off by {rms} (rms) {where}, torch's outputs vary by {spread}"
            )
    return ""


def _difference(found: list[NDArray[np.float32]], wanted: list[NDArray[np.float32]], network: Network) -> Difference:
    """Compare the outputs of both examples.

    Raises:
        ValueError: a shape is not that of torch.
    """
    for one, other in zip(found, wanted, strict=True):
        if one.shape != other.shape:
            raise ValueError(f"it gives the shape {one.shape}, torch {other.shape}")
    ours, theirs = np.stack(found).astype(np.float64), np.stack(wanted).astype(np.float64)
    gap = np.abs(ours - theirs)
    if not np.isfinite(gap).all():
        return Difference(largest=float("inf"), mean=float("inf"), rms=float("inf"))
    rms = float(np.sqrt((gap**2).mean()))
    cosine = psnr = None
    if network.part == "face-net":
        lengths = np.linalg.norm(ours, axis=-1) * np.linalg.norm(theirs, axis=-1)
        cosine = float(((ours * theirs).sum(-1) / np.maximum(lengths, np.finfo(float).tiny)).min())
    elif rms:
        psnr = 20 * float(np.log10(2 / rms))
    return Difference(largest=float(gap.max()), mean=float(gap.mean()), rms=rms, psnr=psnr, cosine=cosine)
