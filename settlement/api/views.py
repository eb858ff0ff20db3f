"""Holdings, batches, serials, statements, money in and out."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from accounts.services import require_confirmed
from rulebook.errors import NotThere
from settlement import queries, services
from settlement.api import schemas
from settlement.errors import DepositNotThere, WithdrawalNotThere

STATEMENT_ROWS = 100


class Holdings(Endpoint):
    """What the own organisation holds, by asset and purpose: now, or with `as_of` at an instant (时点)."""

    @described(page_of(schemas.HoldingShown), filters=schemas.HoldingFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(schemas.HoldingFilters)
        if wanted.as_of is None:
            rows = queries.holdings_visible_to(self.actor)
        else:
            queries.refuse_future(wanted.as_of, self.at)
            rows = queries.holdings_as_of(self.actor, at=wanted.as_of, clock=wanted.clock)
        return self.list_page(rows, schemas.holding_shown, key=lambda row: row.id)


class Batches(Endpoint):
    """Every batch ever issued. Public."""

    @described(page_of(schemas.BatchShown))
    def get(self, request: Request) -> Response:
        return self.list_page(queries.batches(), schemas.batch_shown, key=lambda row: row.id)


class Batch(Endpoint):
    """One batch, with its units by purpose. Public."""

    @described(schemas.BatchShown)
    def get(self, request: Request, asset_id: int) -> Response:
        asset = queries.asset(asset_id)
        if asset.credit is None:
            raise NotThere
        return self.answer(schemas.batch_shown(asset))


class Statements(Endpoint):
    """The movements on the own holdings, newest first; `next` goes on."""

    @described(schemas.StatementShown, query={"before": "The id of a movement: those before it."})
    def get(self, request: Request) -> Response:
        lines = queries.statement_visible_to(self.actor, until_leg=self.before(), limit=STATEMENT_ROWS)
        follows = self.link_before(lines[-1].leg_id) if len(lines) == STATEMENT_ROWS else None
        return self.answer(
            schemas.StatementShown(next=follows, results=[schemas.movement_shown(line) for line in lines])
        )


class Deposits(Endpoint):
    """Announce a deposit: the answer names the reference to be written on the payment."""

    @described(page_of(schemas.DepositShown))
    def get(self, request: Request) -> Response:
        return self.list_page(queries.deposits_visible_to(self.actor), schemas.deposit_shown, key=lambda row: row.pk)

    @described(schemas.DepositShown, body=schemas.NewDeposit, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(schemas.NewDeposit)
        deposit = services.request_deposit(actor=self.actor, amount_fen=body.amount_fen, at=self.at)
        return self.answer(schemas.deposit_shown(deposit), status=201, location=f"{request.path}{deposit.pk}/")


class Deposit(Endpoint):
    """One announced deposit and what has come in under it."""

    @described(schemas.DepositShown)
    def get(self, request: Request, deposit_id: int) -> Response:
        for row in queries.deposits_visible_to(self.actor):
            if row.pk == deposit_id:
                return self.answer(schemas.deposit_shown(row))
        raise DepositNotThere


class Withdrawals(Endpoint):
    """Ask for money to be paid to the bound bank account."""

    @described(page_of(schemas.WithdrawalShown))
    def get(self, request: Request) -> Response:
        rows = queries.withdrawals_visible_to(self.actor)
        return self.list_page(rows, schemas.withdrawal_shown, key=lambda row: row.pk)

    @described(schemas.WithdrawalShown, body=schemas.NewWithdrawal, status=201)
    @idempotent
    def post(self, request: Request) -> Response:
        body = self.body(schemas.NewWithdrawal)
        require_confirmed(self.actor, self.at)
        withdrawal = services.request_withdrawal(actor=self.actor, amount_fen=body.amount_fen, at=self.at)
        return self.answer(schemas.withdrawal_shown(withdrawal), status=201, location=f"{request.path}{withdrawal.pk}/")


class Withdrawal(Endpoint):
    """One withdrawal and where it stands."""

    @described(schemas.WithdrawalShown)
    def get(self, request: Request, withdrawal_id: int) -> Response:
        for row in queries.withdrawals_visible_to(self.actor):
            if row.pk == withdrawal_id:
                return self.answer(schemas.withdrawal_shown(row))
        raise WithdrawalNotThere


class ApproveWithdrawal(Endpoint):
    """The second person's approval: the withdrawal is sent to the bank."""

    @described(schemas.WithdrawalShown)
    @idempotent
    def post(self, request: Request, withdrawal_id: int) -> Response:
        require_confirmed(self.actor, self.at)
        withdrawal = services.approve_withdrawal(actor=self.actor, withdrawal_id=withdrawal_id, at=self.at)
        return self.answer(schemas.withdrawal_shown(withdrawal))
