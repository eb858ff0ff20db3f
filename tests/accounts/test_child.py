"""The child process of the parsers: its answer, its limits, and that nothing of it is left."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from accounts.rules import child
from accounts.rules.child import ParserFailed, run_limited


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a parser given as source text: the child starts in a folder where it is a module."""
    monkeypatch.setattr(child, "PROJECT", tmp_path)

    def run_source(source: str, **limits):
        (tmp_path / "parser.py").write_text(textwrap.dedent(source))
        return run_limited("parser", tmp_path / "upload", **{"memory_mib": 256, "seconds": 5, **limits})

    return run_source


def test_the_answer_of_the_parser_comes_back(run):
    answer = run("import json, sys; print(json.dumps({'path': sys.argv[1]}))")

    assert answer["path"].endswith("upload")


def test_a_parser_that_needs_too_much_memory_is_refused(run):
    with pytest.raises(ParserFailed) as refused:
        run("rows = [0] * (300 * 1024 * 1024)")

    assert refused.value.reason == "memory"


def test_a_parser_that_never_ends_is_stopped(run):
    with pytest.raises(ParserFailed) as refused:
        run("while True: pass", seconds=0.5)

    assert refused.value.reason == "time"


def test_what_a_stopped_parser_had_started_is_stopped_too(run, tmp_path):
    source = f"""
        import subprocess, sys, time
        late = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open({str(tmp_path / "pid")!r}, "w").write(str(late.pid))
        time.sleep(60)
    """
    with pytest.raises(ParserFailed):
        run(source, seconds=1.5)

    pid = (tmp_path / "pid").read_text()
    state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout
    assert state.strip() in {"", "Z", "Zs"}


@pytest.mark.parametrize(
    "source", ["raise SystemExit(3)", "import os; os.kill(os.getpid(), 11)", "print('no')", "print([])"]
)
def test_a_parser_that_breaks_or_answers_nonsense_is_refused(run, source):
    with pytest.raises(ParserFailed) as refused:
        run(source)

    assert refused.value.reason == "crash"


def test_a_parser_knows_no_secrets_of_ours(run, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "nobody's business")

    answer = run("import json, os; print(json.dumps(dict(os.environ)))")

    assert "SECRET_KEY" not in answer


def test_numpy_fits_into_the_memory_of_an_upload():
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import resource; resource.setrlimit(resource.RLIMIT_AS, (512<<20, 512<<20)); import numpy",
        ],
        capture_output=True,
        env={"OPENBLAS_NUM_THREADS": "1"},
        check=False,
    )

    assert found.returncode == 0
