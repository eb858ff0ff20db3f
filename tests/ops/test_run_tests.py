"""`make test`: what is said and answered when no browser starts, and when the sample data are missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops import browser, run_tests
from tests.database import BASE_DIR


@pytest.fixture
def asked(monkeypatch):
    """The commands that would be run; pytest itself is not."""
    commands: list[list[str]] = []

    def run(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(run_tests.subprocess, "run", run)
    monkeypatch.setattr(run_tests.sys, "argv", ["run_tests"])
    monkeypatch.delenv("BROWSER", raising=False)
    return commands


def test_without_a_browser_the_run_fails_and_says_so_last(asked, monkeypatch, capsys):
    monkeypatch.setattr(browser, "find", lambda say: None)
    assert run_tests.main() == 1
    assert capsys.readouterr().out.splitlines()[-1] == "BROWSER TESTS NOT RUN: no browser"
    assert asked[0][-2:] == ["-m", "not browser"]


def test_whoever_wants_none_is_answered_by_the_tests_alone(asked, monkeypatch, capsys):
    monkeypatch.setenv("BROWSER", "none")
    monkeypatch.setattr(browser, "find", lambda say: pytest.fail("nobody asked for a browser"))
    assert run_tests.main() == 0
    assert "BROWSER" not in capsys.readouterr().out
    assert asked[0][-2:] == ["-m", "not browser"]


def test_with_a_browser_nothing_is_left_out(asked, monkeypatch):
    monkeypatch.setattr(browser, "find", lambda say: "/a/browser")
    assert run_tests.main() == 0
    assert "-m" not in asked[0][2:]


def collect(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-q", "--collect-only", "tests/registry/test_inventory.py"],
        cwd=BASE_DIR,
        env={**os.environ, "SAMPLE_DATA": str(Path("/none/such")), **environment},
        capture_output=True,
        text=True,
    )


def test_missing_sample_data_are_counted_and_in_ci_an_error():
    left_out = collect(CI="false")
    assert left_out.returncode == 0
    assert "1 tests not run: no sample data at /none/such" in left_out.stdout
    refused = collect(CI="true")
    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert "set SAMPLE_DATA" in refused.stderr
