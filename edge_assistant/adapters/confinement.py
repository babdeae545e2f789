"""Takes from a process, for good, what running a model never needs: networks, other programs, other processes.

A filter of system calls (seccomp, Linux on x86_64 and aarch64). What it forbids fails with EPERM; memory, files and
what drivers are told (ioctl) stay free, so that a GPU goes on working. It is set once everything is loaded.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import sys
from collections.abc import Iterator
from typing import Final

PR_SET_NO_NEW_PRIVS: Final = 38
CLONE_THREAD: Final = 0x00010000
OPEN_FILES: Final = 512
_CALLS: Final = {  # name: (x86_64, aarch64); None where the machine does not have it
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242), "bind": (49, 200),
    "listen": (50, 201), "socketpair": (53, 199), "io_uring_setup": (425, 425),
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "ptrace": (101, 117), "pidfd_getfd": (438, 438),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "perf_event_open": (298, 241),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_by_handle_at": (304, 265), "bpf": (321, 280), "userfaultfd": (323, 282),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "init_module": (175, 105),
    "finit_module": (313, 273), "kexec_load": (246, 104),
}  # fmt: skip
_CLONE: Final = (56, 220)
_CLONE3: Final = (435, 435)
_SECCOMP: Final = (317, 277)
_ARCHITECTURES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""The column of the calls, and what the kernel calls the machine (linux/audit.h)."""
_X32: Final = 0x40000000
"""From this number on, x86_64 takes calls in another way."""
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
"""Where in `struct seccomp_data` these stand (linux/seccomp.h)."""


class _Step(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def confine(megabytes: int) -> str:
    """Forbid this process all that is named above, and files above a size; return in words what holds now."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, files[1]), min(OPEN_FILES, files[1])))
    resource.setrlimit(resource.RLIMIT_FSIZE, (megabytes << 20, megabytes << 20))
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _ARCHITECTURES:
        return f"limits only: no filter of system calls is known for {sys.platform} on {machine}"
    trouble = _filter(machine)
    return f"limits only: {trouble}" if trouble else "no network and no other programs (seccomp)"


def _filter(machine: str) -> str:
    """Set the filter for every thread, and return what is wrong, if it cannot be set."""
    column, _ = _ARCHITECTURES[machine]
    steps = list(_steps(machine))
    program = _Program(len(steps), (_Step * len(steps))(*steps))
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or library.syscall(_SECCOMP[column], 1, 1, ctypes.byref(program)):
        return f"the system refuses a filter of system calls ({os.strerror(ctypes.get_errno()).lower()})"
    return ""


def _steps(machine: str) -> Iterator[_Step]:
    """Yield the filter in the kernel's own small language: what each number of a call leads to."""
    column, name = _ARCHITECTURES[machine]
    yield _Step(_LOAD, 0, 0, _MACHINE)
    yield _Step(_EQUAL, 1, 0, name)
    yield _Step(_RETURN, 0, 0, _ERROR | errno.EPERM)
    yield _Step(_LOAD, 0, 0, _NUMBER)
    yield _Step(_AT_LEAST, 0, 1, _X32)
    yield _Step(_RETURN, 0, 0, _ERROR | errno.EPERM)
    yield _Step(_EQUAL, 0, 1, _CLONE3[column])  # its flags cannot be seen; without it, threads start by the older call
    yield _Step(_RETURN, 0, 0, _ERROR | errno.ENOSYS)
    for numbers in _CALLS.values():
        number = numbers[column]
        if number is not None:
            yield _Step(_EQUAL, 0, 1, number)
            yield _Step(_RETURN, 0, 0, _ERROR | errno.EPERM)
    yield _Step(_EQUAL, 0, 3, _CLONE[column])
    yield _Step(_LOAD, 0, 0, _FIRST_ARGUMENT)
    yield _Step(_ANY_BIT, 1, 0, CLONE_THREAD)
    yield _Step(_RETURN, 0, 0, _ERROR | errno.EPERM)
    yield _Step(_RETURN, 0, 0, _ALLOW)
