"""A small world for transfers, made through the services."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts import queries as people
from accounts.queries import organisation
from accounts.rules import Role
from settlement import queries, services
from settlement.rules import Purpose, ReversalReason, TransferKind
from settlement.services import EvidenceFile
from tests.accounts.makers import a_person
from tests.settlement.makers import an_organisation, issue

BEIJING = ZoneInfo("Asia/Shanghai")
PAPER = b"%PDF-1.7 a deed"


def beijing(text):
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(UTC)


def evidence(kind="merger_agreement", content=PAPER, name="协议.pdf"):
    return EvidenceFile(kind, name, content)


class World:
    """A holder with its two persons and a hundred credits, a receiver, and two settlement operators."""

    def __init__(self, at):
        self.at = at
        self.initiator = a_person(Role.FIRM_INITIATOR, at=at, confirmed=True)
        self.giver = self.initiator.organisation_id
        self.confirmer = a_person(Role.FIRM_CONFIRMER, at=at, organisation_id=self.giver, confirmed=True)
        self.receiver = an_organisation(at=at)
        self.operator = a_person(Role.SETTLEMENT_OPERATOR, at=at, confirmed=True)
        self.second = a_person(
            Role.SETTLEMENT_OPERATOR, at=at, organisation_id=self.operator.organisation_id, confirmed=True
        )
        self.batch = issue(self.giver, 100, at)
        self.asset = self.batch.asset_id

    def now(self, actor, at):
        """The same person, with the password just entered at another time."""
        return replace(people.actor_of(actor.user_id, actor.organisation_id, at, confirmed_at=at))

    def propose(self, at=None, **changes):
        at = at or self.at
        values = {
            "actor": self.now(self.initiator, at),
            "kind": TransferKind.MERGER,
            "asset_id": self.asset,
            "units": 40,
            "to_uscc": organisation(self.receiver).uscc,
            "basis_number": "合并〔2026〕1号",
            "reason": "吸收合并",
            "evidence": evidence(),
            "at": at,
        }
        return services.propose_transfer(**{**values, **changes})

    def court(self, at=None, **changes):
        values = {
            "actor": self.now(self.operator, at or self.at),
            "kind": TransferKind.COURT,
            "from_uscc": organisation(self.giver).uscc,
            "evidence": evidence("court_assistance_notice"),
            "basis_number": "（2026）内01执1号",
        }
        return self.propose(at, **{**values, **changes})

    def confirm(self, row, at=None):
        at = at or self.at
        return services.confirm_transfer(
            actor=self.now(self.confirmer, at), transfer_id=row.pk, digest=row.digest, at=at
        )

    def approve(self, row, at=None, actor=None):
        at = at or self.at
        return services.approve_transfer(
            actor=self.now(actor or self.operator, at), transfer_id=row.pk, digest=row.digest, at=at
        )

    def approved(self, at=None, **changes):
        row = self.propose(at, **changes)
        self.confirm(row, at)
        return self.approve(row, at)

    def executed(self, **changes):
        row = self.approved(**changes)
        assert services.execute_transfer(transfer_id=row.pk, at=row.due_at) == "executed"
        row.refresh_from_db()
        return row

    def trust(self, at=None, approved_at=None):
        at = at or self.at
        row = services.propose_trusted_account(
            actor=self.now(self.initiator, at), to_uscc=organisation(self.receiver).uscc, reason="全资子公司", at=at
        )
        approved_at = approved_at or at
        return services.approve_trusted_account(
            actor=self.now(self.confirmer, approved_at), trust_id=row.pk, at=approved_at
        )

    def units(self, organisation_id, purpose=Purpose.AVAILABLE):
        held = queries.holdings_visible_to(self.operator, organisation_id=organisation_id)
        return sum(one.units for one in held if one.asset_id == self.asset and one.purpose is purpose)

    def serials(self, organisation_id):
        held = queries.holdings_visible_to(self.operator, organisation_id=organisation_id)
        return {one.purpose: queries.serials_held(one.id) for one in held if one.asset_id == self.asset}


def reverse(world, entry_id, at=None, actor=None):
    """Undo an entry by two operators and return the reversal."""
    at = at or world.at + timedelta(days=2)
    asked = services.propose_reversal(
        actor=world.now(world.operator, at),
        entry_id=entry_id,
        reason=ReversalReason.WRONG_RECEIVER,
        note="受让方有误",
        at=at,
    )
    return services.approve_reversal(
        actor=world.now(actor or world.second, at), reversal_id=asked.pk, digest=asked.digest, at=at
    )


def trust_of_another(world, at):
    """Return a trusted account that waits for its second person."""
    return services.propose_trusted_account(
        actor=world.initiator, to_uscc=organisation(an_organisation(at=at)).uscc, reason="子公司", at=at
    )
