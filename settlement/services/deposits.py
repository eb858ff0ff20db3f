"""Money in: a reference asked for, and what the bank then says it has received."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from stdnum.iso7064 import mod_97_10

from accounts.rules import Actor
from settlement import queries
from settlement.errors import InvalidQuantity, NoticeContradicts
from settlement.models import BankNotice, DepositReference
from settlement.rules import EntryKind, NewLeg, Purpose
from settlement.services.entries import open_holdings, post_entry


@dataclass(frozen=True)
class BankMessage:
    """What the bank says of one movement in: its own serial number, the amount in fen, who paid and what he wrote."""

    bank_serial: str
    amount_fen: int
    reference: str
    payer_name: str
    payer_account: str


@transaction.atomic
def request_deposit(*, actor: Actor, amount_fen: int | None, at: datetime) -> DepositReference:
    """Return a new reference under which the actor's organisation pays in. Raises InvalidQuantity."""
    assert actor.organisation_id is not None
    if amount_fen is not None and amount_fen <= 0:
        raise InvalidQuantity(field="amount_fen", found_value=amount_fen)
    # Drawn, so that nobody guesses another's; the check digits tell a mistyped reference from an unknown one.
    number = f"{secrets.randbelow(10**10):010d}"
    return DepositReference.objects.create(
        organisation_id=actor.organisation_id,
        reference=f"TH{number}{mod_97_10.calc_check_digits('TH' + number)}",
        expected_fen=amount_fen,
        created_at=at,
        asked_by_id=actor.user_id,
    )


@transaction.atomic
def book_bank_notice(*, message: BankMessage, at: datetime) -> BankNotice:
    """Book money that the bank has received: to the reference's organisation, else to suspense. Return the notice.

    The same bank serial with the same content is booked once; with another content it is refused
    (NoticeContradicts). Raises InvalidQuantity.
    """
    if message.amount_fen <= 0:
        raise InvalidQuantity(field="amount_fen", found_value=message.amount_fen)
    digest = hashlib.sha256(json.dumps(asdict(message), sort_keys=True).encode()).hexdigest()
    reference = DepositReference.objects.filter(reference=message.reference.strip().upper()).first()
    organisation_id = reference.organisation_id if reference else None
    cash_id = queries.cash_asset_id()
    purpose = Purpose.AVAILABLE if reference else Purpose.SUSPENSE
    ids = open_holdings([(None, cash_id, Purpose.BANK), (organisation_id, cash_id, purpose)])
    first = BankNotice.objects.filter(bank_serial=message.bank_serial).first()
    if first is None:
        entry_id = post_entry(
            key=f"bank:{message.bank_serial}",
            kind=EntryKind.DEPOSIT,
            legs=[
                NewLeg(
                    cash_id,
                    ids[None, cash_id, Purpose.BANK],
                    ids[organisation_id, cash_id, purpose],
                    message.amount_fen,
                )
            ],
            at=at,
            basis=f"bank:{message.bank_serial}",
        )
        # A second notice of this serial that came meanwhile waited for the key; it finds the first one's row here.
        first, _ = BankNotice.objects.get_or_create(
            bank_serial=message.bank_serial,
            defaults={
                "digest": digest,
                "amount_fen": message.amount_fen,
                "reference": message.reference[:64],  # What the column holds; the digest is of all.
                "payer_name": message.payer_name,
                "payer_account": message.payer_account,
                "organisation_id": organisation_id,
                "entry_id": entry_id,
                "at": at,
            },
        )
    if first.digest != digest:
        raise NoticeContradicts(field="bank_serial", bank_serial=message.bank_serial)
    return first
