"""Unknown money: whose it is says one person, another decides, and just that money moves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.errors import PasswordNeeded, RoleMissing
from accounts.models import WorkItem
from accounts.queries import organisation
from accounts.rules import Role
from settlement import queries, services
from settlement.errors import (
    ExplanationOpen,
    NoticeNotThere,
    ReasonNeeded,
    ReceiverNotThere,
    StaleVersion,
    StepNotOpen,
    TransferSamePerson,
)
from settlement.rules import ReversalReason
from settlement.services.deposits import BankMessage
from tests.accounts.makers import PASSWORD, a_person, signed_in_as
from tests.concurrency import started_and_waiting
from tests.settlement.makers import an_organisation


class World:
    """Unknown money of 500 yuan, the firm whose it is, and two settlement operators."""

    def __init__(self, at):
        self.at = at
        self.firm = an_organisation(at=at)
        self.uscc = organisation(self.firm).uscc
        self.first = a_person(Role.SETTLEMENT_OPERATOR, at=at, confirmed=True)
        self.second = a_person(
            Role.SETTLEMENT_OPERATOR, at=at, organisation_id=self.first.organisation_id, confirmed=True
        )
        self.notice = services.book_bank_notice(message=BankMessage("B1", 50_000, "", "路人", "6222"), at=at)

    def propose(self, actor=None, **changes):
        asked = {"notice_id": self.notice.pk, "uscc": self.uscc, "reason": "付款人来函说明", "at": self.at}
        return services.propose_explanation(actor=actor or self.first, **{**asked, **changes})

    def approve(self, row, actor=None, **changes):
        asked = {"explanation_id": row.pk, "digest": row.digest, "at": self.at}
        return services.approve_explanation(actor=actor or self.second, **{**asked, **changes})


@pytest.fixture
def world(committed, at):
    return World(at)


def clean():
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}
    assert queries.unreconciled_holdings() == []


def test_two_persons_move_unknown_money_to_its_owner(world):
    row = world.propose()
    assert WorkItem.objects.filter(subject=f"explanation:{row.pk}", closed_at__isnull=True).exists()
    assert (queries.suspense_fen(), queries.available_fen(world.firm)) == (50_000, 0)
    done = world.approve(row)

    assert (queries.suspense_fen(), queries.available_fen(world.firm)) == (0, 50_000)
    assert (done.state, done.decided_by_id) == ("done", world.second.user_id)
    assert queries.unknown_money(world.first) == []
    assert not WorkItem.objects.filter(subject=f"explanation:{row.pk}", closed_at__isnull=True).exists()
    clean()


def test_who_proposed_does_not_decide_and_needs_no_second_to_take_it_back(world):
    row = world.propose()
    with pytest.raises(TransferSamePerson):
        world.approve(row, actor=world.first)
    services.refuse_explanation(actor=world.first, explanation_id=row.pk, at=world.at)
    with pytest.raises(StepNotOpen):
        world.approve(row)
    again = world.propose(reason="再次查明")
    assert again.pk != row.pk
    assert queries.suspense_fen() == 50_000
    clean()


def test_what_is_decided_is_what_was_proposed_with_a_fresh_password(world):
    row = world.propose()
    with pytest.raises(StaleVersion):
        world.approve(row, digest="0" * 64)
    with pytest.raises(PasswordNeeded):
        world.approve(row, actor=replace(world.second, confirmed_at=None))
    with pytest.raises(PasswordNeeded):
        world.approve(row, at=world.at + timedelta(days=1))
    assert queries.suspense_fen() == 50_000


def test_bad_proposals_are_refused_with_their_field(world, at):
    with pytest.raises(ReceiverNotThere):
        world.propose(uscc="91150000000000000X")
    with pytest.raises(ReasonNeeded):
        world.propose(reason="  ")
    with pytest.raises(NoticeNotThere):
        world.propose(notice_id=987654321)
    with pytest.raises(RoleMissing):
        world.propose(actor=a_person(Role.FIRM_INITIATOR, at=at))
    world.propose()
    with pytest.raises(ExplanationOpen):
        world.propose(actor=world.second)


def test_money_of_a_participant_is_not_unknown(world, at):
    from tests.settlement.makers import of_organisation

    reference = services.request_deposit(actor=of_organisation(world.firm), amount_fen=None, at=at).reference
    known = services.book_bank_notice(message=BankMessage("B2", 100, reference, "某", ""), at=at)
    with pytest.raises(NoticeNotThere):
        world.propose(notice_id=known.pk)


def test_two_decisions_at_once_move_the_money_once(world):
    from django.db import transaction

    row = world.propose()
    third = a_person(Role.SETTLEMENT_OPERATOR, at=world.at, organisation_id=world.first.organisation_id, confirmed=True)
    with transaction.atomic():
        world.approve(row)
        other = started_and_waiting(lambda: world.approve(row, actor=third))
    other.join()
    assert isinstance(other.error, StepNotOpen)
    assert queries.available_fen(world.firm) == 50_000
    clean()


def test_the_desk_leads_to_the_money_and_two_persons_decide_there(world):
    first, second = signed_in_as(world.first), signed_in_as(world.second)
    page = f"/bank-desk/unknown/{world.notice.pk}/"
    assert page in first.get("/bank-desk/").content.decode()
    assert "伍佰元整" in first.get(page).content.decode()
    bad = first.post(page, {"uscc": "1", "reason": "x"})
    assert (bad.status_code, queries.unknown_money(world.first)[0][1]) == (422, None)
    assert first.post(page, {"uscc": world.uscc, "reason": "来函说明"}).status_code == 302
    own = first.get(page).content.decode()
    assert "撤回提议" in own
    assert "转入所属参与人" not in own
    proposal = queries.unknown_money(world.first)[0][1]
    form = {"digest": proposal.digest}
    asked = second.post(f"{page}approve/", form)
    assert "/confirm/" in asked["Location"]  # The password comes first.
    assert second.post(asked["Location"], {"password": PASSWORD}).status_code == 302
    assert second.post(f"{page}approve/", form)["Location"] == "/bank-desk/"
    assert queries.available_fen(world.firm) == 50_000
    assert second.get(page).status_code == 404


def test_others_do_not_see_unknown_money(world, at):
    person = a_person(Role.FIRM_INITIATOR, at=at)
    assert queries.unknown_money(person) == []
    stranger = signed_in_as(person)
    assert stranger.get(f"/bank-desk/unknown/{world.notice.pk}/").status_code == 403
    auditor = signed_in_as(a_person(Role.AUDITOR, at=at))
    assert auditor.get(f"/bank-desk/unknown/{world.notice.pk}/").status_code == 200
    assert auditor.post(f"/bank-desk/unknown/{world.notice.pk}/", {}).status_code == 403


def test_money_whose_explanation_is_reversed_is_unknown_again(world):
    done = world.approve(world.propose())
    asked = services.propose_reversal(
        actor=world.first, entry_id=done.entry_id, reason=ReversalReason.WRONG_RECEIVER, note="查错了人", at=world.at
    )
    services.approve_reversal(actor=world.second, reversal_id=asked.pk, digest=asked.digest, at=world.at)

    assert (queries.suspense_fen(), queries.available_fen(world.firm)) == (50_000, 0)
    assert [notice.pk for notice, _ in queries.unknown_money(world.first)] == [world.notice.pk]
    clean()
    world.approve(world.propose(reason="再次查明"))
    assert queries.available_fen(world.firm) == 50_000
    clean()
