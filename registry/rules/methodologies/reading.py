"""Reading the inputs of an operation: every value is checked present, numeric, finite, in range, in this order.

All problems are collected; `refuse_problems` is called once, when everything that can be read has been read.
Until then a value that could not be read is a stand-in, which no calculation sees.
Source: conventions, section 5.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from registry.rules.methodologies.outcome import ErrorCode, Problem, Refused

REQUIRED: Any = object()


class Fields:
    """One object of the inputs. Each field is read by name; what nobody read is reported by `unread`."""

    def __init__(
        self, values: Mapping[str, Any], *, field: str = "", path: str = "", problems: list[Problem] | None = None
    ) -> None:
        self._values = values
        self._field, self._path = field, path
        self._problems: list[Problem] = [] if problems is None else problems
        self._read: set[str] = set()
        self._below: list[Fields] = []

    # What is there.

    def has(self, name: str) -> bool:
        """Whether the field is given: null is not given."""
        self._read.add(name)
        return self._values.get(name) is not None

    def unread(self) -> list[str]:
        """Return the paths of given fields that nothing has read."""
        here = [self._name(self._path, str(name)) for name in self._values if name not in self._read]
        return here + [path for below in self._below for path in below.unread()]

    # Problems.

    def problem(self, code: ErrorCode, name: str) -> None:
        """Record that this field is refused."""
        self._problems.append(Problem(code, self._name(self._field, name), self._name(self._path, name)))

    def refuse_problems(self) -> None:
        """Raise Refused with everything recorded so far, here and in all objects below and above."""
        if self._problems:
            raise Refused(self._problems)

    # Values.

    def number(
        self,
        name: str,
        default: Any = REQUIRED,
        *,
        above: float | None = None,
        least: float | None = None,
        most: float | None = None,
    ) -> float:
        """Return a finite number: over `above`, at least `least`, at most `most`."""
        if not self.has(name):
            return self._absent(name, default, math.nan)
        number = self._finite(name, self._values[name])
        if number is None:
            return math.nan
        if not in_range(number, above=above, least=least, most=most):
            self.problem(ErrorCode.RANGE, name)
            return math.nan
        return number

    def optional_number(
        self, name: str, *, above: float | None = None, least: float | None = None, most: float | None = None
    ) -> float | None:
        """Return the number, or None where it is not given."""
        return self.number(name, above=above, least=least, most=most) if self.has(name) else None

    def peek(self, name: str) -> float | None:
        """Return the number if it is one; no problem is recorded, for the field will be read again."""
        return finite(self._values.get(name))

    def peek_text(self, name: str) -> str:
        """Return the text if it is one, else ""; no problem is recorded."""
        value = self._values.get(name)
        return value if isinstance(value, str) else ""

    def integer(self, name: str, default: Any = REQUIRED, *, least: int | None = None, most: int | None = None) -> int:
        """Return a whole number; 5.0 is one, 5.5 is E_TYPE. An unreadable one is given back as -1."""
        if not self.has(name):
            return int(self._absent(name, default, -1))
        number = self._finite(name, self._values[name])
        if number is None:
            return -1
        if number != math.floor(number):
            self.problem(ErrorCode.TYPE, name)
            return -1
        if not in_range(number, least=least, most=most):
            self.problem(ErrorCode.RANGE, name)
            return -1
        return int(number)

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false; 0 and "no" are E_TYPE."""
        if not self.has(name):
            return default
        if not isinstance(self._values[name], bool):
            self.problem(ErrorCode.TYPE, name)
            return default
        return bool(self._values[name])

    def choice(
        self, name: str, options: Collection[str], default: Any = REQUIRED, *, unknown: ErrorCode = ErrorCode.ENUM
    ) -> str:
        """Return one of `options`; another text is refused with `unknown`. An unreadable one is given back as ""."""
        text = self.text(name, default)
        if text and text not in options:
            self.problem(unknown, name)
            return ""
        return text

    def text(self, name: str, default: Any = REQUIRED) -> str:
        """Return a text; an empty one is as good as missing."""
        if not self.has(name):
            return str(self._absent(name, default, ""))
        text = self._values[name]
        if not isinstance(text, str):
            self.problem(ErrorCode.TYPE, name)
            return ""
        if text == "":
            self.problem(ErrorCode.REQUIRED, name)
        return text

    # Parts.

    def part(self, name: str) -> Fields:
        """Return a mandatory object below this one."""
        if not self.has(name):
            self.problem(ErrorCode.REQUIRED, name)
            return self._child({}, name, unreadable=True)
        if not isinstance(self._values[name], Mapping):
            self.problem(ErrorCode.TYPE, name)
            return self._child({}, name, unreadable=True)
        return self._child(self._values[name], name)

    def items(self, name: str, *, may_be_empty: bool = False, may_be_missing: bool = False) -> list[Fields]:
        """Return the objects of a list."""
        rows = self.values(name, may_be_empty=may_be_empty, may_be_missing=may_be_missing)
        found = []
        for position, row in enumerate(rows):
            if row is None:
                self.problem(ErrorCode.REQUIRED, name)
            elif not isinstance(row, Mapping):
                self.problem(ErrorCode.TYPE, name)
            else:
                found.append(self._child(row, name, position))
        return found

    def values(self, name: str, *, may_be_empty: bool = False, may_be_missing: bool = False) -> list[Any]:
        """Return a list as it is, unchecked but for being one."""
        if not self.has(name):
            if not may_be_missing:
                self.problem(ErrorCode.REQUIRED, name)
            return []
        rows = self._values[name]
        if not isinstance(rows, (list, tuple)):
            self.problem(ErrorCode.TYPE, name)
            return []
        if not rows and not may_be_empty:
            self.problem(ErrorCode.REQUIRED, name)
        return list(rows)

    def numbers(self, name: str, *, least: float | None = None) -> list[float]:
        """Return a list of finite numbers; each that is not one is a problem of the list."""
        rows = self.values(name)
        found = [self._element(name, row) for row in rows]
        good = [number for number in found if number is not None]
        for number in good:
            if not in_range(number, least=least):
                self.problem(ErrorCode.RANGE, name)
        return good if len(good) == len(rows) else []

    def pairs(self, name: str) -> list[tuple[float, float]]:
        """Return a list of two finite numbers each; empty when one is not."""
        found = []
        rows = self.values(name)
        for row in rows:
            if row is None:
                self.problem(ErrorCode.REQUIRED, name)
            elif not isinstance(row, (list, tuple)) or len(row) != 2:
                self.problem(ErrorCode.TYPE, name)
            else:
                first, second = (self._element(name, value) for value in row)
                if first is not None and second is not None:
                    found.append((first, second))
        return found if len(found) == len(rows) else []

    # Inside.

    @staticmethod
    def _name(around: str, name: str) -> str:
        return f"{around}.{name}" if around else name

    def _child(
        self, values: Mapping[str, Any], name: str, position: int | None = None, unreadable: bool = False
    ) -> Fields:
        path = self._name(self._path, name) + ("" if position is None else f"[{position}]")
        # What stands in for an unreadable object has been reported once; its missing fields are not news.
        problems = [] if unreadable else self._problems
        child = Fields(values, field=self._name(self._field, name), path=path, problems=problems)
        self._below.append(child)
        return child

    def _absent(self, name: str, default: Any, stand_in: Any) -> Any:
        if default is REQUIRED:
            self.problem(ErrorCode.REQUIRED, name)
            return stand_in
        return default

    def _element(self, name: str, value: Any) -> float | None:
        if value is None:
            self.problem(ErrorCode.REQUIRED, name)
            return None
        return self._finite(name, value)

    def _finite(self, name: str, value: Any) -> float | None:
        number = finite(value)
        if number is None:
            self.problem(ErrorCode.TYPE, name)
        return number


def finite(value: Any) -> float | None:
    """Return a number as a float; None for what is no number (a boolean, a text) or not finite."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:  # An integer beyond the range of a double.
        return None
    return number if math.isfinite(number) else None


def in_range(
    number: float, *, above: float | None = None, least: float | None = None, most: float | None = None
) -> bool:
    return (above is None or number > above) and (least is None or number >= least) and (most is None or number <= most)


def unique_ids(rows: Iterable[Fields], *, may_be_missing: bool = False) -> list[str]:
    """Return the ids of the rows, in their order; a missing id and a repeated one are problems of their row."""
    ids: list[str] = []
    seen: set[str] = set()
    for row in rows:
        one = row.text("id", "" if may_be_missing else REQUIRED)
        if one and one in seen:
            row.problem(ErrorCode.DUPLICATE, "id")
        seen.add(one)
        ids.append(one)
    return ids
