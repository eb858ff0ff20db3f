import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.demo import people, region
from config.environment import RUN_DIR
from settlement.queries import three_books


class Command(BaseCommand):
    help = "Build the demonstration region by the platform's own services. Does nothing where it stands already."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demonstration is built only where DEMO=1: its logins exist nowhere else.")
        if people.is_built():
            self.stderr.write("The demonstration stands already.")
            return
        call_command("load_outlines", stdout=self.stderr)
        cast = region.build(say=self.stderr.write)
        path = Path(os.environ.get("DEMO_LOGINS") or RUN_DIR / "demo_logins.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            told = {"logins": cast.logins, "clients": cast.clients, "traders": len(people.TRADERS)}
            json.dump(told, file, ensure_ascii=False, indent=1)
        # The simulated bank begins with what the bank of the story ended with.
        if opening := os.environ.get("BANK_OPENING"):
            Path(opening).write_text(str(three_books()["bank_fen"]), encoding="ascii")
