import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from rulebook.queries import now
from settlement import queries, services


class Command(BaseCommand):
    help = (
        "Read the ledger a second time from legs and serial moves alone, keep what that gave, and print it; exit 1 "
        "where it differs from the stored holdings and blocks."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        reading = queries.read_again(tell=_tell)
        number = services.record_second_reading(reading=reading, run_id=None, at=now())
        answer = {
            "status": "differs" if reading.found else "ok",
            "id": number,
            "snapshot": reading.snapshot,
            "last_entry": reading.last_entry_id,
            "legs_read": reading.legs_read,
            "moves_read": reading.moves_read,
            "seconds": float(reading.seconds),
            "found": reading.found,
            "differences": reading.differences,
        }
        json.dump(answer, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        if reading.found:
            sys.exit(1)


def _tell(done: int, of: int) -> None:
    sys.stderr.write(f"\r{done}/{of}")
