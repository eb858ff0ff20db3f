"""Play a scenario file through the matching engine, or through the whole product, and print what comes of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from exchange.errors import ScenarioUnreadable
from exchange.rules import scenario

LARGEST_FILE = 64 * 1024 * 1024


class Command(BaseCommand):
    """Exit 0: answered; 1: an invariant is broken; 2: unreadable, standard error says where. Design section 7."""

    help = "Play a scenario of orders through the matching engine, without any database, or with --through-database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("scenario", help="JSON file with an instrument and its events")
        parser.add_argument(
            "--through-database",
            action="store_true",
            help="in a scratch database of its own, by the product's services and task; dropped afterwards",
        )
        # Said by this command to itself: this process works in the scratch database.
        parser.add_argument("--in-scratch", action="store_true", help="for this command's own use")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["scenario"])
        try:
            instrument, steps = scenario.read(_text_of(path))
            if options["through_database"] and not options["in_scratch"]:
                self._in_scratch(path)
                return
            played = self._through_database(instrument, steps) if options["in_scratch"] else None
        except ScenarioUnreadable as error:
            self._refuse(error.found["code"], error.field, str(error))
        if played is None:
            played = scenario.play(instrument, steps)
        self.stdout.write(json.dumps(scenario.answer(instrument, played), ensure_ascii=False))

    def _in_scratch(self, path: Path) -> None:
        """Run this command again in a process that knows the scratch database alone, and pass on its answer."""
        from ops.scratch import ScratchFailed, manage, scratch_database

        owner, app = settings.ENV.database_owner_url, settings.ENV.database_url
        try:
            with scratch_database(owner, app) as environment:
                arguments = ("replay_orders", str(path.resolve()), "--through-database", "--in-scratch")
                done = manage(arguments, environment)
        except ScratchFailed as error:
            self._refuse("no_scratch_database", "", str(error))
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        if done.returncode != 0:
            sys.exit(done.returncode)

    def _through_database(self, instrument: scenario.Instrument, steps: list[scenario.Step]) -> scenario.Played:
        from config import replay

        try:
            return replay.through_database(instrument, steps)
        except AssertionError as broken:
            self.stderr.write(json.dumps({"error": {"code": "invariant_broken", "message": str(broken)}}))
            sys.exit(1)

    def _refuse(self, code: str, field: str, message: str) -> NoReturn:
        problem = {"code": code, "field": field, "message": message}
        self.stderr.write(json.dumps({"error": problem}, ensure_ascii=False), self.style.NOTICE)
        sys.exit(2)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ScenarioUnreadable(code="file_rejected", reason="the file is larger than 64 MiB")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioUnreadable(code="file_unreadable", reason=error.strerror or "the file cannot be read") from None
    except UnicodeDecodeError:
        raise ScenarioUnreadable(code="encoding_unclear", reason="the file is not UTF-8") from None
