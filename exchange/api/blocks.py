"""Block agreements over the API: what each party does with them. The exchange confirms in a browser."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.bodies import Body, Quantity, Text
from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from exchange import queries, services
from exchange.api.schemas import Price, fen_of, price_of
from exchange.models import BlockTrade
from exchange.rules import Side
from rulebook.rules import beijing


class BlockBody(Body):
    """A block agreement as it is proposed. counterparty: a unified social credit code; asset: of a sale, the batch."""

    instrument: Annotated[Text, Field(max_length=24)]
    side: Literal["buy", "sell"]
    price: Price
    quantity: Quantity
    counterparty: Annotated[Text, Field(max_length=40)]
    note: Annotated[Text, Field(max_length=200)] = ""
    asset: int | None = None


class AcceptBlockBody(Body):
    """asset: of a sale, the batch; left out, the oldest that suffices."""

    asset: int | None = None


class DeclineBlockBody(Body):
    """reason: told to the other party."""

    reason: Annotated[Text, Field(max_length=200)] = ""


class BlockPartyShown(BaseModel):
    """A party of the agreement."""

    name: str
    uscc: str


class BlockShown(BaseModel):
    """A block agreement; side: the proposer's. trade: once the exchange has confirmed it."""

    id: int
    instrument: str
    side: str
    price: str
    quantity: int
    state: str
    note: str
    reason: str
    proposer: BlockPartyShown
    counterparty: BlockPartyShown
    trade: int | None
    at: datetime
    ended_at: datetime | None


def block_shown(row: BlockTrade) -> BlockShown:
    """Return an agreement as its parties see it."""
    return BlockShown(
        id=row.pk,
        instrument=row.instrument.code,
        side=row.side,
        price=price_of(row.price_fen),
        quantity=row.quantity,
        state=row.state,
        note=row.note,
        reason=row.reason,
        proposer=BlockPartyShown(name=row.proposer.name, uscc=row.proposer.uscc),
        counterparty=BlockPartyShown(name=row.counterparty.name, uscc=row.counterparty.uscc),
        trade=row.trade_id,
        at=beijing(row.at),
        ended_at=beijing(row.ended_at) if row.ended_at else None,
    )


class Blocks(Endpoint):
    """The block agreements of the own organisation, newest first; POST proposes one."""

    @described(page_of(BlockShown))
    def get(self, request: Request) -> Response:
        return self.page(queries.blocks_visible_to(self.actor), block_shown)

    @described(BlockShown, body=BlockBody, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(BlockBody)
        price_fen = fen_of(body.price)
        assert price_fen is not None
        new = services.NewBlock(
            body.instrument,
            Side(body.side),
            body.quantity,
            price_fen,
            body.counterparty,
            body.note,
            body.asset,
        )
        row = services.propose_block(actor=self.actor, new=new, at=self.at)
        return _answer(self, row.pk, 201)


class OneBlock(Endpoint):
    """One block agreement of the own organisation."""

    @described(BlockShown)
    def get(self, request: Request, block_id: int) -> Response:
        return self.answer(block_shown(queries.block(self.actor, block_id)))


class AcceptBlock(Endpoint):
    """Accept a block agreement that was proposed to the own organisation; the exchange confirms it then."""

    @described(BlockShown, body=AcceptBlockBody)
    @idempotent
    def post(self, request: Request, block_id: int) -> Response:
        asset_id = self.body(AcceptBlockBody).asset
        services.accept_block(actor=self.actor, block_id=block_id, asset_id=asset_id, at=self.at)
        return _answer(self, block_id)


class DeclineBlock(Endpoint):
    """Decline a block agreement that was proposed to the own organisation."""

    @described(BlockShown, body=DeclineBlockBody)
    @idempotent
    def post(self, request: Request, block_id: int) -> Response:
        reason = self.body(DeclineBlockBody).reason
        services.decline_block(actor=self.actor, block_id=block_id, reason=reason, at=self.at)
        return _answer(self, block_id)


class WithdrawBlock(Endpoint):
    """Take an own proposal back while nobody has accepted it."""

    @described(BlockShown)
    @idempotent
    def post(self, request: Request, block_id: int) -> Response:
        services.withdraw_block(actor=self.actor, block_id=block_id, at=self.at)
        return _answer(self, block_id)


def _answer(endpoint: Endpoint, block_id: int, status: int = 200) -> Response:
    shown = block_shown(queries.block(endpoint.actor, block_id))
    location = f"/api/v1/block-trades/{block_id}/" if status == 201 else ""
    return endpoint.answer(shown, status=status, location=location)
