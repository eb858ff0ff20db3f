import json
import subprocess
import sys
from tempfile import NamedTemporaryFile
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from settlement import queries

SCRIPT = settings.BASE_DIR / "static" / "verify" / "tanhui_log.py"


class Command(BaseCommand):
    help = (
        "Check the whole transparency log and the ledger beside it: export them and run the stand-alone verifier on "
        "the export. Exit 1 where it finds something. Without --key the log's own keys are used, which proves less."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--key", action="append", default=[], help="a verifier key that was taken down elsewhere")
        parser.add_argument("--head", action="append", default=[], help="a file with a signed head that was kept")

    def handle(self, *args: Any, **options: Any) -> None:
        keys = options["key"] or [one.verifier_key for one in queries.verifier_keys()]
        if not keys:
            error = {"code": "no_key", "field": "key", "message": "No head has been signed yet, and no key was given."}
            sys.stderr.write(json.dumps({"error": error}) + "\n")
            sys.exit(2)
        with NamedTemporaryFile(suffix=".zip") as file:
            queries.write_log_export(file)
            file.flush()
            given = [word for key in keys for word in ("--key", key)]
            given += [word for head in options["head"] for word in ("--head", head)]
            sys.exit(subprocess.run([sys.executable, "-I", str(SCRIPT), "export", file.name, *given]).returncode)
