"""The work queue (待办): items opened, claimed, handed over, closed."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from accounts.errors import ItemClaimed, UserNotThere, WorkItemNotThere
from accounts.models import RoleGrant, WorkItem
from accounts.rules import Actor, Role
from accounts.services.trail import record_audit


@transaction.atomic
def open_work_item(
    *,
    kind: str,
    title: str,
    subject: str,
    url: str,
    role: Role,
    organisation_id: int | None = None,
    division_code: str = "",
    due_at: datetime | None = None,
    due_provisional: bool = False,
    found: Mapping[str, str] | None = None,
    at: datetime,
) -> int:
    """Put something into the queue of a role and return its id; the same item open already only gets the new due date.

    title:           English message id, with {names} that `found` fills when it is shown.
    subject:         what it is about, as "project:12"; `close_work_items` closes by it.
    organisation_id: whose queue; None: any holder of the role, in the area below.
    division_code:   of the place it is about; offices see it if the place lies in their area. "": everywhere.
    due_provisional: the due date rests on a calendar year that is not loaded yet.
    """
    with connection.cursor() as cursor:  # Two openings of one item queue here; the second finds the first's row.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"work item {kind} {subject}"])
    item, is_new = WorkItem.objects.get_or_create(  # type: ignore[misc]
        kind=kind,
        subject=subject,
        role=role.value,
        organisation_id=organisation_id,
        division_code=division_code,
        closed_at=None,
        defaults={
            "title": title,
            "found": dict(found or {}),
            "url": url,
            "due_at": due_at,
            "due_provisional": due_provisional,
            "opened_at": at,
        },
    )
    if not is_new and (item.due_at, item.due_provisional) != (due_at, due_provisional):
        item.due_at, item.due_provisional = due_at, due_provisional
        item.save(update_fields=["due_at", "due_provisional"])
    return item.pk


def close_work_items(*, subject: str, at: datetime, kind: str | None = None) -> int:
    """Close the open items about a subject, of one kind or of all, and return how many."""
    items = WorkItem.objects.filter(subject=subject, closed_at=None)
    if kind is not None:
        items = items.filter(kind=kind)
    return items.update(closed_at=at)


@transaction.atomic
def claim_work_item(*, actor: Actor, item_id: int, at: datetime) -> None:
    """Take an open item; one's own already: nothing happens. Raises WorkItemNotThere, ItemClaimed."""
    item = _locked(actor, item_id)
    if item.claimed_by_id == actor.user_id:
        return
    if item.claimed_by is not None:
        raise ItemClaimed(name=item.claimed_by.display_name)
    _assign(item, to_user_id=actor.user_id, actor=actor, at=at)


@transaction.atomic
def hand_over_work_item(*, actor: Actor, item_id: int, to_user_id: int, at: datetime) -> None:
    """Hand an item to a colleague who holds its role in the same organisation.

    Raises WorkItemNotThere, UserNotThere; ItemClaimed when it is someone else's.
    """
    item = _locked(actor, item_id)
    if item.claimed_by is not None and item.claimed_by_id != actor.user_id:
        raise ItemClaimed(name=item.claimed_by.display_name)
    can_do_it = RoleGrant.objects.filter(  # type: ignore[misc]
        Q(held_until=None) | Q(held_until__gt=at),
        user_id=to_user_id,
        user__is_active=True,
        organisation_id=actor.organisation_id,
        role=item.role,
        held_from__lte=at,
        approved_at__lte=at,
    )
    if not can_do_it.exists():
        raise UserNotThere(field="to_user")
    _assign(item, to_user_id=to_user_id, actor=actor, at=at)


def _locked(actor: Actor, item_id: int) -> WorkItem:
    item = WorkItem.objects.visible_to(actor).open().select_for_update(of=("self",)).filter(pk=item_id).first()
    if item is None:
        raise WorkItemNotThere
    return item


def _assign(item: WorkItem, *, to_user_id: int | None, actor: Actor, at: datetime) -> None:
    before = item.claimed_by_id
    item.claimed_by_id, item.claimed_at = to_user_id, at
    item.save(update_fields=["claimed_by", "claimed_at"])
    record_audit(
        actor=actor,
        verb="assign_work_item",
        subject=item.subject,
        before={"kind": item.kind, "claimed_by_id": before},
        after={"kind": item.kind, "claimed_by_id": to_user_id},
        at=at,
    )
