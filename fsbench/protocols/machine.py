"""What a time depends on besides the program: processor, clock, allocator, threads; and how fast the machine can be."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsbench.protocols.timing import Stopwatch

CPU = Path("/sys/devices/system/cpu")
HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
ALLOCATOR_PREFIXES = ("MALLOC_", "THP_MEM_ALLOC", "GLIBC_TUNABLES", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "KMP_AFFINITY", "KMP_BLOCKTIME")
UNKNOWN = "not said"
PRODUCT_SIZE = {"cpu": 2048, "cuda": 8192, "mps": 4096}  # rows and columns of the two matrices that are multiplied
PRODUCT_SECONDS = 1.0  # how long each is repeated for the best of it


@dataclass(frozen=True)
class Setting:
    """What the work is given."""

    threads: int  # of torch and of runtimes that take a number
    device: str  # "cpu", "cuda:1", "mps"
    precision: str


def usable_cores() -> int:
    """Tell how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def conditions(given: Setting) -> dict[str, str]:
    """Say all that times depend on and that can be found out here."""
    import torch

    return {
        "platform": processor(),
        "os": system_name(),
        "hardware": hardware(given),
        "device": given.device if given.device == "cpu" else f"{given.device}: {gpu_name(given.device)}",
        "cores": str(usable_cores()),
        "clock": clock(),
        "governor": _read(CPU / "cpu0/cpufreq/scaling_governor") or UNKNOWN,
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": str(given.threads),
        "thread settings": settings(THREAD_VARIABLES),
        "precision": given.precision,
        "allocator": settings(ALLOCATOR_PREFIXES),
        "huge pages": chosen(_read(HUGE_PAGES)) or UNKNOWN,
        "preloaded": ", ".join(Path(name).name for name in os.environ.get("LD_PRELOAD", "").split()) or "nothing",
        "grad mode": "on, unless the swapper turns it off" if torch.is_grad_enabled() else "off",
        "TF32": "on" if torch.backends.cuda.matmul.allow_tf32 else "off",
        "cuDNN benchmark": "on" if torch.backends.cudnn.benchmark else "off",
    }


def hardware(given: Setting) -> str:
    """Say what does the work: "CPU, 2 threads", or the GPU by name."""
    if given.device == "cpu":
        return f"CPU, {given.threads} thread{'s' if given.threads > 1 else ''}"
    return gpu_name(given.device)


def processor() -> str:
    """Name the processor as it names itself."""
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def system_name() -> str:
    """Name the operating system: "Ubuntu 24.04.1 LTS", "Darwin 23.1.0"."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}"


def clock() -> str:
    """Say the processor's clock now and at most, in MHz, as far as the system tells."""
    now = [
        value.strip()
        for line in _read(Path("/proc/cpuinfo")).splitlines()
        for name, _, value in [line.partition(":")]
        if name.strip() == "cpu MHz"
    ]
    most = _read(CPU / "cpu0/cpufreq/cpuinfo_max_freq")
    told = [f"{max(map(float, now)):.0f} MHz now" if now else "", f"{int(most) // 1000} MHz at most" if most else ""]
    return ", ".join(text for text in told if text) or UNKNOWN


def gpu_name(device: str) -> str:
    """Name the GPU that a device stands for."""
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else f"{platform.machine()} GPU"


def load() -> float | None:
    """Tell how many processes wanted to run in the last minute; None where the system does not say."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def settings(prefixes: tuple[str, ...]) -> str:
    """Give the environment variables that start so, or say that none is set."""
    found = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith(prefixes)]
    return ", ".join(found) or "default"


def chosen(text: str) -> str:
    """Give the choice in brackets of a file such as "always [madvise] never"."""
    return text.partition("[")[2].partition("]")[0]


def speed_limit(given: Setting, stopwatch: Stopwatch | None = None) -> float:
    """Measure the machine's limit: the best speed of a large matrix product or a large convolution, GFLOP/s.

    Two operations a multiplication and addition. Both, because a library may know a processor badly: on AMD's the
    product was seen at half the speed of the convolution. Fewer operations may do what was counted: Winograd's method
    can come out beyond it. `stopwatch` takes the times in place of the device's own clock.
    """
    import torch

    from fsbench.evaluators.inference import torch_threads
    from fsbench.protocols.timing import stopwatch_for

    size = PRODUCT_SIZE.get(given.device.partition(":")[0], 2048)
    take = stopwatch or stopwatch_for(given.device)[0]
    kind = {"dtype": getattr(torch, given.precision), "device": given.device}
    with torch_threads(given.threads), torch.inference_mode():
        left, right = (torch.randn(size, size, **kind) for _ in range(2))
        side, width = size // 16, 64
        maps, weight = torch.randn(1, width, side, side, **kind), torch.randn(width, width, 3, 3, **kind)
        maps, weight = (each.contiguous(memory_format=torch.channels_last) for each in (maps, weight))
        works = (
            (2 * size**3, lambda: torch.matmul(left, right)),
            (2 * 9 * width**2 * side**2, lambda: torch.nn.functional.conv2d(maps, weight, padding=1)),
        )
        return max(_best(take, operations, work) for operations, work in works)


def _best(take: Stopwatch, operations: int, work: Callable[[], object]) -> float:
    """Repeat a piece of work for a while and give its best speed, GFLOP/s."""
    best, end = float("inf"), time.monotonic() + PRODUCT_SECONDS
    while time.monotonic() < end or best == float("inf"):
        best = min(best, take(work))
    return operations / best / 1e6


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
