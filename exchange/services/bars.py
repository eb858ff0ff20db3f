"""The register of who may not trade (禁入名单): entered by one operator, approved by another, over at its day."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_noop as _

from accounts.errors import ChangedMeanwhile, SamePerson
from accounts.queries import organisation_by_uscc, user_id_of
from accounts.rules import Actor, OrganisationView, compact_uscc, is_valid_uscc
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from exchange import errors, queries
from exchange.models import BarredParty, Order
from exchange.services.sequence import accept_event, lock_queues
from exchange.services.surveillance import OPERATOR, checked_reason, operator
from rulebook.queries import business_date, rule
from settlement.services import EvidenceFile, keep_evidence

Kind, State = BarredParty.Kind, BarredParty.State
LONGEST = {"name": 200, "identity": 40, "basis": 300, "authority": 200, "document_number": 100}
LONGEST_REASON = 300
BARRED = "barred"


@dataclass(frozen=True)
class NewBar:
    """A bar as it is entered. username: of a person, the name under which it signs in here, if it does."""

    kind: str
    name: str
    identity: str
    since: date
    until: date
    basis: str
    authority: str
    document_number: str
    username: str = ""


@transaction.atomic
def propose_bar(*, actor: Actor, new: NewBar, file: EvidenceFile | None, at: datetime) -> BarredParty:
    """Enter who is to be barred, with the document; another operator has to approve it.

    Raises RoleMissing, BarIncomplete, BarProposed, FileRejected.
    """
    user_id = operator(actor)
    said = {name: getattr(new, name).strip() for name in LONGEST}
    for name, text in said.items():
        if not text or len(text) > LONGEST[name] or not text.isprintable():
            raise errors.BarIncomplete(field=name)
    if new.until < new.since or new.until < business_date(at):
        raise errors.BarIncomplete(field="until")
    if new.kind not in Kind.values:
        raise errors.BarIncomplete(field="kind")
    if file is None:
        raise errors.BarIncomplete(field="file")
    person_id = None
    if new.kind == Kind.ORGANISATION:
        said["identity"] = compact_uscc(said["identity"])
        if not is_valid_uscc(said["identity"]):
            raise errors.BarIncomplete(field="identity")
    elif new.username.strip():
        person_id = user_id_of(new.username.strip())
        if person_id is None:
            raise errors.BarIncomplete(field="username")
    assert actor.organisation_id is not None
    evidence = keep_evidence(file=file, organisation_id=actor.organisation_id, actor=actor, at=at)
    digest = json.dumps({**asdict(new), **said, "file": evidence.sha256}, default=str, ensure_ascii=False)
    try:
        with transaction.atomic():  # `bar_is_proposed_once` has the word.
            row = BarredParty.objects.create(
                **said,
                kind=new.kind,
                since=new.since,
                until=new.until,
                user_id=person_id,
                evidence=evidence,
                digest=hashlib.sha256(digest.encode()).hexdigest(),
                maker_id=user_id,
                at=at,
            )
    except IntegrityError as error:
        if "bar_is_proposed_once" not in str(error):
            raise
        raise errors.BarProposed from error
    open_work_item(
        kind="check_bar",
        title=_("Check an entry in the register of the barred"),
        subject=_subject(row),
        url="/barred/",
        role=OPERATOR,
        at=at,
    )
    _note(row, actor, "propose_bar", at)
    return row


@transaction.atomic
def approve_bar(*, actor: Actor, bar_id: int, digest: str, at: datetime) -> BarredParty:
    """Approve an entry as another operator: from its first day on the barred place no order, and theirs are cancelled.

    Raises RoleMissing, BarNotThere, SamePerson, PasswordNeeded, ChangedMeanwhile.
    """
    user_id = operator(actor)
    # The queues first, as everywhere: an order that is just being taken in is cancelled, or refused.
    row = _proposed(bar_id, lock=False)
    lock_queues(_instruments_of(row))
    row = _proposed(bar_id)
    if row.maker_id == user_id:
        raise SamePerson
    require_confirmed(actor, at)
    if digest != row.digest:
        raise ChangedMeanwhile(field="digest")
    _decide(row, State.APPROVED, user_id, at)
    _note(row, actor, "approve_bar", at)
    if row.since <= business_date(at):
        _cancel_orders(row, at)
    return row


@transaction.atomic
def refuse_bar(*, actor: Actor, bar_id: int, at: datetime) -> BarredParty:
    """Refuse an entry, or take the own one back. Raises RoleMissing, BarNotThere."""
    user_id = operator(actor)
    row = _proposed(bar_id)
    _decide(row, State.REFUSED, user_id, at)
    _note(row, actor, "refuse_bar", at)
    return row


@transaction.atomic
def end_bar(*, actor: Actor, bar_id: int, reason: str, at: datetime) -> BarredParty:
    """End a bar before its time, from the next day on, for a reason; what it was stays in the register.

    Raises RoleMissing, BarNotThere, ReasonMissing.
    """
    user_id = operator(actor)
    reason = checked_reason(reason, LONGEST_REASON)
    row = BarredParty.objects.select_for_update().filter(pk=bar_id, state=State.APPROVED, ended_on=None).first()
    tomorrow = business_date(at) + timedelta(days=1)
    if row is None or row.until < tomorrow:
        raise errors.BarNotThere
    row.ended_on, row.ended_by_id, row.end_reason = tomorrow, user_id, reason
    row.save(update_fields=["ended_on", "ended_by", "end_reason"])
    _note(row, actor, "end_bar", at)
    return row


def cancel_orders_of_the_barred(at: datetime) -> str:
    """Cancel what is open of everybody who is barred by now, and say how many. Right when run late or twice.

    For bars that begin on a later day than they were approved.
    """
    cancelled = 0
    for row in queries.bars_in_force(at):
        with transaction.atomic():
            lock_queues(_instruments_of(row))
            cancelled += _cancel_orders(row, at)
    return f"{cancelled} orders of the barred cancelled" if cancelled else ""


def refuse_barred(actor: Actor, holder: OrganisationView, at: datetime) -> None:
    """Raise Barred if the organisation, or the person who acts for it, is barred from trading at `at`."""
    found = queries.bar_of(holder.uscc, actor.user_id, at)
    if found is not None:
        raise errors.Barred(
            rule=rule("surveillance.barred", at=at),
            until=found.until.isoformat(),
            document_number=found.document_number,
            basis=found.basis,
        )


def _open_orders(row: BarredParty) -> list[Order]:
    """Return what is open of a barred organisation, or was placed by a barred person, with no cancellation waiting."""
    if row.kind == Kind.ORGANISATION:
        found = organisation_by_uscc(row.identity)
        whose = Q(organisation_id=found.id if found else None, organisation__isnull=False)
    else:
        whose = Q(placed_by_id=row.user_id, placed_by__isnull=False)
    rows = Order.objects.filter(whose, remaining__gt=0).exclude(events__kind__in=["cancel", "expire"])
    return list(rows.order_by("pk"))


def _instruments_of(row: BarredParty) -> list[int]:
    return sorted({order.instrument_id for order in _open_orders(row)})


def _cancel_orders(row: BarredParty, at: datetime) -> int:
    """Ask for the cancellation of what is open; queued like any event, and noted as not the owner's own."""
    orders = _open_orders(row)
    for order in orders:
        accept_event(instrument_id=order.instrument_id, kind="cancel", order_id=order.pk, at=at)
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(reject_code=BARRED)
    return len(orders)


def _proposed(bar_id: int, *, lock: bool = True) -> BarredParty:
    rows = BarredParty.objects.select_for_update() if lock else BarredParty.objects
    row = rows.filter(pk=bar_id, state=State.PROPOSED).first()
    if row is None:
        raise errors.BarNotThere
    return row


def _decide(row: BarredParty, state: str, user_id: int, at: datetime) -> None:
    row.state, row.checker_id, row.decided_at = state, user_id, at
    row.save(update_fields=["state", "checker", "decided_at"])
    close_work_items(subject=_subject(row), at=at)


def _subject(row: BarredParty) -> str:
    return f"bar:{row.pk}"


def _note(row: BarredParty, actor: Actor, verb: str, at: datetime) -> None:
    record_audit(
        actor=actor,
        verb=verb,
        subject=_subject(row),
        before=None,
        after={
            "document_number": row.document_number,
            "authority": row.authority,
            "since": row.since.isoformat(),
            "until": (row.ended_on or row.until).isoformat(),
        },
        at=at,
    )
