"""Child processes that do not outlive their parent, and how a process is told from another with the same number."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dying_with_parent(number: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """Return what `subprocess` is to run in the child before exec: the kernel sends `number` when the parent is gone.

    Start such a child from the main thread: the kernel counts the thread that forked as the parent.
    A change of user clears the wish, so it is made last, which is where `subprocess` calls `preexec_fn`.
    """
    parent = os.getpid()

    def wish() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
            if os.getppid() != parent:  # It died between the fork and the wish.
                os.kill(os.getpid(), number)

    return wish


@dataclass(frozen=True)
class ProcessIdentity:
    """One process for ever: numbers are given again, a number with its start time and command is not."""

    pid: int
    started: float  # Seconds since the epoch, as the kernel says.
    command: tuple[str, ...]

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """Return who `pid` is now. Raises psutil.NoSuchProcess."""
        process = psutil.Process(pid)
        return cls(pid, process.create_time(), tuple(process.cmdline()))

    def running(self) -> psutil.Process | None:
        """Return the process if it is still the same one and runs; a zombie is gone, whatever answers `kill -0`."""
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            same_time = abs(process.create_time() - self.started) < 0.02
            return process if same_time and tuple(process.cmdline()) == self.command else None
        except psutil.Error:
            return None
