"""Who takes part in a case, and how instants and names are shown."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from accounts.queries import organisations
from rulebook.rules import beijing


def shown_time(at: datetime | None) -> datetime | None:
    return beijing(at) if at else None


class PartyShown(BaseModel):
    """An organisation in a case."""

    id: int
    name: str


def party_shown(organisation_id: int | None) -> PartyShown | None:
    found = organisations({organisation_id}) if organisation_id is not None else {}
    return PartyShown(id=organisation_id, name=found[organisation_id].name) if organisation_id in found else None
