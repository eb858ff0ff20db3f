"""Case files with their measures, letters to a party, and the register of the barred: who may do what, and when."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.errors import ChangedMeanwhile, PasswordNeeded, RoleMissing, SamePerson
from accounts.models import AuditRecord, WorkItem
from accounts.queries import organisation
from accounts.rules import OrganisationKind, Role, with_check_digit
from accounts.services import register_organisation
from exchange import errors, queries, services
from exchange.models import BarredParty, CaseMeasure, Halt, OrderEvent, SurveillanceAlert
from exchange.rules import Side, TradingMode
from rulebook.rules import BEIJING
from tests.accounts.makers import a_person, username_of
from tests.exchange.makers import PAPER, a_market

DAY = timedelta(days=1)


@pytest.fixture
def market(db, at):
    market = a_market(at, buyers=2)
    services.run_sessions(at)
    return market


@pytest.fixture
def operators(market):
    return [a_person(Role.EXCHANGE_OPERATOR, at=market.at, confirmed=True) for _ in range(2)]


@pytest.fixture
def case(market, operators):
    """A case over one alert about the first trader."""
    return services.open_case(actor=operators[0], alert_ids=[an_alert(market)], title="频繁撤单", at=market.at)


def an_alert(market, pattern="place_and_cancel", who=0):
    return SurveillanceAlert.objects.create(
        instrument=market.instrument,
        day=market.at.date(),
        pattern=pattern,
        groups="x",
        organisations=[market.traders[who].organisation_id],
        figures=[],
        evidence={"orders": [], "trades": [], "disclosures": []},
        since=market.at,
        until=market.at,
        edition=1,
        at=market.at,
    ).pk


def measure(kind, market, text="请说明", **more):
    return services.NewMeasure(kind, market.traders[0].organisation_id, text, **more)


def take(market, operator, case, kind, **more):
    return services.take_measure(actor=operator, case_id=case.pk, new=measure(kind, market, **more), at=market.at)


def test_a_case_goes_from_its_alerts_over_an_explanation_and_a_warning_to_its_end(market, operators, case):
    assert case.number == "SC-2026-0001"
    assert queries.alerts_visible_to(operators[0], queries.AlertFilter(state="in_case")).count() == 1
    with pytest.raises(errors.AlertNotThere):
        services.open_case(actor=operators[0], alert_ids=[case.alerts.get().pk], title="x", at=market.at)
    asked = take(market, operators[0], case, "explanation")
    assert asked.due_on == date(2026, 3, 5)  # Three trading days after Monday.
    services.answer_letter(actor=market.traders[0], measure_id=asked.pk, answer="系统故障", at=market.at)
    case.refresh_from_db()
    assert case.state == "explained"
    take(market, operators[0], case, "written_warning")
    case.refresh_from_db()
    assert case.state == "measures"
    take(market, operators[0], case, "report", addressee="自治区生态环境厅")
    services.close_case(actor=operators[1], case_id=case.pk, dismissed=False, reason="已整改", at=market.at)
    case.refresh_from_db()
    assert (case.state, case.outcome, case.closed_by_id) == ("closed", "concluded", operators[1].user_id)
    with pytest.raises(errors.CaseNotThere):
        take(market, operators[0], case, "oral_warning")
    with pytest.raises(errors.CaseNotThere):
        services.close_case(actor=operators[1], case_id=case.pk, dismissed=True, reason="x", at=market.at)
    verbs = list(
        AuditRecord.objects.filter(subject=f"surveillance_case:{case.pk}").order_by("pk").values_list("verb", flat=True)
    )
    assert verbs == [
        "open_surveillance_case",
        "take_case_measure",
        "answer_letter",
        "take_case_measure",
        "take_case_measure",
        "close_surveillance_case",
    ]
    assert not WorkItem.objects.filter(subject__startswith="case_measure:", closed_at=None).exists()


@pytest.mark.parametrize(("days", "due"), [(1, date(2026, 3, 3)), (5, date(2026, 3, 9))])
def test_the_due_day_of_an_explanation_is_the_rules(market, operators, case, monkeypatch, days, due):
    from exchange.services import cases

    found = cases.rule
    monkeypatch.setattr(
        cases, "rule", lambda key, at: type("Value", (), {"value": days}) if "days" in key else found(key, at=at)
    )
    assert take(market, operators[0], case, "explanation").due_on == due


def test_a_party_sees_its_letters_alone_and_answers_once(market, operators, case):
    asked = take(market, operators[0], case, "explanation")
    warned = take(market, operators[0], case, "written_warning")
    take(market, operators[0], case, "oral_warning")
    take(market, operators[0], case, "report", addressee="生态环境厅")
    take(market, operators[0], case, "restriction")
    party, other = market.traders
    assert [row.pk for row in queries.letters_visible_to(party)] == [warned.pk, asked.pk]
    assert not queries.letters_visible_to(other).exists()
    assert not queries.cases_visible_to(party).exists()
    for who, number in ((other, asked.pk), (party, warned.pk), (a_person(Role.AUDITOR, at=market.at), asked.pk)):
        with pytest.raises(errors.LetterNotThere):
            services.answer_letter(actor=who, measure_id=number, answer="x", at=market.at)
    with pytest.raises(errors.ReasonMissing):
        services.answer_letter(actor=party, measure_id=asked.pk, answer="", at=market.at)
    services.answer_letter(actor=party, measure_id=asked.pk, answer="说明", at=market.at + 30 * DAY)
    with pytest.raises(errors.LetterNotThere):
        services.answer_letter(actor=party, measure_id=asked.pk, answer="x", at=market.at)


def test_a_restriction_takes_two_operators_and_halts_the_participant(market, operators, case):
    row = take(market, operators[0], case, "restriction", until=market.at + DAY)
    decide = {"measure_id": row.pk, "digest": row.digest, "at": market.at}
    unconfirmed = a_person(Role.EXCHANGE_OPERATOR, at=market.at)
    for who, change, refusal in (
        (operators[0], {}, SamePerson),
        (operators[1], {"digest": "x"}, ChangedMeanwhile),
        (unconfirmed, {}, PasswordNeeded),
        (market.traders[0], {}, RoleMissing),
    ):
        with pytest.raises(refusal):
            services.approve_restriction(actor=who, **{**decide, **change})
    with pytest.raises(errors.CaseWaits):
        services.close_case(actor=operators[0], case_id=case.pk, dismissed=True, reason="x", at=market.at)
    assert not Halt.objects.exists()
    services.approve_restriction(actor=operators[1], **decide)
    halted = Halt.objects.get()
    assert (halted.organisation_id, halted.order_number, halted.until) == (
        market.traders[0].organisation_id,
        case.number,
        market.at + DAY,
    )
    with pytest.raises(errors.Halted):
        market.place(market.traders[0], Side.BUY, 2500, 1)
    with pytest.raises(errors.MeasureNotThere):
        services.approve_restriction(actor=operators[1], **decide)


def test_a_refused_restriction_halts_nobody(market, operators, case):
    row = take(market, operators[0], case, "restriction")
    services.refuse_restriction(actor=operators[0], measure_id=row.pk, at=market.at)
    assert not Halt.objects.exists()
    services.close_case(actor=operators[0], case_id=case.pk, dismissed=True, reason="误报", at=market.at)
    assert CaseMeasure.objects.get().state == "refused"


@pytest.mark.parametrize(
    ("kind", "more", "field"),
    [
        ("fine", {}, "kind"),
        ("report", {}, "addressee"),
        ("oral_warning", {"addressee": "厅"}, "addressee"),
        ("oral_warning", {"text": " "}, "text"),
        ("oral_warning", {"text": "x" * 1001}, "text"),
    ],
)
def test_a_measure_that_does_not_fit_its_kind_is_refused_at_its_field(market, operators, case, kind, more, field):
    with pytest.raises((errors.MeasureIncomplete, errors.ReasonMissing)) as refusal:
        take(market, operators[0], case, kind, **more)
    assert refusal.value.field == field


def test_a_measure_is_of_a_party_of_the_case_and_by_an_operator(market, operators, case):
    stranger = services.NewMeasure("oral_warning", market.seller.organisation_id, "x")
    with pytest.raises(errors.MeasureIncomplete):
        services.take_measure(actor=operators[0], case_id=case.pk, new=stranger, at=market.at)
    with pytest.raises(errors.MeasureIncomplete):
        take(market, operators[0], case, "restriction", until=market.at)
    with pytest.raises(RoleMissing):
        take(market, a_person(Role.AUDITOR, at=market.at), case, "oral_warning")


def entry(market, who=0, **changes):
    """Return an entry about a trader, from today for ten days."""
    found = organisation(market.traders[who].organisation_id)
    today = market.at.astimezone(BEIJING).date()
    return services.NewBar(
        **{
            "kind": "organisation",
            "name": found.name,
            "identity": found.uscc,
            "since": today,
            "until": today + 9 * DAY,
            "basis": "操纵市场",
            "authority": "自治区生态环境厅",
            "document_number": "内环禁〔2026〕1号",
            **changes,
        }
    )


def barred(market, operators, new) -> BarredParty:
    row = services.propose_bar(actor=operators[0], new=new, file=PAPER, at=market.at)
    return services.approve_bar(actor=operators[1], bar_id=row.pk, digest=row.digest, at=market.at)


def test_a_barred_participant_is_refused_with_rule_and_basis_and_its_orders_end(market, operators):
    bad, good = market.traders
    resting = market.place(bad, Side.BUY, 2490, 5)
    kept = market.place(good, Side.BUY, 2490, 5)
    market.match()
    barred(market, operators, entry(market))
    market.match()
    assert (market.order(resting).status, market.order(resting).reject_code) == ("cancelled", "barred")
    assert market.order(kept).status == "live"
    assert market.order(resting).held_fen == 0
    with pytest.raises(errors.Barred) as refusal:
        market.place(bad, Side.BUY, 2490, 5)
    assert refusal.value.rule.key == "surveillance.barred"
    assert "内环禁〔2026〕1号" in str(refusal.value)
    assert "操纵市场" in str(refusal.value)
    market.place(good, Side.BUY, 2490, 5)


def test_neither_an_amendment_nor_a_confirmation_passes_a_bar_and_a_cancellation_does(db, at):
    market = a_market(at, mode=TradingMode.LISTED)
    services.run_sessions(at)
    operators = [a_person(Role.EXCHANGE_OPERATOR, at=at, confirmed=True) for _ in range(2)]
    bad = market.traders[0]
    number = market.place(bad, Side.BUY, 2500, 5)
    market.place(market.seller, Side.SELL, 2500, 5)
    market.match()
    (proposal,) = queries.proposals_visible_to(bad)
    barred(market, operators, entry(market))
    with pytest.raises(errors.Barred):
        services.amend_order(actor=bad, order_id=number, price_fen=2510, quantity=None, at=at)
    with pytest.raises(errors.Barred):
        services.confirm_proposal(actor=bad, proposal_id=proposal.pk, at=at)
    services.cancel_order(actor=bad, order_id=number, at=at)
    market.match()
    assert not market.order(number).remaining


def test_a_bar_begins_and_ends_at_its_days(market, operators):
    bad = market.traders[0]
    today = market.at.astimezone(BEIJING).date()
    number = market.place(bad, Side.BUY, 2490, 5)
    barred(market, operators, entry(market, since=today + DAY, until=today + 2 * DAY))
    assert services.cancel_orders_of_the_barred(market.at) == ""
    market.match()
    assert market.order(number).remaining == 5
    uscc = organisation(bad.organisation_id).uscc
    for later, refused in ((0, False), (1, True), (2, True), (3, False)):
        found = queries.bar_of(uscc, bad.user_id, market.at + later * DAY)
        assert (found is not None) is refused
    assert services.cancel_orders_of_the_barred(market.at + DAY) == "1 orders of the barred cancelled"
    assert services.cancel_orders_of_the_barred(market.at + DAY) == ""
    market.match()
    assert market.order(number).status == "cancelled"
    assert OrderEvent.objects.filter(order_id=number, kind="cancel").count() == 1


def test_a_bar_that_is_ended_early_ends_on_the_next_day(market, operators):
    row = barred(market, operators, entry(market))
    with pytest.raises(errors.ReasonMissing):
        services.end_bar(actor=operators[0], bar_id=row.pk, reason="", at=market.at)
    services.end_bar(actor=operators[0], bar_id=row.pk, reason="撤销决定", at=market.at)
    uscc = organisation(market.traders[0].organisation_id).uscc
    assert queries.bar_of(uscc, None, market.at) is not None
    assert queries.bar_of(uscc, None, market.at + DAY) is None
    with pytest.raises(errors.BarNotThere):
        services.end_bar(actor=operators[0], bar_id=row.pk, reason="x", at=market.at)


def test_a_barred_person_trades_for_nobody(market, operators):
    bad = market.traders[0]
    colleague = a_person(Role.FIRM_INITIATOR, at=market.at, organisation_id=bad.organisation_id)
    barred(
        market,
        operators,
        entry(market, kind="person", name="欧阳小明", identity="150102199001011234", username=username_of(bad)),
    )
    with pytest.raises(errors.Barred):
        market.place(bad, Side.BUY, 2490, 5)
    market.place(colleague, Side.BUY, 2490, 5)
    row = BarredParty.objects.get()
    assert (queries.public_name(row), queries.public_identity(row)) == ("欧***", "***************234")


def test_whoever_registers_after_being_barred_is_refused_as_well(market, operators):
    code = with_check_digit("91150000BA0000001")
    barred(market, operators, entry(market, name="新设公司", identity=code.lower()))
    late = register_organisation(name="新设公司", kind=OrganisationKind.FIRM, uscc=code, at=market.at)
    with pytest.raises(errors.Barred):
        market.place(a_person(Role.FIRM_INITIATOR, at=market.at, organisation_id=late), Side.BUY, 2490, 5)


def test_an_entry_takes_two_operators_a_password_and_what_was_seen(market, operators):
    row = services.propose_bar(actor=operators[0], new=entry(market), file=PAPER, at=market.at)
    with pytest.raises(errors.BarProposed):
        services.propose_bar(actor=operators[1], new=entry(market), file=PAPER, at=market.at)
    decide = {"bar_id": row.pk, "digest": row.digest, "at": market.at}
    for who, change, refusal in (
        (operators[0], {}, SamePerson),
        (operators[1], {"digest": "x"}, ChangedMeanwhile),
        (a_person(Role.EXCHANGE_OPERATOR, at=market.at), {}, PasswordNeeded),
        (market.traders[0], {}, RoleMissing),
    ):
        with pytest.raises(refusal):
            services.approve_bar(actor=who, **{**decide, **change})
    market.place(market.traders[0], Side.BUY, 2490, 5)  # An entry that waits bars nobody.
    services.refuse_bar(actor=operators[1], bar_id=row.pk, at=market.at)
    with pytest.raises(errors.BarNotThere):
        services.approve_bar(actor=operators[1], **decide)


@pytest.mark.parametrize(
    ("changes", "file", "field"),
    [
        ({"identity": "91150000XX"}, PAPER, "identity"),
        ({"name": ""}, PAPER, "name"),
        ({"basis": "x" * 301}, PAPER, "basis"),
        ({"until": date(2026, 3, 1)}, PAPER, "until"),
        ({"kind": "person", "username": "nobody"}, PAPER, "username"),
        ({}, None, "file"),
    ],
)
def test_an_entry_that_is_not_whole_is_refused_at_its_field(market, operators, changes, file, field):
    with pytest.raises(errors.BarIncomplete) as refusal:
        services.propose_bar(actor=operators[0], new=entry(market, **changes), file=file, at=market.at)
    assert refusal.value.field == field


def test_the_database_refuses_an_order_of_somebody_barred_that_code_lets_pass(market, operators, monkeypatch):
    barred(market, operators, entry(market))
    monkeypatch.setattr("exchange.services.terms.refuse_barred", lambda actor, holder, at: None)
    with pytest.raises(IntegrityError, match="order_is_of_nobody_barred"), transaction.atomic():
        market.place(market.traders[0], Side.BUY, 2490, 5)
