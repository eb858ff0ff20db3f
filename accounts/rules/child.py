"""Parsing what people upload, in a process of its own with little memory and little time.

A Celery child may not fork with multiprocessing, so the parser is a fresh `python -m module PATH`. What goes wrong
in it (memory, time, a crash of a C library) is an answer to the user and never the end of a worker.
Source: reliability.md, section 4.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

PROJECT = Path(__file__).resolve().parents[2]
MOST_ANSWER_BYTES = 256 * 1024 * 1024
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG = 1


class ParserFailed(Exception):
    """The parser gave no answer. `reason`: out of memory, out of time, or ended by itself."""

    def __init__(self, reason: Literal["memory", "time", "crash"], detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail

    def __str__(self) -> str:
        return f"the parser failed: {self.reason}"


def run_limited(
    module: str, payload_path: Path | str, *, memory_mib: int, seconds: float, arguments: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what `python -m MODULE PAYLOAD_PATH ARGUMENTS…` writes: one JSON object on its standard output.

    memory_mib: the most address space; numpy and its kind need some 300 MiB of it before they do anything.
    seconds:    the most time by the wall, and of one processor.

    The child knows no environment of ours, hence no secrets, and no network where the system lets us take it away.
    Raises ParserFailed.
    """
    command = [sys.executable, "-m", module, str(payload_path), *arguments]
    # A file, not a pipe: a child that floods its output is stopped by its own limit and not by our memory.
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=complaints,
            cwd=PROJECT,
            env=_environment(),
            start_new_session=True,
            preexec_fn=_limits(memory_mib, seconds),
        )
        try:
            code = child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise ParserFailed("time") from None
        finally:
            _end(child)
        complaints.seek(0)
        said = complaints.read(64 * 1024).decode("utf-8", "replace")
        if code == -signal.SIGXCPU:
            raise ParserFailed("time")
        if code != 0:
            raise ParserFailed("memory" if "MemoryError" in said or "bad_alloc" in said else "crash", said[-2000:])
        answer.seek(0)
        try:
            found = json.load(answer)
        except ValueError:
            raise ParserFailed("crash", "the answer is not JSON") from None
    if not isinstance(found, dict):
        raise ParserFailed("crash", "the answer is not an object")
    return found


def _environment() -> dict[str, str]:
    """Return the environment of a child: nothing of ours but where to find programs and how to write text.

    One thread: each further one of a numeric library takes address space for its stack.
    """
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
    }


def _limits(memory_mib: int, seconds: float) -> Any:
    """Return what the child does before it becomes the parser. Only system calls: it runs between fork and exec."""
    libc = ctypes.CDLL(None, use_errno=True)
    memory = memory_mib * 1024 * 1024
    processor = int(seconds) + 1

    def apply() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_ANSWER_BYTES, MOST_ANSWER_BYTES))
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # A network namespace of its own has no network. Where the system forbids it, the child has ours.
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)

    return apply


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child that still runs, and whatever it started: they share a session that is nobody else's."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
