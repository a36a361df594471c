"""Landlock by system call: what a media process may read, write and connect to.

The rules are prepared in the parent, so that the child does nothing between fork and exec but two system calls on
functions bound beforehand: no import, no allocation that could meet a lock another thread held at the fork.
A kernel without Landlock runs the process without this layer; `landlock_abi()` tells.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import msgspec

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_RULE_PATH_BENEATH, _RULE_NET_PORT = 1, 2
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_IOCTL_DEV = 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | _IOCTL_DEV  # + TRUNCATE
_FS_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_FS_RIGHTS_SINCE_5 = (1 << 16) - 1
_NET_BIND_AND_CONNECT = 0b11
_NET_CONNECT = 0b10
_SCOPE_SOCKETS_AND_SIGNALS = 0b11

_SYSTEM_READS = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/etc/ld.so.cache",  # the dynamic linker
    "/dev/null",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",  # how many threads are worth starting
)

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
_prctl = _libc.prctl


class Confinement(msgspec.Struct, frozen=True):
    """What a process may touch besides its own program and the system's libraries."""

    program: str
    read: tuple[str, ...] = ()
    """Files, or folders with all below them, that may be read."""
    scratch: tuple[str, ...] = ()
    """Folders in which files may be made, written and removed."""
    devices: tuple[str, ...] = ()
    """Device files, or folders of them, that may be opened and controlled."""
    connect_port: int | None = None
    """The one TCP port that may be connected to (on any address: Landlock knows ports only)."""


class _RulesetAttr(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


class _NetPort(ctypes.Structure):
    _fields_ = (("allowed_access", ctypes.c_uint64), ("port", ctypes.c_uint64))


@lru_cache(maxsize=1)
def landlock_abi() -> int:
    """The version of Landlock the running kernel offers; 0 when it has none or it is turned off.

    Files are confined from 1 on, TCP from 4 on, signals and abstract sockets from 6 on.
    """
    version: int = _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return max(version, 0)


@contextmanager
def ruleset(confinement: Confinement) -> Iterator[int | None]:
    """A Landlock ruleset as a file descriptor for `enter`; None where the kernel has no Landlock."""
    abi = landlock_abi()
    if abi == 0:
        yield None
        return
    handled = _FS_RIGHTS_BY_ABI.get(abi, _FS_RIGHTS_SINCE_5)
    fd = _create_ruleset(abi, handled)
    try:
        for path in (confinement.program, *_SYSTEM_READS):
            _allow_path(fd, path, (_EXECUTE | _READ_FILE | _READ_DIR) & handled)
        for path in confinement.read:
            _allow_path(fd, path, (_READ_FILE | _READ_DIR) & handled)
        _allow_path(fd, "/dev/null", (_READ_FILE | _WRITE_FILE) & handled)
        for path in confinement.devices:
            _allow_path(fd, path, (_READ_FILE | _READ_DIR | _WRITE_FILE | _IOCTL_DEV) & handled)
        for path in confinement.scratch:
            _allow_path(fd, path, handled & ~_EXECUTE)
        if abi >= 4 and confinement.connect_port is not None:
            port = _NetPort(_NET_CONNECT, confinement.connect_port)
            _checked(_syscall(_ADD_RULE, fd, _RULE_NET_PORT, ctypes.byref(port), ctypes.c_uint32(0)))
        yield fd
    finally:
        os.close(fd)


def _create_ruleset(abi: int, handled_fs: int) -> int:
    attr = _RulesetAttr(
        handled_fs,
        _NET_BIND_AND_CONNECT if abi >= 4 else 0,
        _SCOPE_SOCKETS_AND_SIGNALS if abi >= 6 else 0,
    )
    # An older kernel refuses a structure longer than the one it knows.
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    return _checked(_syscall(_CREATE_RULESET, ctypes.byref(attr), ctypes.c_size_t(size), ctypes.c_uint32(0)))


def _allow_path(ruleset_fd: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # not every system has every library folder
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _FILE_RIGHTS
        beneath = _PathBeneath(rights, fd)
        _checked(_syscall(_ADD_RULE, ruleset_fd, _RULE_PATH_BENEATH, ctypes.byref(beneath), ctypes.c_uint32(0)))
    finally:
        os.close(fd)


def _checked(result: int) -> int:
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"Landlock: {os.strerror(errno)}")
    return result


def enter(ruleset_fd: int | None) -> None:
    """Confine the calling process for good. Only to be called in a child, between fork and exec."""
    if _prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
    if ruleset_fd is not None and _syscall(_RESTRICT_SELF, ruleset_fd, ctypes.c_uint32(0)) != 0:
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel to send the calling process a signal when the thread that forked it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
