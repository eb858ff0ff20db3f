"""Small worlds for tests, made through the services."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime

from accounts.rules import NOBODY, Actor, Role
from settlement import services
from settlement.models import BankAccount
from settlement.rules import CreditDescription, IssuedBatch
from settlement.services.deposits import BankMessage
from tests.accounts.makers import a_person, a_user, an_organisation

_numbers = itertools.count(1)


def of_organisation(organisation_id: int) -> Actor:
    """Return someone who acts for an organisation, without any role."""
    return replace(NOBODY, organisation_id=organisation_id)


def credit(**changes: object) -> CreditDescription:
    """Return the description of a forest credit, with changes."""
    values: dict[str, object] = {
        "scheme": "nm_regional",
        "project_code": "NM-CS-000123",
        "project_name": "试验林场碳汇造林项目",
        "vintage_year": 2024,
        "credit_type": "F",
        "division_code": "150430",
        "division_name": "敖汉旗",
        "methodology": "F1",
        "project_serial": "000123",
    }
    return CreditDescription(**{**values, **changes})


def issue(
    owner_id: int, units: int, at: datetime, *, buffer_units: int = 0, key: str = "", **changes: object
) -> IssuedBatch:
    """Return a batch issued by two new persons to the owner."""
    return services.issue_credits(
        key=key or f"test-{next(_numbers)}",
        credit=credit(**changes),
        owner_id=owner_id,
        available_units=units,
        buffer_units=buffer_units,
        at=at,
        maker_id=a_user(at=at),
        checker_id=a_user(at=at),
        basis="test",
    )


def bind_account(organisation_id: int, at: datetime, number: str = "") -> BankAccount:
    """Return a bank account bound by two new persons of the organisation, on the bank's word."""
    first, second = (
        a_person(role, at=at, confirmed=True, organisation_id=organisation_id)
        for role in (Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER)
    )
    number = number or f"6222{next(_numbers):012d}"
    row = services.propose_bank_account(actor=first, bank_name="模拟银行", account_number=number, at=at)
    services.approve_bank_account(actor=second, account_id=row.pk, account_number=number, at=at)
    return services.record_account_answer(account_id=row.pk, is_holders=True, reason="", at=at)


def give_money(organisation_id: int, fen: int, at: datetime) -> None:
    """Have the bank report money for an organisation, under a reference of its own."""
    reference = services.request_deposit(actor=of_organisation(organisation_id), amount_fen=fen, at=at)
    services.book_bank_notice(
        message=BankMessage(f"B{next(_numbers):08d}", fen, reference.reference, "试验户名", "6222"), at=at
    )


__all__ = ["a_user", "an_organisation", "bind_account", "credit", "give_money", "issue", "of_organisation"]
