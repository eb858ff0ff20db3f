"""Confirming provisional values: a new version of the set, on evidence, by a named person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_noop as _

from accounts.rules import Actor, Role
from accounts.services import record_audit, require_confirmed
from registry import queries
from registry.errors import DemonstrationOnly, FileRejected, Incomplete, RoleForbids, UnknownKey
from registry.models import ParameterVersion
from registry.rules.documents import PAPERS, content_type
from registry.services.documents import keep_document
from rulebook.queries import business_date


@transaction.atomic
def confirm_parameters(
    *,
    actor: Actor,
    set_id: str,
    keys: Sequence[str],
    basis: Literal["confirmed", "demonstration"],
    evidence_name: str,
    evidence: bytes,
    is_demonstration: bool = False,
    at: datetime,
) -> ParameterVersion:
    """Publish the next version of a set, in which the values under the keys are confirmed; nothing is edited.

    keys:  with dots ("species.LARIX"); what stands below a key is confirmed with it.
    basis: "demonstration" only where this is one; no real issuance can rest on the set from then on.
    Raises RoleForbids, PasswordNeeded, UnknownKey, DemonstrationOnly, Incomplete, FileRejected.
    """
    if actor.user_id is None or not actor.has(Role.REGION_CHECKER):
        raise RoleForbids
    require_confirmed(actor, at)
    if basis == "demonstration" and not is_demonstration:
        raise DemonstrationOnly(field="basis", values=set_id)
    if content_type(evidence) not in PAPERS:
        raise FileRejected(field="file", reason=_("a PDF, a picture, an Excel or a Word file is expected"))
    if not keys:
        raise Incomplete(field="keys", missing="keys")
    with connection.cursor() as cursor:  # One confirmation of a set at a time: the next builds on this one.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"parameter set {set_id}"])
    sets = queries.parameter_sets()
    if set_id not in sets.versions:
        raise UnknownKey(field="set_id", set_id=set_id, key="")
    current = sets.get(set_id)
    number = (ParameterVersion.objects.filter(set_id=set_id).aggregate(last=Max("number"))["last"] or 0) + 1
    who = {"by": actor.display_name, "on": business_date(at).isoformat(), "evidence": evidence_name, "basis": basis}
    version = _following(current.version)
    for key in keys:
        try:
            current.value(*key.split("."))
        except KeyError:
            raise UnknownKey(field="keys", set_id=set_id, key=key) from None
    new = current.confirming(version=version, confirmations=dict.fromkeys(keys, who))
    paper = keep_document(
        project=None,
        kind="evidence",
        name=evidence_name,
        content=evidence,
        content_type=content_type(evidence),
        is_public=True,
        actor=actor,
        at=at,
    )
    row = ParameterVersion.objects.create(
        set_id=set_id,
        version=version,
        number=number,
        document=dict(new.values),
        keys=list(keys),
        basis=basis,
        evidence=paper,
        confirmed_by_id=actor.user_id,
        at=at,
    )
    record_audit(
        actor=actor,
        verb="confirm_parameters",
        subject=f"parameter_set:{set_id}",
        before={"version": current.version},
        after={"version": version, "keys": list(keys), "basis": basis, "evidence": paper.sha256},
        at=at,
    )
    return row


def _following(version: str) -> str:
    """Return the next version: the last number one higher."""
    head, _dot, last = version.rpartition(".")
    return f"{head}.{int(last) + 1}"
