"""Organisations: registered, frozen."""

from datetime import datetime

from django.db import transaction
from pypinyin import lazy_pinyin

from accounts.errors import InvalidField, InvalidUscc, OrganisationKnown, OrganisationNotThere
from accounts.models import Organisation
from accounts.rules import Actor, OrganisationKind, compact_uscc, is_valid_uscc
from accounts.services.trail import record_audit


@transaction.atomic
def register_organisation(
    *,
    name: str,
    kind: OrganisationKind,
    uscc: str,
    division_code: str = "",
    control_group: str = "",
    actor: Actor | None = None,
    at: datetime,
) -> int:
    """Register an organisation and return its id.

    uscc:          its unified social credit code; that of a rural collective begins with N.
    division_code: the area of an office; where a participant sits.
    control_group: organisations of one group never trade with each other; "": a group of its own.

    Raises InvalidUscc, OrganisationKnown, InvalidField.
    """
    code = compact_uscc(uscc)
    if not is_valid_uscc(code):
        raise InvalidUscc(field="uscc", found_value=uscc)
    if not name.strip():
        raise InvalidField(field="name", reason="The name is needed.")
    if Organisation.objects.filter(uscc=code).exists():
        raise OrganisationKnown(field="uscc")
    organisation = Organisation.objects.create(
        name=name.strip(),
        sort_key=" ".join(lazy_pinyin(name.strip()))[:400],
        kind=kind.value,
        uscc=code,
        control_group=control_group,
        division_code=division_code,
        registered_at=at,
    )
    record_audit(
        actor=actor,
        verb="register_organisation",
        subject=f"organisation:{organisation.pk}",
        before=None,
        after={"name": organisation.name, "kind": kind.value, "uscc": code, "division_code": division_code},
        at=at,
    )
    return organisation.pk


@transaction.atomic
def freeze_organisation(*, organisation_id: int, order: str, actor: Actor, at: datetime) -> None:
    """Freeze an organisation on an order; works at once, reading goes on. Frozen already: nothing happens.

    order: number of the order it rests on. Raises OrganisationNotThere, InvalidField.
    """
    organisation = (
        Organisation.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=organisation_id).first()
    )
    if organisation is None:
        raise OrganisationNotThere
    if not order.strip():
        raise InvalidField(field="order", reason="The number of the order is needed.")
    if organisation.state == Organisation.State.FROZEN:
        return
    organisation.state = Organisation.State.FROZEN
    organisation.frozen_at = at
    organisation.freeze_order = order.strip()
    organisation.save(update_fields=["state", "frozen_at", "freeze_order"])
    record_audit(
        actor=actor,
        verb="freeze_organisation",
        subject=f"organisation:{organisation_id}",
        before={"state": "active"},
        after={"state": "frozen", "order": organisation.freeze_order},
        at=at,
    )
