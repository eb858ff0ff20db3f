"""Free ports on the loopback interface.

A port is promised long before its server listens on it, and some servers share a port without a word. So a promise is
a locked file, which ends with the process that holds it: two installations that start at once get different ports.
Nor may it lie where the system takes the near end of outgoing connections from: one of those would hold it when the
server comes.
"""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

TRIED = 20
ANYWHERE = range(10_000, 32_768)  # Below the ports of outgoing connections (Linux: 32768 to 60999).
HOST = "127.0.0.1"
_PROMISED: dict[int, IO[bytes]] = {}


def free_port(wanted: int, taken: frozenset[int] = frozenset()) -> int:
    """Return `wanted` if nothing listens on it, else the first free one of the next 20, else (or for 0) any.

    taken: ports already promised to somebody of this process who has not bound them yet. Raises OSError when not one
    is left.
    """
    near = range(wanted, wanted + TRIED + 1) if wanted else ()
    for port in (*near, *random.sample(ANYWHERE, len(ANYWHERE))):
        if port not in taken and _is_free(port) and _promise(port):
            return port
    raise OSError("no port is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # A closed connection's rest is no listener.
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
        return True


def _promise(port: int) -> bool:
    """Keep a port for this process, until it ends; return whether no other process has it promised."""
    if port in _PROMISED:
        return True
    note = (Path(tempfile.gettempdir()) / f"tanhui-{os.getuid()}-port-{port}").open("wb")
    try:
        fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        note.close()
        return False
    _PROMISED[port] = note
    return True
