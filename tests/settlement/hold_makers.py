"""Holders with credits, persons who freeze and release, and the verbs in one call each."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.rules import Actor, Role
from settlement import queries, services
from settlement.models import Hold
from settlement.queries.holds import digest_of_hold, digest_of_lift
from settlement.rules import HoldReason, Purpose
from settlement.services import EvidenceFile, NewHold
from tests.accounts.makers import a_person, an_organisation
from tests.settlement.makers import issue

PAPER = b"%PDF-1.7\n%a paper of the tests\n"


def paper(text: str = "") -> EvidenceFile:
    return EvidenceFile("court_ruling", "document.pdf", PAPER + text.encode())


class Place:
    """One holder with `units` of one batch, the two operators of the venue and the holder's two persons."""

    def __init__(self, at: datetime, units: int = 100) -> None:
        self.at, self.clock = at, at
        self.holder = an_organisation(at=at)
        self.asset = issue(self.holder, units, at).asset_id
        self.operator = a_person(Role.SETTLEMENT_OPERATOR, at=at, confirmed=True)
        self.second = a_person(
            Role.SETTLEMENT_OPERATOR, at=at, confirmed=True, organisation_id=self.operator.organisation_id
        )
        self.initiator = a_person(Role.FIRM_INITIATOR, at=at, confirmed=True, organisation_id=self.holder)
        self.confirmer = a_person(Role.FIRM_CONFIRMER, at=at, confirmed=True, organisation_id=self.holder)

    def tick(self) -> datetime:
        self.clock += timedelta(seconds=1)
        return self.clock

    def new(self, units: int, document: str = "（2026）内01执1号") -> NewHold:
        return NewHold(self.asset, units, document, "内蒙古自治区高级人民法院", paper())

    def freeze(self, units: int, reason: HoldReason = HoldReason.JUDICIAL, by: Actor | None = None) -> int:
        return services.place_freeze(
            actor=by or self.operator, organisation_id=self.holder, reason=reason, new=self.new(units), at=self.tick()
        ).pk

    def ask_pledge(self, units: int) -> Hold:
        new = NewHold(self.asset, units, "质押合同 2026-1", "中国农业银行赤峰分行", paper())
        return services.ask_pledge(actor=self.initiator, new=new, at=self.tick())

    def pledge(self, units: int) -> int:
        row = self.ask_pledge(units)
        digest = digest_of_hold(row)
        services.confirm_pledge(actor=self.confirmer, hold_id=row.pk, digest=digest, at=self.at)
        return services.register_pledge(actor=self.operator, hold_id=row.pk, digest=digest, at=self.tick()).pk

    def lift(self, hold_id: int, units: int | None = None) -> None:
        row = Hold.objects.get(pk=hold_id)
        asked = services.ask_lift(
            actor=self.operator,
            hold_id=hold_id,
            units=units or row.units - row.released_units,
            basis_number="解除 1 号",
            note="",
            evidence=paper("lift"),
            at=self.at,
        )
        services.lift_hold(actor=self.second, lift_id=asked.pk, digest=digest_of_lift(asked), at=self.at)

    def order(self, units: int, key: str) -> None:
        services.hold_units_for_order(
            key=key, organisation_id=self.holder, asset_id=self.asset, units=units, at=self.at
        )

    def end_order(self, units: int, key: str) -> None:
        services.release_units_of_order(
            key=key, organisation_id=self.holder, asset_id=self.asset, units=units, at=self.at
        )

    def retire(self, units: int, key: str) -> None:
        services.retire_units(
            key=key,
            organisation_id=self.holder,
            asset_id=self.asset,
            units=units,
            at=self.at,
            maker_id=None,
            checker_id=None,
            basis="",
        )

    @property
    def units(self) -> dict[str, int]:
        """What the holder has, by purpose, without what it has none of."""
        shown = {purpose.value: count for purpose, count in queries.units_by_purpose(self.asset).items()}
        return {purpose: count for purpose, count in shown.items() if purpose != Purpose.ISSUANCE}

    def stands(self, hold_id: int) -> tuple[int, int, int]:
        """Return a hold's units in the ledger, those that wait and those it has not found yet."""
        one = queries.hold_summary(hold_id)
        return one.in_ledger, one.waiting, one.open
