"""Retirement: once, for a purpose the scheme serves, by two persons from the rule's limit on, with one certificate."""

import io
from dataclasses import replace
from datetime import date

import pytest
from django.db import transaction
from django.test import Client
from openpyxl import load_workbook

from accounts.errors import InvalidField, PasswordNeeded
from accounts.models import AuditRecord
from accounts.rules import Role
from config import invariants
from registry import queries, services, tasks
from registry.errors import Incomplete, PurposeNotServed, RecordNotThere, RoleForbids, SamePerson, StateForbids
from registry.models import Retirement
from settlement.errors import AssetFrozen, AssetNotThere, InsufficientUnits, InvalidQuantity, KeyReused
from settlement.queries import available_units, cash_asset_id, serial_life
from settlement.services import freeze_asset
from tests.accounts.makers import a_person, signed_in_as
from tests.concurrency import started, started_and_waiting
from tests.database import check_deferred
from tests.registry.makers import confirmed
from tests.settlement.makers import issue


class Firm:
    """A firm with two persons and credits of one batch."""

    def __init__(self, at, tonnes=5000):
        self.at = at
        self.first = a_person(Role.FIRM_INITIATOR, at=at, confirmed=True)
        self.id = self.first.organisation_id
        self.second = a_person(Role.FIRM_CONFIRMER, at=at, organisation_id=self.id, confirmed=True)
        self.asset_id = issue(self.id, tonnes, at).asset_id

    def ask(self, tonnes=10, *, actor=None, key="k1", **changes):
        wanted = {
            "asset_id": self.asset_id,
            "tonnes": tonnes,
            "beneficiary": "草原那达慕组委会",
            "purpose": "event",
            "period_first": date(2026, 7, 18),
            "period_last": date(2026, 7, 22),
            "key": key,
            "at": self.at,
            **changes,
        }
        return services.request_retirement(actor=actor or self.first, **wanted)

    @property
    def left(self):
        return available_units(self.id, self.asset_id)


@pytest.fixture
def firm(at):
    return Firm(at)


@pytest.mark.django_db
def test_below_the_limit_one_person_retires_at_once(firm, at):
    row = firm.ask(999)
    check_deferred()

    assert (row.state, row.needs_second, firm.left) == ("retired", False, 4001)
    assert row.number == f"NMZX-2026-{int(row.number[-6:]):06d}"
    assert sum(one["last"] - one["first"] + 1 for one in row.serials) == 999
    life = serial_life(row.serials[0]["text"])
    assert life.steps[-1].purpose == "retired"
    assert queries.certificate(f" {row.number.lower()} ").pk == row.pk
    assert invariants.broken() == {}


@pytest.mark.django_db
def test_from_the_limit_on_a_second_person_confirms(firm, at):
    row = firm.ask(1000)
    assert (row.state, row.needs_second, firm.left) == ("requested", True, 5000)
    with pytest.raises(RecordNotThere):
        queries.certificate(row.number)
    with pytest.raises(RecordNotThere):
        services.make_certificate(retirement_id=row.pk, at=at)

    both = a_person(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, at=at, organisation_id=firm.id, confirmed=True)
    own = firm.ask(1200, actor=both, key="own")

    def confirm(actor, of=row):
        return services.confirm_retirement(actor=actor, retirement_id=of.pk, at=at)

    with pytest.raises(RoleForbids):
        confirm(firm.first)
    with pytest.raises(SamePerson):
        confirm(both, own)
    with pytest.raises(RecordNotThere):
        confirm(a_person(Role.FIRM_CONFIRMER, at=at, confirmed=True))
    with pytest.raises(PasswordNeeded):
        confirm(replace(firm.second, confirmed_at=None))
    done = confirm(firm.second)
    check_deferred()

    assert (done.state, done.confirmed_by_id, firm.left) == ("retired", firm.second.user_id, 4000)
    with pytest.raises(StateForbids):
        confirm(firm.second)
    with pytest.raises(StateForbids):
        services.cancel_retirement(actor=firm.first, retirement_id=row.pk, at=at)
    assert services.cancel_retirement(actor=firm.first, retirement_id=own.pk, at=at).state == "cancelled"
    with pytest.raises(StateForbids):
        confirm(firm.second, own)


@pytest.mark.django_db
def test_what_one_person_retires_in_a_day_counts_together(firm, at):
    """Parts of an amount do not side-step the second person: whoever asks, of whichever batch, until the day ends."""
    other_batch = issue(firm.id, 2000, at).asset_id
    colleague = a_person(Role.FIRM_INITIATOR, at=at, organisation_id=firm.id, confirmed=True)
    assert firm.ask(600, key="a").state == "retired"
    assert firm.ask(399, key="b", actor=colleague, asset_id=other_batch).state == "retired"
    held = firm.ask(1, key="c")
    assert (held.state, held.needs_second) == ("requested", True)
    assert firm.ask(600, key="a").state == "retired"  # A replay is the first answer.
    services.confirm_retirement(actor=firm.second, retirement_id=held.pk, at=at)
    assert Firm(at).ask(999).state == "retired"  # Another organisation has a day of its own.

    # What two persons retire does not use up what one may; the next day in Beijing begins anew.
    evening = at.replace(hour=15, minute=59)
    assert firm.ask(1, key="d", at=evening, actor=confirmed(firm.first, evening)).state == "requested"
    midnight = at.replace(hour=16, minute=0)
    assert firm.ask(999, key="e", at=midnight, actor=confirmed(firm.first, midnight)).state == "retired"
    check_deferred()
    assert invariants.broken() == {}


def test_two_parts_at_once_are_counted_one_after_the_other(committed, at):
    firm = Firm(at)
    with transaction.atomic():
        firm.ask(600, key="a")
        second = started_and_waiting(lambda: firm.ask(600, key="b"))
    second.join()
    assert second.error is None
    assert sorted(Retirement.objects.values_list("state", flat=True)) == ["requested", "retired"]


@pytest.mark.django_db
def test_a_persons_name_is_the_holders_to_read_and_others_say_why(firm, at):
    row = firm.ask(10, beneficiary="苏和巴特尔", beneficiary_is_person=True, note="苏和巴特尔家庭")
    watchers = (Role.REGION_MAKER, Role.ECOLOGY_RECORDER, Role.AUDITOR, Role.EXCHANGE_OPERATOR)
    for role in watchers:
        watcher = a_person(role, at=at)
        client = signed_in_as(watcher)
        pages = [
            client.get(address).content.decode()
            for address in (
                "/retirements/",
                "/retirements/?q=巴特尔",
                f"/retirements/{row.pk}/",
                f"/certificates/{row.number}/",
                "/api/v1/retirements/",
                f"/api/v1/retirements/{row.pk}/",
            )
        ]
        assert not any("苏和" in page or "家庭" in page for page in pages), role
        assert row.number not in pages[1]  # Nobody finds by a name that is not shown.
        sheet = load_workbook(io.BytesIO(client.get("/retirements.xlsx").getvalue())).active
        assert not any("苏和" in str(cell) for line in sheet.iter_rows(values_only=True) for cell in line)
        for paper in (f"/certificates/{row.number}/pdf/", f"/api/v1/certificates/{row.number}/pdf/"):
            assert client.get(paper).status_code == 404

        ask = f"/retirements/{row.pk}/beneficiary/"
        assert client.post(ask, {"reason": " "}).status_code == 302
        assert not AuditRecord.objects.filter(verb="read_beneficiary", user_id=watcher.user_id).exists()
        told = client.post(ask, {"reason": "核对信访件"})
        assert "苏和巴特尔" in told.content.decode()
        assert told["Cache-Control"] == "no-store"
        (logged,) = AuditRecord.objects.filter(verb="read_beneficiary", user_id=watcher.user_id)
        assert logged.after == {"reason": "核对信访件"}
    anyone = Client().get(f"/certificates/{row.number}/").content.decode()
    assert "苏和" not in anyone
    assert "家庭" not in anyone

    own = signed_in_as(firm.second)
    for address in ("/retirements/?q=巴特尔", f"/retirements/{row.pk}/", f"/api/v1/retirements/{row.pk}/"):
        assert "苏和巴特尔" in own.get(address).content.decode()
    assert own.get(f"/api/v1/certificates/{row.number}/pdf/").status_code == 200
    assert own.post(f"/retirements/{row.pk}/beneficiary/", {"reason": "x"}).status_code == 403
    assert (
        "草原"
        in signed_in_as(a_person(Role.AUDITOR, at=at))
        .get(f"/retirements/{firm.ask(5, key='firm').pk}/")
        .content.decode()
    )


@pytest.mark.django_db
def test_the_same_key_retires_once(firm):
    first = firm.ask(10)

    assert firm.ask(10, actor=replace(firm.first, confirmed_at=None)).pk == first.pk
    assert firm.left == 4990
    with pytest.raises(KeyReused):
        firm.ask(11)
    other = Firm(firm.at)
    assert other.ask(10).pk != first.pk  # The same key of another firm is another key.


@pytest.mark.django_db
def test_what_cannot_be_retired_is_refused_and_nothing_moves(firm, at):
    refused = [
        (InsufficientUnits, {"tonnes": 5001}),
        (InvalidQuantity, {"tonnes": 0}),
        (InvalidQuantity, {"tonnes": True}),
        (PurposeNotServed, {"purpose": "allowance_duty"}),
        (Incomplete, {"beneficiary": "  "}),
        (InvalidField, {"beneficiary": "x" * 121}),
        (InvalidField, {"note": "a\u202eb"}),
        (InvalidField, {"period_first": None}),
        (InvalidField, {"period_last": date(2026, 7, 1)}),
        (AssetNotThere, {"asset_id": cash_asset_id()}),
        (AssetNotThere, {"asset_id": 987654321}),
        (PasswordNeeded, {"actor": replace(firm.first, confirmed_at=None)}),
        (RoleForbids, {"actor": a_person(Role.EXCHANGE_OPERATOR, at=at, confirmed=True)}),
        (InsufficientUnits, {"actor": a_person(Role.FIRM_INITIATOR, at=at, confirmed=True)}),
    ]
    for number, (kind, changes) in enumerate(refused):
        with pytest.raises(kind):
            firm.ask(**{"key": f"r{number}", **changes})
    freeze_asset(asset_id=firm.asset_id, reason="火灾", order_number="1", set_by_id=None, at=at)
    with pytest.raises(AssetFrozen):
        firm.ask(key="frozen")
    assert firm.left == 5000
    assert not Retirement.objects.exclude(state="requested").exists()


@pytest.mark.django_db
def test_the_certificate_is_made_once_and_by_the_sweep_when_it_is_missing(firm, at):
    row = firm.ask(10)
    assert queries.retirements_without_certificate() == [row.pk]

    tasks.make_certificates()
    paper = services.make_certificate(retirement_id=row.pk, at=at)

    assert Retirement.objects.get(pk=row.pk).certificate_id == paper.pk
    assert (paper.name, paper.is_public) == (f"{row.number}.pdf", True)
    assert queries.content_of(paper).startswith(b"%PDF-")
    assert queries.retirements_without_certificate() == []


@pytest.mark.django_db
def test_the_paper_of_a_natural_person_is_not_public(firm, at):
    row = firm.ask(1, beneficiary="巴特尔", beneficiary_is_person=True, purpose="voluntary")

    assert services.make_certificate(retirement_id=row.pk, at=at).is_public is False


@pytest.mark.django_db
def test_the_name_of_a_natural_person_does_not_reach_the_trail(firm, at):
    firm.ask(1, beneficiary="巴特尔", beneficiary_is_person=True, purpose="voluntary")
    large = firm.ask(1000, beneficiary="巴特尔", beneficiary_is_person=True, purpose="voluntary", key="k2")
    services.confirm_retirement(actor=firm.second, retirement_id=large.pk, at=at)

    told = str(list(AuditRecord.objects.filter(subject__startswith="retirement:").values("before", "after")))
    assert "巴特尔" not in told
    assert told.count("巴**") == 3


def test_a_request_sent_twice_at_once_retires_once(committed, at):
    firm = Firm(at)

    both = [started(lambda: firm.ask(100)) for _ in range(2)]
    rows = {one.join().result.pk for one in both}

    assert len(rows) == 1
    assert firm.left == 4900
    assert invariants.broken() == {}


def test_the_last_tonnes_are_retired_once(committed, at):
    firm = Firm(at, tonnes=10)

    both = [started(lambda key=key: firm.ask(8, key=key)) for key in ("a", "b")]
    errors = [one.join().error for one in both]

    assert sorted(type(error).__name__ for error in errors) == ["InsufficientUnits", "NoneType"]
    assert firm.left == 2
    assert invariants.broken() == {}
