import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from config import invariants


class Command(BaseCommand):
    help = "Prove every invariant on the present database; exit 1 and print the offending rows where one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        proofs = invariants.check()
        broken = sorted(name for name, proof in proofs.items() if proof["broken"])
        json.dump(
            {"status": "broken" if broken else "ok", "broken": broken, "invariants": proofs},
            sys.stdout,
            ensure_ascii=False,
            indent=1,
            default=str,
        )
        sys.stdout.write("\n")
        if broken:
            sys.exit(1)
