"""Instruments, market data, orders, accepts and picks."""

from __future__ import annotations

import json
import time
from functools import partial

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from accounts.errors import InvalidField
from exchange import queries, services, tasks
from exchange.api import schemas
from exchange.errors import InstrumentNotThere
from exchange.models import Order
from exchange.queries.tape import STEPS
from exchange.rules import Side
from exchange.services import NewOrder

MOST_WAIT_SECONDS = 5.0
POLL_SECONDS = 0.02
TAPE_ROWS = 100


class Instruments(Endpoint):
    """The instruments as they stand now, all of them or those that are asked for. Public."""

    @described(page_of(schemas.InstrumentShown), filters=schemas.InstrumentFilters)
    def get(self, request: Request) -> Response:
        asked = self.filters(schemas.InstrumentFilters).asked()
        found = queries.instruments_matching(asked, self.at)
        return self.list_page(found, schemas.instrument_shown, key=lambda one: one.code)


class OneInstrument(Endpoint):
    """One instrument as it stands now. Public."""

    @described(schemas.InstrumentShown)
    def get(self, request: Request, code: str) -> Response:
        found = queries.instruments(self.at, code=code)
        if not found:
            raise InstrumentNotThere
        return self.answer(schemas.instrument_shown(found[0]))


class Book(Endpoint):
    """The best five levels of both sides. Public."""

    @described(schemas.BookShown)
    def get(self, request: Request, code: str) -> Response:
        found = queries.instruments(self.at, code=code)
        if not found:
            raise InstrumentNotThere
        one = found[0]
        view = queries.book(one.id, lower=one.lower_fen, upper=one.upper_fen)
        return self.answer(schemas.book_shown(view, queries.call_of(one, self.at)))


class Tape(Endpoint):
    """The newest trades of an instrument, newest first; `next` goes on. No parties. Public."""

    @described(schemas.TapeShown, query={"before": "The id of a trade: those before it."})
    def get(self, request: Request, code: str) -> Response:
        lines = queries.tape(queries.instrument_by_code(code).pk, limit=TAPE_ROWS, before=self.before())
        follows = self.link_before(lines[-1].id) if len(lines) == TAPE_ROWS else None
        return self.answer(schemas.TapeShown(next=follows, results=[schemas.tape_line_shown(line) for line in lines]))


class Candles(Endpoint):
    """Candles of `?step=1m|5m|15m|30m|1h|1d`, oldest first. Public."""

    @described(schemas.CandlesShown, query={"step": "1m, 5m (default), 15m, 30m, 1h or 1d."})
    def get(self, request: Request, code: str) -> Response:
        step = request.query_params.get("step", "5m")
        if step not in STEPS:
            raise InvalidField(field="step", reason=", ".join(STEPS))
        rows = queries.candles(queries.instrument_by_code(code).pk, step)
        return self.answer(schemas.CandlesShown(candles=[schemas.candle_shown(row) for row in rows]))


class Orders(Endpoint):
    """The own orders, newest first; POST places one. `?wait=5` answers when it was matched, at most 5 s later."""

    @described(page_of(schemas.OrderShown))
    def get(self, request: Request) -> Response:
        return self.page(queries.orders_visible_to(self.actor), schemas.order_shown)

    @described(
        schemas.AcceptedShown,
        body=schemas.OrderBody,
        query={"wait": "Seconds, up to 5: answer with the whole order once it was matched."},
        status=201,
        needs_key=True,
    )
    def post(self, request: Request) -> HttpResponse:
        answer = self._place(request)
        wait = _seconds(request.query_params.get("wait", ""))
        if wait and answer.status_code == 201 and "Idempotent-Replay" not in answer.headers:
            return _when_matched(self, answer, wait)
        return answer

    @idempotent
    def _place(self, request: Request) -> Response:
        order = self.body(schemas.OrderBody).as_order()
        placed = services.place_order(actor=self.actor, order=order, at=self.at)
        self.after_commit(lambda: tasks.wake(placed.instrument_id))
        return self.answer(schemas.accepted_shown(placed), status=201, location=f"/api/v1/orders/{placed.id}/")


class BulkOrders(Endpoint):
    """Up to 500 orders in one request, taken in together or not at all."""

    @described(schemas.AcceptedOrdersShown, body=schemas.BulkBody, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        orders = [one.as_order() for one in self.body(schemas.BulkBody).orders]
        placed = services.place_orders(actor=self.actor, orders=orders, at=self.at)
        instruments = {one.instrument_id for one in placed}
        for number in sorted(instruments):
            self.after_commit(partial(tasks.wake, number))
        return self.answer(
            schemas.AcceptedOrdersShown(results=[schemas.accepted_shown(one) for one in placed]), status=201
        )


class OneOrder(Endpoint):
    """One own order; PATCH asks for another price or open quantity."""

    @described(schemas.OrderShown)
    def get(self, request: Request, order_id: int) -> Response:
        return self.answer(schemas.order_shown(queries.order_view(self.actor, order_id)))

    @described(schemas.OrderShown, body=schemas.AmendBody, status=202)
    @idempotent
    def patch(self, request: Request, order_id: int) -> Response:
        body = self.body(schemas.AmendBody)
        order = services.amend_order(
            actor=self.actor,
            order_id=order_id,
            price_fen=schemas.fen_of(body.price),
            quantity=body.quantity,
            at=self.at,
        )
        return _taken_in(self, order)


class CancelOrder(Endpoint):
    """Ask for the open part of an order to be cancelled."""

    @described(schemas.OrderShown, status=202)
    @idempotent
    def post(self, request: Request, order_id: int) -> Response:
        return _taken_in(self, services.cancel_order(actor=self.actor, order_id=order_id, at=self.at))


class TradesOfOrder(Endpoint):
    """The trades of an own order, oldest first."""

    @described(page_of(schemas.TradeShown))
    def get(self, request: Request, order_id: int) -> Response:
        queries.order_view(self.actor, order_id)
        return self.page(queries.trades_of_order(self.actor, order_id), schemas.trade_shown, ordering="pk")


class OwnTrades(Endpoint):
    """The own trades, newest first."""

    @described(page_of(schemas.TradeShown))
    def get(self, request: Request) -> Response:
        return self.page(queries.trades_visible_to(self.actor), schemas.trade_shown)


class TradeConfirmation(Endpoint):
    """The confirmation of an own trade (成交凭证): parties, serials, fee, who invoices whom."""

    @described(schemas.ConfirmationShown)
    def get(self, request: Request, trade_id: int) -> Response:
        return self.answer(schemas.confirmation_shown(queries.trade_confirmation(self.actor, trade_id)))


class Proposals(Endpoint):
    """The trades proposed to the own organisation (成交建议) and still open."""

    @described(page_of(schemas.ProposalShown))
    def get(self, request: Request) -> Response:
        own = self.actor.organisation_id
        rows = queries.proposals_visible_to(self.actor)
        return self.list_page(rows, lambda row: schemas.proposal_shown(row, own), key=lambda row: row.pk)


class ConfirmProposal(Endpoint):
    """Confirm a proposed trade for the own post: the first to confirm is the taker, and the other's price holds."""

    @described({"type": "object"}, status=202)
    @idempotent
    def post(self, request: Request, proposal_id: int) -> Response:
        instrument_id = services.confirm_proposal(actor=self.actor, proposal_id=proposal_id, at=self.at)
        self.after_commit(lambda: tasks.wake(instrument_id))
        return self.answer({}, status=202)


class Accepts(Endpoint):
    """An accepting order (摘牌申报) in a listed instrument."""

    @described(schemas.AcceptedShown, body=schemas.AcceptBody, status=201)
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        body = self.body(schemas.AcceptBody)
        order = NewOrder(
            code,
            Side(body.side),
            body.quantity,
            schemas.fen_of(body.limit, field="limit"),
            kind="accept",
            posts_rest=body.rest == "post",
            asset_id=body.asset,
        )
        return _placed(self, order)


class Picks(Endpoint):
    """A pick at exactly the best price in a listed instrument."""

    @described(schemas.AcceptedShown, body=schemas.PickBody, status=201)
    @idempotent
    def post(self, request: Request, code: str) -> Response:
        body = self.body(schemas.PickBody)
        order = NewOrder(
            code, Side(body.side), body.quantity, schemas.fen_of(body.price), kind="pick", asset_id=body.asset
        )
        return _placed(self, order)


def _placed(endpoint: Endpoint, order: NewOrder) -> Response:
    placed = services.place_order(actor=endpoint.actor, order=order, at=endpoint.at)
    endpoint.after_commit(lambda: tasks.wake(placed.instrument_id))
    return endpoint.answer(schemas.accepted_shown(placed), status=201, location=f"/api/v1/orders/{placed.id}/")


def _taken_in(endpoint: Endpoint, order: Order) -> Response:
    endpoint.after_commit(lambda: tasks.wake(order.instrument_id))
    return endpoint.answer(schemas.order_shown(order), status=202)


def _seconds(text: str) -> float:
    return min(float(text), MOST_WAIT_SECONDS) if text.isascii() and text.isdecimal() else 0.0


def _when_matched(endpoint: Orders, answer: HttpResponse, wait: float) -> HttpResponse:
    """Answer with the order once the matching job has seen it; after `wait` seconds as it stands."""
    number = json.loads(answer.content)["id"]
    until = time.monotonic() + wait
    while (order := queries.order_view(endpoint.actor, number)).status == "accepted" and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    return endpoint.answer(schemas.order_shown(order), status=201, location=f"/api/v1/orders/{number}/")
