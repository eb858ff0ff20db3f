import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from settlement import queries


class Command(BaseCommand):
    help = "Write the transparency log and the ledger beside it into a zip for the stand-alone verifier."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("wb") as file:
                queries.write_log_export(file)
        except OSError as error:
            told = {"code": "file_rejected", "field": "file", "message": str(error)}
            sys.stderr.write(json.dumps({"error": told}) + "\n")
            sys.exit(2)
        json.dump({"file": str(options["file"]), "bytes": options["file"].stat().st_size}, sys.stdout)
        sys.stdout.write("\n")
