"""A limit, ratio, clock or fee, with the law it rests on and the days it is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class LegalBasis:
    """A document that a rule rests on. `document_number` and `article` are empty where there is none."""

    code: str
    title: str
    document_number: str
    article: str
    url: str
    provisional: bool

    def __str__(self) -> str:
        return f"{self.title}{f'（{self.document_number}）' if self.document_number else ''}{self.article}"


@dataclass(frozen=True)
class RuleValue:
    """One value in force from `in_force_from` on, until the day before `in_force_to` (None: until it is replaced)."""

    scheme: str
    key: str
    value: Any
    unit: str
    basis: LegalBasis
    in_force_from: date
    in_force_to: date | None
    note: str = ""
