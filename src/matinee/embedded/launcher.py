"""Turns itself into a server that cannot outlive the process that started it.

Run as a script by `process.py`, never imported: `python -I -S launcher.py PARENT SIGNAL UID GID COMMAND…`.
It is a program of its own, not a `preexec_fn`, because Python code between fork and exec can deadlock in a
parent with threads. The standard library alone is used, so that it starts in about 20 ms.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _drop_privileges(uid: int, gid: int) -> None:
    if os.geteuid() == uid:
        return
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def _die_with_parent(parent: int, death_signal: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        # The parent ended before prctl took effect: its death would never be reported again.
        sys.exit("the process that started this server has already ended")


def _reset_signals() -> None:
    # Python ignores some signals and a background shell ignores SIGINT; an ignored signal survives exec.
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def main() -> None:
    parent, death_signal, uid, gid = (int(argument) for argument in sys.argv[1:5])
    command = sys.argv[5:]
    _drop_privileges(uid, gid)
    _die_with_parent(parent, death_signal)  # after setuid: the kernel forgets the request when ids change
    _reset_signals()
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
