"""`manage.py calculate`: one operation of the methodologies, or a batch of them, without any database."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from registry.rules.methodologies import VERSION, Result, evaluate

UNREADABLE = 2


class Unreadable(Exception):
    """The input is not what it should be, before any operation could look at it."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(code, field, message)
        self.code, self.field, self.message = code, field, message


class Command(BaseCommand):
    help = "Answer one operation of the methodologies, or a batch, as JSON."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("operation", nargs="?", help="such as F1.plot")
        parser.add_argument("inputs", nargs="?", metavar="INPUTS.json", help="the input object; - is standard input")
        parser.add_argument("--version", dest="methodology_version", default=VERSION, help="of the methodology")
        parser.add_argument("--parameters", metavar="VERSIONS.json", help='{"tree_bef": "1.0.0", …}')
        parser.add_argument("--batch", metavar="FILE.jsonl", help='one {"id", "operation", "inputs"} a line')
        parser.error = _usage_error  # type: ignore[method-assign,assignment]

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Return the parser with `--version` free for the methodology's: Django's own prints its release."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def handle(self, *args: object, **options: Any) -> None:
        try:
            versions = _versions(options["parameters"])
            if options["batch"] is not None:
                self._answer_batch(options["batch"], options["methodology_version"], versions)
            else:
                self._answer_one(options["operation"], options["inputs"], options["methodology_version"], versions)
        except Unreadable as error:
            _fail(error)
        except BrokenPipeError:
            # Whoever reads has seen enough; Python must not try to flush into the closed pipe once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _answer_one(self, operation: str | None, path: str | None, version: str, versions: Mapping[str, Any]) -> None:
        if operation is None or path is None:
            raise Unreadable("usage", "inputs", "give an operation and a file of inputs, or --batch and a file")
        inputs = _parsed(_text(path, "inputs"), "inputs")
        answer = evaluate(operation, inputs, version=version, parameter_versions=versions)
        self.stdout.write(json.dumps(answer.as_json()))

    def _answer_batch(self, path: str, version: str, versions: Mapping[str, Any]) -> None:
        # All lines are read before the first is answered: an unreadable file has no half answer.
        for one, operation, inputs in list(_lines(path)):
            answer = evaluate(operation, inputs, version=version, parameter_versions=versions)
            self.stdout.write(json.dumps(_flat(one, answer)))


def _flat(one: object, answer: Result) -> dict[str, Any]:
    found = answer.as_json()
    return {"id": one, **found, **({} if answer.is_ok else {"trace": []})}


def _versions(path: str | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    found = _parsed(_text(path, "parameters"), "parameters")
    if not isinstance(found, dict):
        raise Unreadable("json_rejected", "parameters", "an object of set and version is expected")
    return found


def _lines(path: str) -> Iterator[tuple[object, str, object]]:
    for number, line in enumerate(_text(path, "batch").split("\n"), start=1):
        if not line.strip():
            continue
        found = _parsed(line, f"line {number}")
        if not isinstance(found, dict) or "id" not in found:
            raise Unreadable("json_rejected", f"line {number}", "an object with id, operation and inputs is expected")
        yield found["id"], found.get("operation", ""), found.get("inputs")


def _text(path: str, field: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Unreadable("file_unreadable", field, f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unreadable("encoding_unclear", field, f"{path} is not UTF-8") from None


def _parsed(text: str, field: str) -> object:
    """Return the JSON value; NaN and Infinity are read, for the operation answers them with E_TYPE."""
    try:
        return json.loads(text, object_pairs_hook=_without_repetition)
    except RecursionError:
        raise Unreadable("json_rejected", field, "nested too deeply") from None
    except ValueError as error:
        raise Unreadable("json_rejected", field, str(error)) from None


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _usage_error(message: str) -> None:
    _fail(Unreadable("usage", "arguments", message))


def _fail(error: Unreadable) -> None:
    body = {"error": {"code": error.code, "field": error.field, "message": error.message}}
    sys.stderr.write(json.dumps(body) + "\n")
    raise SystemExit(UNREADABLE)
