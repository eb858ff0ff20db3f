"""Reads of the work queue (待办)."""

from datetime import datetime

from django.db.models import F

from accounts.errors import WorkItemNotThere
from accounts.models import WorkItem
from accounts.queries.organisations import users_with_role
from accounts.rules import Actor, Role, UserView, WorkItemView, days_left
from rulebook.queries import business_date


def work_items_for(actor: Actor, *, at: datetime, limit: int | None = None) -> list[WorkItemView]:
    """Return the open items the actor may do, the most pressing first."""
    rows = (
        WorkItem.objects.visible_to(actor)
        .open()
        .select_related("claimed_by")
        .order_by(F("due_at").asc(nulls_last=True), "pk")
    )
    return [_view(row, at) for row in (rows[:limit] if limit else rows)]


def open_work_count(actor: Actor) -> int:
    """Return how many open items the actor may do: the badge in the top bar."""
    return WorkItem.objects.visible_to(actor).open().count()


def work_item(actor: Actor, item_id: int, *, at: datetime) -> WorkItemView:
    """Return one open item of the actor. Raises WorkItemNotThere."""
    row = WorkItem.objects.visible_to(actor).open().select_related("claimed_by").filter(pk=item_id).first()
    if row is None:
        raise WorkItemNotThere
    return _view(row, at)


def has_open_item(kind: str, subject: str) -> bool:
    """Return whether an item of a kind about a subject is open, in anyone's queue."""
    return WorkItem.objects.open().filter(kind=kind, subject=subject).exists()


def colleagues_for(actor: Actor, item: WorkItemView, *, at: datetime) -> list[UserView]:
    """Return the colleagues in the actor's organisation who could take the item."""
    people = users_with_role(Role(item.role), actor.organisation_id, at=at)
    return [person for person in people if person.id != actor.user_id]


def _view(row: WorkItem, at: datetime) -> WorkItemView:
    left = None if row.due_at is None else days_left(business_date(row.due_at), business_date(at))
    return WorkItemView(
        id=row.pk,
        kind=row.kind,
        title=row.title,
        found=row.found,
        subject=row.subject,
        url=row.url,
        role=row.role,
        opened_at=row.opened_at,
        due_at=row.due_at,
        is_provisional=row.due_provisional,
        days_left=left,
        claimed_by_id=row.claimed_by_id,
        claimed_by=row.claimed_by.display_name if row.claimed_by else "",
    )
