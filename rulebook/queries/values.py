"""Dated rule values with their legal basis."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache

from django.db.models import Q, QuerySet

from rulebook import rules
from rulebook.errors import ChangeNotThere, RuleMissing
from rulebook.models import LegalBasis, RuleChange, RuleValue
from rulebook.queries.clock import business_date
from rulebook.queries.edition import edition

DEFAULT_SCHEME = "nm_regional"


def _basis(row: LegalBasis) -> rules.LegalBasis:
    return rules.LegalBasis(row.code, row.title, row.document_number, row.article, row.url, row.provisional)


def _view(row: RuleValue) -> rules.RuleValue:
    return rules.RuleValue(
        row.scheme, row.key, row.value, row.unit, _basis(row.basis), row.in_force_from, row.in_force_to, row.note
    )


def _in_force(day: date) -> QuerySet[RuleValue]:
    return RuleValue.objects.filter(
        Q(in_force_to__isnull=True) | Q(in_force_to__gt=day), in_force_from__lte=day
    ).select_related("basis")


@lru_cache(maxsize=256)
def _kept(_edition: tuple[str, int], day: date) -> Mapping[str, Mapping[str, rules.RuleValue]]:
    """Return the rules in force on a day by scheme and key, in the order of both."""
    found: dict[str, dict[str, rules.RuleValue]] = {}
    for row in _in_force(day).order_by("scheme", "key"):
        found.setdefault(row.scheme, {})[row.key] = _view(row)
    return found


def rule(key: str, *, at: datetime, scheme: str = DEFAULT_SCHEME) -> rules.RuleValue:
    """Return the value of a rule in force on the business day of `at`. Raises RuleMissing."""
    day = business_date(at)
    found = _kept(edition(), day).get(scheme, {}).get(key)
    if found is None:
        raise RuleMissing(key=key, scheme=scheme, day=day.isoformat())
    return found


def rules_of(scheme: str, at: datetime) -> Mapping[str, rules.RuleValue]:
    """Return the rules of a scheme in force on the business day of `at`, by key."""
    return _kept(edition(), business_date(at)).get(scheme, {})


def rules_in_force(at: datetime) -> list[rules.RuleValue]:
    """Return all rule values in force on the business day of `at`, by scheme and key."""
    return [value for values in _kept(edition(), business_date(at)).values() for value in values.values()]


def history_of(scheme: str, key: str) -> list[rules.RuleValue]:
    """Return every value a rule has had or will have, newest first."""
    rows = RuleValue.objects.filter(scheme=scheme, key=key).select_related("basis").order_by("-in_force_from")
    return [_view(row) for row in rows]


def schemes() -> list[str]:
    """Return the schemes that have rules."""
    return list(RuleValue.objects.values_list("scheme", flat=True).distinct().order_by("scheme"))


def legal_basis(code: str) -> rules.LegalBasis | None:
    """Return a legal basis by its code."""
    row = LegalBasis.objects.filter(pk=code).first()
    return _basis(row) if row else None


def legal_bases() -> list[rules.LegalBasis]:
    """Return every document that rules may rest on, by title."""
    return [_basis(row) for row in LegalBasis.objects.order_by("title")]


def changes_of(scheme: str, key: str) -> list[RuleChange]:
    """Return the changes of a rule that were proposed, newest first, with their persons."""
    rows = RuleChange.objects.filter(scheme=scheme, key=key).select_related("proposed_by", "decided_by", "basis")
    return list(rows.order_by("-pk"))


def change(change_id: int) -> RuleChange:
    """Return one change of a rule. Raises ChangeNotThere."""
    row = RuleChange.objects.filter(pk=change_id).first()
    if row is None:
        raise ChangeNotThere
    return row
