"""`manage.py calculate` as an auditor runs it: an empty environment, JSON alone on standard output, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.registry.methodologies.examples import ALL, BUILT, differences, inputs_of

PROJECT = Path(__file__).resolve().parents[2]


def calculate(*arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "calculate", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, env={}, capture_output=True, text=True, input=stdin, check=False)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_operation_is_answered_from_a_file(tmp_path):
    path = write(tmp_path, "inputs.json", json.dumps(inputs_of("F1-5")))

    done = calculate("F1.expost", path, "--version", "1.0.0")

    assert done.returncode == 0
    assert done.stderr == ""
    assert differences(ALL["F1-5"]["expected"]["outputs"], json.loads(done.stdout)["outputs"]) == []


def test_a_refusal_is_an_answer(tmp_path):
    path = write(tmp_path, "inputs.json", '{"species": "BETULA", "dbh_cm": NaN, "height_m": Infinity}')

    done = calculate("F1.tree", path)

    assert done.returncode == 0
    assert json.loads(done.stdout)["errors"] == [
        {"code": "E_TYPE", "field": "dbh_cm"},
        {"code": "E_TYPE", "field": "height_m"},
    ]


def test_an_unknown_operation_is_an_answer_too(tmp_path):
    done = calculate("F9.tree", write(tmp_path, "inputs.json", "{}"))

    assert done.returncode == 0
    assert json.loads(done.stdout)["errors"] == [{"code": "E_ENUM", "field": "operation"}]


def test_parameter_versions_are_chosen_by_a_file(tmp_path):
    path = write(tmp_path, "inputs.json", json.dumps(inputs_of("F1-1")))

    known = calculate("F1.tree", path, "--parameters", write(tmp_path, "v.json", '{"tree_bef": "1.0.0"}'))
    unknown = calculate("F1.tree", path, "--parameters", write(tmp_path, "v.json", '{"tree_bef": "2.0.0"}'))

    assert json.loads(known.stdout)["status"] == "ok"
    assert json.loads(unknown.stdout)["errors"] == [{"code": "E_PARAM_MISSING", "field": "parameter_versions.tree_bef"}]


def test_a_batch_is_answered_line_by_line_in_its_order(tmp_path):
    lines = [
        {"id": name, "operation": example["operation"], "inputs": example["inputs"]} for name, example in BUILT.items()
    ]
    lines.insert(1, {"id": 7, "operation": "F9.tree", "inputs": {}})
    path = write(tmp_path, "batch.jsonl", "\n".join(json.dumps(line) for line in lines) + "\n\n")

    done = calculate("--batch", path)

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [answer["id"] for answer in answers] == [line["id"] for line in lines]
    assert set(answers[0]) == {"id", "status", "outputs", "warnings", "trace"}
    assert set(answers[1]) == {"id", "status", "errors", "warnings", "trace"}
    for answer in answers:
        if answer["id"] in BUILT:
            assert differences(BUILT[answer["id"]]["expected"]["outputs"], answer["outputs"]) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "json_rejected"),
        ('{"a": 1, "a": 2}', "json_rejected"),
        ("[" * 100_000, "json_rejected"),
        ("", "json_rejected"),
    ],
)
def test_unreadable_json_ends_with_two_and_an_error_on_standard_error(tmp_path, content, code):
    done = calculate("F1.tree", write(tmp_path, "inputs.json", content))

    assert (done.returncode, done.stdout) == (2, "")
    assert json.loads(done.stderr)["error"]["code"] == code


@pytest.mark.parametrize(
    "arguments", [(), ("F1.tree",), ("F1.tree", "nowhere.json"), ("--batch", "nowhere.jsonl"), ("--nonsense",)]
)
def test_nothing_to_read_ends_with_two(arguments):
    done = calculate(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert set(json.loads(done.stderr)["error"]) == {"code", "field", "message"}


def test_a_broken_line_spoils_its_batch_before_anything_is_answered(tmp_path):
    good = json.dumps({"id": 1, "operation": "I1.grid_factor", "inputs": {"year": 2022}})

    done = calculate("--batch", write(tmp_path, "batch.jsonl", f"{good}\n{{broken\n"))

    assert (done.returncode, done.stdout) == (2, "")
    assert json.loads(done.stderr)["error"]["field"] == "line 2"


def test_bytes_that_are_not_utf8_are_not_guessed_at(tmp_path):
    path = tmp_path / "inputs.json"
    path.write_bytes('{"species": "落叶松"}'.encode("gbk"))

    done = calculate("F1.tree", path)

    assert done.returncode == 2
    assert json.loads(done.stderr)["error"]["code"] == "encoding_unclear"


def test_the_rules_load_fast_and_know_no_framework():
    code = "import sys; import registry.rules.methodologies as m; m.evaluate('B1.withhold', {'net_tco2e': 1, 'rating_percent': 1}); print(sorted({'django', 'numpy', 'scipy', 'celery'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env={}, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
