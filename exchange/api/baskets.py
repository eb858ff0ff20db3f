"""Baskets over the API: what they take now, and their purchase as a whole."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.bodies import LIMIT_QUANTITY, Body, Quantity, Text
from accounts.api.documentation import described
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from exchange import queries, services
from exchange.api.schemas import InstrumentFilters, price_of


class BasketFilters(InstrumentFilters):
    """Which credits, and how many tonnes; price_to: the most that one may cost."""

    units: Annotated[int, Field(ge=1, le=LIMIT_QUANTITY)]


class BasketBody(Body, InstrumentFilters):
    """The criteria of a basket that was shown, and its digest."""

    units: Quantity
    digest: Annotated[Text, Field(max_length=64)]


class BasketLineShown(BaseModel):
    """What a basket takes at one price of one instrument; fee_fen: the most."""

    instrument: str
    price: str
    quantity: int
    value_fen: int
    fee_fen: int


class BasketShown(BaseModel):
    """A basket as it is now; bought as a whole, where offered reaches units, by its digest."""

    units: int
    offered: int
    value_fen: int
    fee_fen: int
    total_fen: int
    digest: str
    lines: list[BasketLineShown]


class BasketBought(BaseModel):
    """The orders that a basket was bought by, each of them filled."""

    orders: list[int]


class Baskets(Endpoint):
    """What a basket by criteria takes from the offers of this instant; POST buys it, all or none."""

    @described(BasketShown, filters=BasketFilters)
    def get(self, request: Request) -> Response:
        asked = self.filters(BasketFilters)
        shown = queries.basket(self.actor.organisation_id, asked.asked(), asked.units, self.at)
        return self.answer(
            BasketShown(
                units=shown.units,
                offered=shown.offered,
                value_fen=shown.value_fen,
                fee_fen=shown.fee_fen,
                total_fen=shown.total_fen,
                digest=shown.digest,
                lines=[
                    BasketLineShown(
                        instrument=line.instrument.code,
                        price=price_of(line.price_fen),
                        quantity=line.quantity,
                        value_fen=line.value_fen,
                        fee_fen=line.fee_fen,
                    )
                    for line in shown.lines
                ],
            )
        )

    @described(BasketBought, body=BasketBody, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(BasketBody)
        orders = services.buy_basket(
            actor=self.actor, asked=body.asked(), units=body.units, digest=body.digest, at=self.at
        )
        return self.answer(BasketBought(orders=[order.pk for order in orders]), status=201)
