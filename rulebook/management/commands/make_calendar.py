import json
import sys
from argparse import ArgumentParser
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

PARAMETERS = Path(__file__).resolve().parents[2] / "parameters"
SATURDAY = 5


class Command(BaseCommand):
    help = "Write rulebook/parameters/calendar_YEAR.json from the package chinesecalendar, a tool of the developers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("year", type=int)
        parser.add_argument("--folder", type=Path, default=PARAMETERS)

    def handle(self, *args: Any, **options: Any) -> None:
        year: int = options["year"]
        path: Path = options["folder"] / f"calendar_{year}.json"
        path.write_text(json.dumps(special_days(year), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        json.dump({"status": "ok", "file": path.name}, sys.stdout)
        sys.stdout.write("\n")


def special_days(year: int) -> dict[str, Any]:
    """Return the weekdays of a year that are not worked, and the weekend days that are, with the holidays' names.

    Raises CommandError where the package is missing or does not know the year.
    """
    try:
        known = import_module("chinese_calendar")
    except ImportError as error:
        raise CommandError("chinesecalendar is not installed: it belongs to the developers' tools.") from error
    holidays: dict[str, str] = {}
    makeup_days: dict[str, str] = {}
    day = date(year, 1, 1)
    while day.year == year:
        try:
            is_off, name = known.get_holiday_detail(day)
        except NotImplementedError as error:
            raise CommandError(f"chinesecalendar does not know {year}: install a newer one.") from error
        title = known.Holiday(name).chinese if name else ""
        if title and not title.endswith(("节", "元旦")):
            title += "节"
        if is_off and day.weekday() < SATURDAY:
            holidays[day.isoformat()] = title
        elif not is_off and day.weekday() >= SATURDAY:
            makeup_days[day.isoformat()] = f"{title}调休"
        day += timedelta(days=1)
    basis = f"国务院办公厅关于{year}年部分节假日安排的通知"
    return {"year": year, "basis": basis, "holidays": holidays, "makeup_days": makeup_days}
