"""Serial numbers in print, with two check digits that tell a mistyped serial from an unknown one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

_PRINTED = re.compile(
    r"(?P<region>[A-Z]{2})-(?P<scheme>[A-Z]{2})-(?P<division>\d{6})-(?P<type>[FGWSTP])-(?P<project>\d{6})"
    r"-(?P<vintage>\d{4})-(?P<first>\d{10})(-(?P<last>\d{10}))?(-(?P<check>\d{2}))?"
)


@dataclass(frozen=True)
class SerialRange:
    """Serials `first`..`last` of one project and vintage, both included."""

    first: int
    last: int

    @property
    def units(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class PrintedSerial:
    """A serial as read from paper: which project and vintage, and which numbers."""

    region_code: str
    scheme_code: str
    division_code: str
    credit_type: str
    project_serial: str
    vintage_year: int
    serials: SerialRange


class NotASerial(ValueError):
    """The text has not the form of a serial."""


class CheckDigitsWrong(NotASerial):
    """The text has the form of a serial, but its check digits do not fit."""


def serial_text(
    *,
    region_code: str,
    scheme_code: str,
    division_code: str,
    credit_type: str,
    project_serial: str,
    vintage_year: int,
    serials: SerialRange,
) -> str:
    """Return a serial range as printed, `NM-CS-150430-F-000123-2024-0000000001-0000010000-50`.

    Check digits: ISO 7064 MOD 97-10 over the characters before them without hyphens. Source: design section 7.
    """
    body = (
        f"{region_code}-{scheme_code}-{division_code}-{credit_type}-{project_serial}-{vintage_year:04d}"
        f"-{serials.first:010d}-{serials.last:010d}"
    )
    return f"{body}-{mod_97_10.calc_check_digits(body.replace('-', ''))}"


def parse_serial(text: str) -> PrintedSerial:
    """Return what a printed serial says; a single number may stand for a range, spaces and case do not matter.

    Raises NotASerial when the text has no such form, CheckDigitsWrong when its check digits do not fit.
    """
    cleaned = re.sub(r"\s", "", text).upper()
    found = _PRINTED.fullmatch(cleaned)
    if not found:
        raise NotASerial(text)
    if found["check"]:
        try:
            mod_97_10.validate(cleaned.replace("-", ""))
        except ValidationError as error:
            raise CheckDigitsWrong(text) from error
    first = int(found["first"])
    last = int(found["last"] or first)
    if not 1 <= first <= last:
        raise NotASerial(text)
    return PrintedSerial(
        found["region"],
        found["scheme"],
        found["division"],
        found["type"],
        found["project"],
        int(found["vintage"]),
        SerialRange(first, last),
    )
