"""Memory for training on a CPU: kept by the process, not given back and asked for anew.

glibc maps each large block on its own and gives it back when it is freed, so every map of a 256 x 256 picture costs
fresh pages, cleared by the system. Kept, a step of the released setting takes about two thirds of the time; the process
then holds its peak until it ends.
"""

from __future__ import annotations

import ctypes
import sys

# Numbers of glibc's malloc.h: no block is mapped on its own, and the top of the heap is kept.
MMAP_MAX, TRIM_THRESHOLD = -4, -1
SETTINGS = ((MMAP_MAX, 0), (TRIM_THRESHOLD, 2**31 - 1))


def keep_freed_memory() -> bool:
    """Ask glibc to keep what is freed; False where there is another C library, or it refuses."""
    if not sys.platform.startswith("linux"):
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    return set_option is not None and all(set_option(name, value) == 1 for name, value in SETTINGS)
