"""`manage.py recalculate ISSUANCE`: an issuance from its stored inputs once more, to the tonne."""

import json
import sys
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from registry import queries

DIFFERENT, UNREADABLE = 1, 2


class Command(BaseCommand):
    help = "Compute an issuance again from its stored inputs; exit 1 where anything differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("issuance", metavar="ISSUANCE", help="the number of the issuance")
        parser.error = _usage_error  # type: ignore[method-assign,assignment]

    def handle(self, *args: Any, **options: Any) -> None:
        text = str(options["issuance"])
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            _fail("invalid_field", "a whole number is expected")
        issuance = queries.issuance_to_recalculate(int(text))
        if issuance is None:
            _fail("not_found", f"there is no issuance {text}")
        answer = queries.recalculation(issuance)
        json.dump(answer, self.stdout, ensure_ascii=False, indent=1, default=str)
        self.stdout.write("")
        if answer["differences"]:
            sys.exit(DIFFERENT)


def _usage_error(message: str) -> None:
    _fail("usage", message)


def _fail(code: str, message: str) -> NoReturn:
    sys.stderr.write(json.dumps({"error": {"code": code, "field": "issuance", "message": message}}) + "\n")
    raise SystemExit(UNREADABLE)
