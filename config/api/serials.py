"""GET serials/{serial}: the passport of one serial, the same as its page says to the same actor."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

import registry.queries
from accounts.api.documentation import described
from accounts.api.endpoint import Endpoint
from rulebook.rules import beijing
from settlement.queries import SerialLife, SerialStep, holder_names, serial_life
from settlement.web.serials import holder_numbers


class SerialStepShown(BaseModel):
    """One step in a serial's life.

    holder: its place in the order of holders, from 1 (null: the system, as the buffer pool). holder_name: null for
    whoever may not know it. first, last: the range that moved with it.
    """

    entry: int
    kind: str
    at: datetime
    state: str
    from_state: str
    holder: int | None
    holder_name: str | None
    first: int
    last: int


class SerialShown(BaseModel):
    """A serial's life, oldest step first.

    serial: in print, with its check digits. ended: retired, cancelled or exported. certificate: the number of the
    certificate of its retirement, to be asked for under `certificates/{number}`.
    """

    serial: str
    batch: int
    batch_serials: str
    issuance: int | None
    project: str | None
    project_name: str | None
    vintage: int | None
    type: str | None
    division: str | None
    methodology: str | None
    state: str | None
    ended: bool
    certificate: str | None
    steps: list[SerialStepShown]


def _step(step: SerialStep, names: dict[int, str], numbers: dict[int, int]) -> SerialStepShown:
    holder = step.organisation_id
    return SerialStepShown(
        entry=step.entry_id,
        kind=step.kind.value,
        at=beijing(step.at),
        state=step.purpose.value,
        from_state=step.from_purpose.value,
        holder=None if holder is None else numbers[holder],
        holder_name=None if holder is None else names.get(holder),
        first=step.serials.first,
        last=step.serials.last,
    )


class Serial(Endpoint):
    """The life of one serial, from issuance to where it is now; holders named to those who may know. Public."""

    @described(SerialShown)
    def get(self, request: Request, serial: str) -> Response:
        life = serial_life(serial)
        return self.answer(self.shown(life))

    def shown(self, life: SerialLife) -> SerialShown:
        credit, end = life.asset.credit, life.end
        names, numbers = holder_names(self.actor, life.steps), holder_numbers(life.steps)
        certificates = registry.queries.certificates_of_entries([end.entry_id]) if end else {}
        return SerialShown(
            serial=life.text,
            batch=life.asset.id,
            batch_serials=life.batch_text,
            issuance=registry.queries.issuances_of_batches([life.asset.id]).get(life.asset.id),
            project=credit.project_code if credit else None,
            project_name=credit.project_name if credit else None,
            vintage=credit.vintage_year if credit else None,
            type=credit.credit_type if credit else None,
            division=credit.division_code if credit else None,
            methodology=credit.methodology if credit else None,
            state=life.steps[-1].purpose.value if life.steps else None,
            ended=end is not None,
            certificate=next(iter(certificates.values()), None),
            steps=[_step(step, names, numbers) for step in life.steps],
        )
