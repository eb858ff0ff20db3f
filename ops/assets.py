"""The front-end files of other projects: `npm ci` by the lock, then the listed ones into .run/vendor.

`ops/vendor_files.json` is the list: target below .run/vendor -> file or folder below node_modules. Nothing else of
node_modules is ever served. Comments that name source maps are dropped, since the maps are not copied.
"""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

from config.environment import BASE_DIR, RUN_DIR
from ops import node

LIST = BASE_DIR / "ops" / "vendor_files.json"
LOCKED = (BASE_DIR / "package.json", BASE_DIR / "package-lock.json")
MODULES = RUN_DIR / "node"
VENDOR = RUN_DIR / "vendor"
SOURCE_MAP = re.compile(rb"(?m)^\s*(?://[#@]\s*sourceMappingURL=\S+|/\*[#@]\s*sourceMappingURL=[^*]+\*/)\s*$")


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def _stamped(stamp: Path, digest: str) -> bool:
    return stamp.is_file() and stamp.read_text() == digest


def install() -> None:
    """Bring .run/vendor up to date with the lock and the list; does nothing when it is. Raises NodeFailed."""
    done = _digest(*LOCKED, LIST, Path(__file__))
    if _stamped(VENDOR / ".stamp", done):
        return
    _install_modules()
    fresh = VENDOR.with_name("vendor.partial")
    shutil.rmtree(fresh, ignore_errors=True)
    for target, source in json.loads(LIST.read_text()).items():
        _copy(MODULES / "node_modules" / source, fresh / target)
    (fresh / ".stamp").write_text(done)
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)


def _install_modules() -> None:
    locked = _digest(*LOCKED)
    if _stamped(MODULES / ".stamp", locked):
        return
    MODULES.mkdir(parents=True, exist_ok=True)
    for path in LOCKED:
        shutil.copy(path, MODULES / path.name)
    node.find().run_npm("ci", "--omit=dev", "--ignore-scripts", folder=MODULES)
    (MODULES / ".stamp").write_text(locked)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file():
                _copy(path, target / path.relative_to(source))
        return
    if not source.is_file():
        raise node.NodeFailed(f"{LIST.name} names {source.relative_to(MODULES / 'node_modules')}, which no package has")
    target.parent.mkdir(parents=True, exist_ok=True)
    content = source.read_bytes()
    target.write_bytes(SOURCE_MAP.sub(b"", content) if source.suffix in {".js", ".css", ".mjs"} else content)


if __name__ == "__main__":
    try:
        install()
    except node.NodeFailed as failed:
        sys.exit(str(failed))
