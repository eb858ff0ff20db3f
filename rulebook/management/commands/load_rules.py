import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from rulebook import services
from rulebook.errors import RuleIsFixed


class Command(BaseCommand):
    help = "Take in the rules, the calendar and the divisions that ship with the product. Run after every migrate."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = services.load_shipped_data()
        except RuleIsFixed as refusal:
            sys.stderr.write(json.dumps({"error": {"code": refusal.code, "field": "", "message": str(refusal)}}) + "\n")
            sys.exit(2)
        json.dump({"status": "ok", **loaded}, sys.stdout)
        sys.stdout.write("\n")
