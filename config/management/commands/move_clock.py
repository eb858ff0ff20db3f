import json
import sys
import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from kombu.exceptions import OperationalError

from config.celery import app
from config.clock import ask_move
from config.tasks import carry_on_clock_moves
from rulebook.errors import Refusal
from rulebook.queries import clock_move
from rulebook.rules import beijing

POLL_SECONDS = 0.2
ANSWER_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Move the business clock forwards, running every sweep in between in time order: through the workers, or here "
        "where none runs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", help="business time with offset, as 2026-03-27T09:35+08:00")
        parser.add_argument("--wait", type=float, default=900.0, help="seconds to wait for the workers")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            target = datetime.fromisoformat(options["target"])
        except ValueError:
            self._unreadable("A time with offset is expected, as 2026-03-27T09:35+08:00.")
        if target.tzinfo is None:
            self._unreadable("The time needs an offset, as +08:00.")
        try:
            move_id = ask_move(target=target, asked_by="move_clock")
        except Refusal as refusal:
            self._print({"status": "error", "errors": [{"code": refusal.code, "message": str(refusal)}]})
            return
        if not workers_answer():
            carry_on_clock_moves()
        until = time.monotonic() + options["wait"]
        while (move := clock_move(move_id)) and move.state == "running" and time.monotonic() < until:
            sys.stderr.write(f"\r{move.steps_done}/{move.steps_total}")
            time.sleep(POLL_SECONDS)
        assert move is not None
        self._print(
            {
                "status": "ok" if move.state == "done" else move.state,
                "from": beijing(move.started_from).isoformat(),
                "to": beijing(move.target).isoformat(),
                "error": move.error,
                "steps": [
                    {"at": beijing(at).isoformat(), "sweep": sweep, "result": result}
                    for at, sweep, result in move.steps
                ],
            }
        )
        if move.state != "done":
            sys.exit(1)

    def _print(self, answer: dict[str, Any]) -> None:
        json.dump(answer, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")

    def _unreadable(self, message: str) -> None:
        error = {"code": "time_unreadable", "field": "target", "message": message}
        sys.stderr.write(json.dumps({"error": error}) + "\n")
        sys.exit(2)


def workers_answer() -> bool:
    """Tell whether a worker answers over the broker within two seconds."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=ANSWER_SECONDS)
            return bool(app.control.ping(timeout=ANSWER_SECONDS, connection=connection))
    except (OperationalError, OSError):
        return False
