"""Ports: near the wanted one, and never promised to two processes."""

import subprocess
import sys
from pathlib import Path

from ops.ports import free_port
from tests.database import BASE_DIR

ASK = "import sys; from ops.ports import free_port; print(free_port(int(sys.argv[1])), flush=True); sys.stdin.read()"


def test_two_processes_that_start_at_once_get_different_ports():
    wanted = free_port(0)
    asked = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(wanted)],
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    given = [int(one.stdout.readline()) for one in asked]
    for one in asked:
        one.communicate("")

    assert len(set(given)) == 3
    # A promise ends with its process.
    again = subprocess.run(
        [sys.executable, "-c", ASK, str(min(given))], cwd=BASE_DIR, input="", capture_output=True, text=True
    )
    assert int(again.stdout) == min(given)


def test_a_port_of_its_own_is_none_that_an_outgoing_connection_could_hold():
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert free_port(0) < min(lowest, 32_768)
