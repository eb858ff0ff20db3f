"""Invoices over fees: each fee once at a time, to the fen; refused, corrected in full by two persons, asked for anew."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import PasswordNeeded, RoleMissing
from accounts.models import WorkItem
from settlement import queries, services
from settlement.errors import (
    CorrectionOpen,
    FeesInvoiced,
    FeesNotThere,
    FeesUnchosen,
    InvoiceNotThere,
    InvoiceSamePerson,
    SpecialNotAllowed,
    StaleVersion,
    StepNotOpen,
    TitleIncomplete,
    TitleMissing,
)
from settlement.models import Invoice, InvoiceTitle, TaxOrder
from settlement.rules.invoices import InvoiceKind, TaxpayerType, split_tax, wait_minutes
from settlement.services.invoices import NewTitle
from tests.accounts.makers import a_person
from tests.concurrency import started_and_waiting
from tests.settlement.invoice_makers import Invoicing


@pytest.fixture
def world(committed, at):
    return Invoicing(at)


def clean():
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}
    assert queries.unreconciled_holdings() == []


@given(st.integers(1, 10**13), st.sampled_from(["0.06", "0.03", "0.01", "0", "0.13"]))
def test_price_and_tax_add_up_and_the_price_is_the_nearest(total, rate):
    net, tax = split_tax(total_fen=total, rate=Decimal(rate))
    assert net + tax == total
    assert min(net, tax) >= 0
    assert abs(Decimal(net) * (1 + Decimal(rate)) - total) <= (1 + Decimal(rate)) / 2


def test_half_a_fen_is_rounded_up():
    assert split_tax(total_fen=53, rate=Decimal("0.06")) == (50, 3)
    assert split_tax(total_fen=3, rate=Decimal(1)) == (2, 1)  # 1.5


def test_a_retry_waits_twice_as_long_each_time_and_at_most_a_day():
    assert [wait_minutes(first=1, attempts=tries) for tries in (1, 2, 3, 8, 40)] == [1, 2, 4, 128, 1440]


def test_fees_are_merged_into_one_invoice_to_the_fen(world):
    row = world.ask()
    assert (row.amount_fen, row.net_fen, row.tax_fen, row.state) == (580, 547, 33, "asked")
    assert world.legs() == []
    assert [fee.fen for fee in queries.fees_of_request(row.pk)] == [240, 333, 7]
    world.answer(row)
    assert row.state == "issued"
    (invoice,) = Invoice.objects.all()
    assert (invoice.amount_fen, invoice.request_id, len(invoice.number)) == (580, row.pk, 20)
    clean()


def test_only_fees_one_has_paid_and_each_once(world):
    legs, others = world.legs(), world.legs(world.seller.organisation_id)
    assert len(legs) == 3
    assert len(others) == 2
    for wrong in ([*legs, others[0]], [10**9], [others[0]]):
        with pytest.raises(FeesNotThere):
            world.ask(*wrong)
    for wrong in ([legs[0], legs[0]], [0] * 2001):
        with pytest.raises(FeesUnchosen):
            world.ask(*wrong)
    with pytest.raises(FeesUnchosen):
        services.request_invoice(actor=world.firm, kind=InvoiceKind.ORDINARY, leg_ids=[], at=world.at)
    world.ask(legs[1])
    with pytest.raises(FeesInvoiced):
        world.ask(*legs)
    assert world.legs() == [legs[0], legs[2]]
    clean()


def test_a_special_invoice_needs_a_general_taxpayer_with_address_and_bank(world):
    with pytest.raises(TitleMissing):
        services.request_invoice(
            actor=world.seller,
            kind=InvoiceKind.ORDINARY,
            leg_ids=world.legs(world.seller.organisation_id),
            at=world.at,
        )
    services.set_invoice_title(actor=world.firm, title=NewTitle(TaxpayerType.GENERAL, "a@b.cn"), at=world.at)
    with pytest.raises(TitleIncomplete):
        world.ask()
    for one in (TaxpayerType.SMALL_SCALE, TaxpayerType.OTHER):
        services.set_invoice_title(actor=world.firm, title=NewTitle(one, "a@b.cn", "a", "b"), at=world.at)
        with pytest.raises(SpecialNotAllowed):
            world.ask()
    assert world.ask(kind=InvoiceKind.ORDINARY).kind == "ordinary"
    assert InvoiceTitle.objects.filter(organisation_id=world.firm.organisation_id).count() == 4
    assert len(queries.invoice_titles_visible_to(world.firm)) == 1
    clean()


def test_two_requests_over_the_same_fees_at_once_are_one(world):
    from django.db import transaction

    with transaction.atomic():
        world.ask()
        second = started_and_waiting(world.ask)
    second.join()
    assert isinstance(second.error, FeesInvoiced)
    assert len(queries.invoice_requests_visible_to(world.firm)) == 1
    clean()


def test_a_refused_request_frees_its_fees(world):
    legs = world.legs()
    row = world.ask()
    world.answer(row, state="refused", reason="纳税人状态异常")
    assert (row.state, row.reason) == ("refused", "纳税人状态异常")
    assert world.legs() == legs
    world.issued()
    clean()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount_fen", 581),
        ("net_fen", 548),
        ("tax_fen", 0),
        ("taxpayer_id", "91150000MA0000000X"),
        ("number", "2615100000000000001"),
        ("number", "2615100000000000000x"),
        ("number", "２" * 20),
        ("order_number", "B0"),
        ("issued_on", "yesterday"),
        ("corrects", "1" * 20),
        ("file", ""),
        ("file", "PGh0bWw+"),
        ("file", "%%%"),
    ],
)
def test_an_invoice_that_is_not_what_was_asked_is_not_taken(world, field, value):
    row = world.ask()
    world.answer(row, **{field: value})
    assert row.state == "asked"
    (order,) = queries.tax_orders_in_trouble(world.first)
    assert order.dead_at is not None
    assert field in order.last_error
    assert WorkItem.objects.filter(subject=f"tax_order:{order.pk}", closed_at__isnull=True).exists()
    assert queries.tax_orders_in_trouble(world.firm) == []
    assert Invoice.objects.count() == 0
    services.send_tax_order_again(actor=world.second, order_id=order.pk, at=world.at)
    assert not WorkItem.objects.filter(subject=f"tax_order:{order.pk}", closed_at__isnull=True).exists()
    world.answer(row)
    assert row.state == "issued"
    clean()


def test_one_number_is_on_one_invoice(world):
    first, second = world.issued(world.legs()[0]), world.ask(world.legs()[0])
    world.answer(second, number=Invoice.objects.get(request=first).number)
    assert second.state == "asked"
    assert TaxOrder.objects.get(request=second).last_error == "contradiction: number"
    clean()


def test_an_answer_told_twice_changes_nothing(world):
    row = world.issued()
    number = Invoice.objects.get().number
    world.answer(row)
    world.answer(row, state="refused")
    services.record_tax_silence(order_id=row.order.pk, error="x", at=world.at)
    assert (row.state, Invoice.objects.get().number) == ("issued", number)
    clean()


def test_silence_is_asked_again_later_and_later_and_then_laid_aside(world):
    row = world.ask()
    at, waits = world.at, []
    for _ in range(8):
        (order_id,) = queries.due_tax_orders(at=at, limit=9)
        services.record_tax_silence(order_id=order_id, error="ConnectionError", at=at)
        order = TaxOrder.objects.get(pk=order_id)
        waits.append(int((order.next_at - at) / timedelta(minutes=1)))
        at = order.next_at
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128]
    assert queries.due_tax_orders(at=at + timedelta(days=99), limit=9) == []
    row.refresh_from_db()
    assert row.state == "asked"  # Nobody knows, so it is not called failed, and its fees are not free.
    assert world.legs() == []
    with pytest.raises(RoleMissing):
        services.send_tax_order_again(actor=world.firm, order_id=order_id, at=at)
    services.send_tax_order_again(actor=world.first, order_id=order_id, at=at)
    with pytest.raises(InvoiceNotThere):
        services.send_tax_order_again(actor=world.first, order_id=order_id, at=at)
    assert queries.due_tax_orders(at=at, limit=9) == [order_id]
    clean()


def test_two_persons_take_an_invoice_back_and_its_fees_are_invoiced_anew(world):
    legs = world.legs()
    row = world.issued()
    red = world.propose(row)
    assert WorkItem.objects.filter(subject=f"red_letter:{red.pk}", closed_at__isnull=True).exists()
    world.approve(red)
    assert not WorkItem.objects.filter(subject=f"red_letter:{red.pk}", closed_at__isnull=True).exists()
    assert world.legs() == []
    clean()
    world.answer(red)
    row.refresh_from_db()
    assert (red.state, row.state) == ("issued", "corrected")
    blue, turned = Invoice.objects.order_by("pk")
    assert (turned.amount_fen, turned.net_fen, turned.tax_fen) == (-580, -547, -33)
    assert (turned.red_letter_id, blue.red_letter_id, turned.request_id) == (red.pk, None, row.pk)
    assert world.legs() == legs
    clean()
    world.issued()
    clean()


def test_a_red_letter_names_its_invoice(world):
    row = world.issued()
    red = world.approve(world.propose(row))
    order = queries.tax_order(red.order.pk)
    assert (order.number, order.corrects) == (f"R{red.pk}", Invoice.objects.get().number)
    world.answer(red, corrects="9" * 20)
    assert red.state == "asked"
    assert TaxOrder.objects.get(red_letter=red).last_error == "contradiction: corrects"


def test_who_may_correct(world, at):
    row = world.issued()
    for actor in (world.firm, world.auditor):
        with pytest.raises(RoleMissing):
            services.propose_red_letter(actor=actor, request_id=row.pk, reason="x", at=at)
    with pytest.raises(InvoiceNotThere):
        services.propose_red_letter(actor=world.first, request_id=0, reason="x", at=at)
    red = world.propose(row)
    with pytest.raises(CorrectionOpen):
        world.propose(row)
    with pytest.raises(InvoiceSamePerson):
        world.approve(red, actor=world.first)
    with pytest.raises(StaleVersion):
        world.approve(red, digest="0" * 64)
    with pytest.raises(RoleMissing):
        world.approve(red, actor=world.auditor)
    unconfirmed = a_person(*world.first.roles, at=at, organisation_id=world.first.organisation_id)
    with pytest.raises(PasswordNeeded):
        world.approve(red, actor=unconfirmed)
    services.refuse_red_letter(actor=world.first, red_letter_id=red.pk, at=at)
    with pytest.raises(StepNotOpen):
        world.approve(red)
    world.propose(row)
    clean()


def test_only_an_issued_invoice_is_corrected(world):
    row = world.ask()
    with pytest.raises(StepNotOpen):
        world.propose(row)
    world.answer(row)
    red = world.approve(world.propose(row))
    world.answer(red, state="refused", reason="已抵扣")
    row.refresh_from_db()
    assert (red.state, red.refusal, row.state) == ("refused", "已抵扣", "issued")
    assert world.legs() == []
    clean()


def test_others_see_nothing_and_watchers_all(world):
    row = world.issued()
    number = Invoice.objects.get().number
    assert queries.invoice_requests_visible_to(world.seller) == []
    for ask in (
        lambda: queries.invoice_request(world.seller, row.pk),
        lambda: queries.invoice_visible_to(world.seller, number),
    ):
        with pytest.raises(InvoiceNotThere):
            ask()
    for actor in (world.firm, world.first, world.auditor):
        assert queries.invoice_request(actor, row.pk) == row
        assert queries.invoice_visible_to(actor, number).number == number
