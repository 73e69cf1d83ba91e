"""Takes away from this process what reading a file does not need: network, programs, other processes, other files.

Two walls. Python's audit hook refuses on every system whatever goes through Python's own functions, and cannot be
removed again. On Linux (x86-64, arm64) a seccomp filter makes the kernel refuse the same, also to native code.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from typing import Any

REFUSED = (
    *("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill", "pty."),
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate"),
    *("os.putenv", "shutil.", "tempfile.", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.", "ctypes.dlopen"),
    *("signal.pthread_kill", "syslog.", "sqlite3.connect", "mmap.__new__"),
)
WRITING = ("w", "a", "x", "+")

# Calls that the kernel refuses, by their numbers: io_uring_setup (it can open connections too), socket, connect, bind,
# execve, execveat, ptrace, process_vm_writev, kill, tkill, and fork and vfork where they exist.
# Source: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
CALLS = {
    "x86_64": (0xC000003E, (425, 41, 42, 49, 59, 322, 101, 311, 62, 200, 57, 58)),
    "aarch64": (0xC00000B7, (425, 198, 203, 200, 221, 281, 117, 271, 129, 130)),
}
X32_BIT = 0x40000000  # x86-64 knows every call under a second number with this bit
SET_NO_NEW_PRIVS, SET_SECCOMP, MODE_FILTER = 38, 22, 2
LOAD, EQUALS, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, KILL, NOT_PERMITTED = 0x7FFF0000, 0x80000000, 0x00050001


class _Step(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("value", ctypes.c_uint))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def enter() -> str:
    """Put up the walls around this process, for good.

    Returns:
        Who enforces them, for people: "the kernel (seccomp)", or "Python alone" where there is no such filter.
    """
    by_kernel = _filter_calls()
    sys.addaudithook(_refuse)
    return "the kernel (seccomp)" if by_kernel else "Python alone"


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    writes = event == "open" and isinstance(arguments[1], str) and any(sign in arguments[1] for sign in WRITING)
    if writes or event.startswith(REFUSED):
        raise PermissionError(f"{event} is refused while a foreign file is read")


def _filter_calls() -> bool:
    """Make the kernel refuse the calls; whether it can."""
    machine, numbers = CALLS.get(platform.machine(), (0, ()))
    if sys.platform != "linux" or not numbers:
        return False
    refusals = [_Step(EQUALS, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    steps = [
        _Step(LOAD, 0, 0, 4),  # which machine the call is for: another one has other numbers
        _Step(EQUALS, 1, 0, machine),
        _Step(RETURN, 0, 0, KILL),
        _Step(LOAD, 0, 0, 0),  # the number of the call
        _Step(AT_LEAST, len(refusals) + 1, 0, X32_BIT),
        *refusals,
        _Step(RETURN, 0, 0, ALLOW),
        _Step(RETURN, 0, 0, NOT_PERMITTED),
    ]
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        program = _Program(len(steps), (_Step * len(steps))(*steps))
        no_new_rights: int = libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        filtered: int = libc.prctl(SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0)
    except (OSError, AttributeError):
        return False
    return no_new_rights == 0 and filtered == 0
