"""Buying a quote and retiring what it brought: ordered by the edge in one step, carried on by the task.

ordered → bought → retired, or partly, or failed. Each step is a transaction of its own and looks at the rows alone, so
that it may be asked for twice, late, by two workers, or again after a worker was killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext_noop as _

import exchange.queries
import registry.services
from accounts.errors import InvalidField
from accounts.queries import actor_of, actor_of_client
from accounts.rules import NOBODY, Actor
from accounts.services import record_audit, require_confirmed
from exchange.services import NewOrder, place_order
from inclusion import queries
from inclusion.errors import QuoteExpired, QuoteNotThere, QuoteTaken
from inclusion.models import Bought, OffsetPurchase, OffsetQuote, PurchaseOrder, PurchaseRetirement
from inclusion.rules import OPEN, State, end_of
from inclusion.services.quotes import refuse_what_needs_two
from registry.errors import PurposeNotServed
from registry.rules.certificate import masked_name
from registry.rules.texts import is_clean
from rulebook.errors import Refusal, Unavailable
from rulebook.queries import rule
from rulebook.rules import beijing


@dataclass(frozen=True)
class NewPurchase:
    """What stands on the certificate of a quote that is bought."""

    quote_id: int
    beneficiary: str
    beneficiary_is_person: bool = False
    purpose: str = "event"
    period_first: date | None = None
    period_last: date | None = None
    note: str = ""


@transaction.atomic
def buy_offset(*, actor: Actor, purchase: NewPurchase, at: datetime) -> OffsetPurchase:
    """Place the orders of a quote, all or none, and return the purchase that the task carries on.

    Each line is an order of its own at its quoted price that takes what it finds at once and leaves nothing behind, so
    that the whole never costs more than the quote. The same purchase asked for again is the first one.

    Raises QuoteNotThere, QuoteExpired, QuoteTaken, SecondPersonNeeded, registry's PurposeNotServed, accounts'
    PasswordNeeded, InvalidField, settlement's InsufficientFunds, HolderFrozen, and what the exchange refuses.
    """
    with connection.cursor() as cursor:  # Two purchases of one quote queue here; the second finds the first's row.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"offset quote {purchase.quote_id}"])
    quote = OffsetQuote.objects.visible_to(actor).filter(pk=purchase.quote_id).first()
    if quote is None or quote.organisation_id != actor.organisation_id:
        raise QuoteNotThere
    purchase = replace(purchase, beneficiary=purchase.beneficiary.strip(), note=purchase.note.strip())
    first = OffsetPurchase.objects.filter(quote=quote).first()
    if first is not None:  # Before any other check: a replay gets the first answer, whatever changed.
        if _words(first) != _words(purchase):
            raise QuoteTaken
        return first
    require_confirmed(actor, at)
    _check_words(purchase)
    if at >= quote.expires_at:
        raise QuoteExpired(
            rule=rule("offset.quote_minutes", at=at), until=beijing(quote.expires_at).strftime("%Y-%m-%d %H:%M")
        )
    refuse_what_needs_two(actor.organisation_id, quote.units, at)
    served = rule("retirement.purposes", at=at)
    if purchase.purpose not in served.value:
        raise PurposeNotServed(field="purpose", rule=served, purpose=purchase.purpose)
    row = OffsetPurchase.objects.create(
        quote=quote,
        organisation_id=quote.organisation_id,
        units=quote.units,
        beneficiary=purchase.beneficiary,
        beneficiary_is_person=purchase.beneficiary_is_person,
        purpose=purchase.purpose,
        period_first=purchase.period_first,
        period_last=purchase.period_last,
        note=purchase.note,
        ordered_by_id=actor.user_id,
        client_id=actor.client_id,
        ordered_at=at,
    )
    modes = {one.id: one.mode for one in exchange.queries.instruments(at)}
    # By instrument, as everyone locks; of one instrument the best price first, as the quote counted them.
    for line in quote.lines.order_by("instrument_id", "price_fen"):
        new = NewOrder.taking(
            instrument_code=line.instrument_code,
            mode=modes[line.instrument_id],
            quantity=line.quantity,
            price_fen=line.price_fen,
            retires=True,
        )
        order = place_order(actor=actor, order=new, at=at)
        PurchaseOrder.objects.create(purchase=row, line=line, order_id=order.id)
    # The trail is never erased, so that a natural person's name does not go into it.
    beneficiary = masked_name(row.beneficiary) if row.beneficiary_is_person else row.beneficiary
    record_audit(
        actor=actor,
        verb="buy_offset",
        subject=f"offset:{row.pk}",
        before=None,
        after={"quote": quote.pk, "units": row.units, "total_fen": quote.total_fen, "beneficiary": beneficiary},
        at=at,
    )
    return row


def _check_words(purchase: NewPurchase) -> None:
    """Refuse now what the registry would refuse of a retirement once everything is bought. Raises InvalidField."""
    for field, text, most in (("beneficiary", purchase.beneficiary, 120), ("note", purchase.note, 200)):
        if len(text) > most or not is_clean(text) or (field == "beneficiary" and not text):
            reason = _("The text is empty, too long, or holds characters that may not stand in it.")
            raise InvalidField(field=field, reason=reason)
    first, last = purchase.period_first, purchase.period_last
    if (first is None) != (last is None) or (first is not None and last is not None and last < first):
        reason = _("A period has a first and a last day, in this order.")
        raise InvalidField(field="period_last", reason=reason)


def _words(given: OffsetPurchase | NewPurchase) -> tuple[Any, ...]:
    return (
        given.beneficiary,
        given.beneficiary_is_person,
        given.purpose,
        given.period_first,
        given.period_last,
        given.note,
    )


def carry_on_purchase(*, purchase_id: int, at: datetime, interrupt: Callable[[str], None] | None = None) -> bool:
    """Take a purchase one step further, and tell whether another step can be taken now.

    False: it has ended, it waits for the matching job or for a second person, or another worker is at it.
    interrupt: told each named point as it is passed (tests kill the worker there).
    """
    reached = interrupt or (lambda _point: None)
    with transaction.atomic():
        row = OffsetPurchase.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=purchase_id).first()
        if row is None or State(row.state) not in OPEN:
            return False
        reached("locked")
        goes_on = _count_what_was_bought(row, at) if row.state == State.ORDERED else _retire_next(row, at)
        reached("before_commit")
    reached("after_commit")
    return goes_on


def _count_what_was_bought(row: OffsetPurchase, at: datetime) -> bool:
    """Once every order has ended, write down its trades."""
    # Its orders are its organisation's, also when whoever placed them has left meanwhile.
    actor = replace(NOBODY, organisation_id=row.organisation_id)
    orders = list(row.orders.values_list("order_id", flat=True))
    states = {one.pk: one for one in exchange.queries.orders_visible_to(actor).filter(pk__in=orders)}
    if any(one.remaining for one in states.values()) or len(states) < len(orders):
        return False
    for number in orders:
        for trade in exchange.queries.trades_of_order(actor, number):
            Bought.objects.create(
                purchase=row,
                trade_id=trade.pk,
                asset_id=trade.asset_id,
                instrument_code=trade.instrument.code,
                units=trade.quantity,
                price_fen=trade.price_fen,
                value_fen=trade.value_fen,
                fee_fen=trade.buyer_fee_fen,
            )
            row.bought_units += trade.quantity
            row.value_fen += trade.value_fen
            row.fee_fen += trade.buyer_fee_fen
    for one in states.values():
        if one.reject_code:
            row.problems = [*row.problems, _problem_of_code(one.reject_code)]
    row.bought_at = at
    row.state = State.BOUGHT if row.bought_units else State.FAILED
    row.ended_at = None if row.bought_units else at
    row.save()
    if not row.bought_units:
        _tell(row, at)
    return bool(row.bought_units)


def _retire_next(row: OffsetPurchase, at: datetime) -> bool:
    """Retire what was bought of one more batch; when none is left, end."""
    done = set(row.retirements.values_list("asset_id", flat=True))
    refused = {one["asset_id"] for one in row.problems if "asset_id" in one}
    by_asset = row.bought.values("asset_id").annotate(units=Sum("units")).order_by("asset_id")
    left = [(one["asset_id"], one["units"]) for one in by_asset if one["asset_id"] not in done | refused]
    if not left:
        return _end(row, at)
    asset_id, units = left[0]
    try:
        with transaction.atomic():
            retirement = registry.services.request_retirement(
                actor=_actor_of(row, at),
                asset_id=asset_id,
                tonnes=units,
                beneficiary=row.beneficiary,
                beneficiary_is_person=row.beneficiary_is_person,
                purpose=row.purpose,
                period_first=row.period_first,
                period_last=row.period_last,
                note=row.note,
                key=f"offset:{row.pk}:{asset_id}",
                at=at,
            )
            PurchaseRetirement.objects.create(
                purchase=row, asset_id=asset_id, retirement_id=retirement.pk, number=retirement.number, units=units
            )
    except Unavailable:
        raise
    except Refusal as refusal:  # It stays with the buyer as holdings, and he is told why.
        row.problems = [*row.problems, _problem(refusal) | {"asset_id": asset_id, "units": units}]
        row.save(update_fields=["problems"])
    return True


def _end(row: OffsetPurchase, at: datetime) -> bool:
    certified = queries.certificates_of(row)
    if any(one.state == "requested" for one in certified):
        return False  # A second person has it now; the sweep looks again.
    row.retired_units = sum(one.units for one in certified if one.state == "retired")
    row.state = end_of(wanted=row.units, retired=row.retired_units)
    row.ended_at = at
    row.save()
    _tell(row, at)
    return False


def _tell(row: OffsetPurchase, at: datetime) -> None:
    record_audit(
        actor=_actor_of(row, at),
        verb="end_offset",
        subject=f"offset:{row.pk}",
        before={"state": State.ORDERED.value},
        after={"state": row.state, "bought": row.bought_units, "retired": row.retired_units},
        at=at,
    )


def _actor_of(row: OffsetPurchase, at: datetime) -> Actor:
    """Return who ordered the purchase. The password entered for it stands for its retirement too: it was one act."""
    if row.client_id is not None:
        return actor_of_client(row.client_id)
    assert row.ordered_by_id is not None
    return actor_of(row.ordered_by_id, row.organisation_id, at, confirmed_at=at)


def _problem(refusal: Refusal) -> dict[str, Any]:
    """Return a refusal as it is stored: its message stays English and is translated where it is shown."""
    found = {name: value if isinstance(value, str | int) else str(value) for name, value in refusal.found.items()}
    return {"code": refusal.code, "message": refusal.message, "found": found}


def _problem_of_code(code: str) -> dict[str, Any]:
    return {"code": code, "message": _("An order was not carried out ({code})."), "found": {"code": code}}


def make_certificates(*, purchase_id: int, at: datetime) -> int:
    """Have the certificates made that a purchase still lacks, each by itself; return how many there were."""
    missing = queries.uncertified(purchase_id)
    for retirement_id in missing:
        registry.services.make_certificate(retirement_id=retirement_id, at=at)
    return len(missing)
