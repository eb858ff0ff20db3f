from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.rules import Actor
from exchange.models.instruments import Instrument
from exchange.models.orders import WATCHERS, Order, Trade
from exchange.rules import BlockState, Side

OPEN_BLOCKS = (BlockState.PROPOSED.value, BlockState.ACCEPTED.value)


class BlockTradeQuerySet(models.QuerySet["BlockTrade"]):
    def visible_to(self, actor: Actor) -> BlockTradeQuerySet:
        """Return the agreements of which `actor`'s organisation is a party; all for the market's watchers."""
        if actor.has(*WATCHERS):
            return self
        if not actor.organisation_id:
            return self.none()
        return self.filter(Q(proposer_id=actor.organisation_id) | Q(counterparty_id=actor.organisation_id))


class BlockTrade(models.Model):
    """A block agreement (大宗协议): proposed to a named party, accepted by it, confirmed by the exchange, settled then.

    Each party's order holds what it needs beside the book; the proposer's is the maker. side: the proposer's.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    proposer = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    counterparty = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=4, choices=[(side.value, side.value) for side in Side])
    price_fen = models.BigIntegerField()
    quantity = models.BigIntegerField()
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(
        max_length=10, choices=[(state.value, state.value) for state in BlockState], default=BlockState.PROPOSED.value
    )
    proposal = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="+")
    acceptance = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="+")
    trade = models.OneToOneField(Trade, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=200, blank=True)  # Why it was declined or refused.
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = BlockTradeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(proposer=F("counterparty")), name="block_is_between_two"),
            models.CheckConstraint(
                condition=Q(
                    state=BlockState.PROPOSED.value, acceptance=None, trade=None, decided_by=None, ended_at=None
                )
                | Q(
                    state=BlockState.ACCEPTED.value,
                    acceptance__isnull=False,
                    trade=None,
                    decided_by=None,
                    ended_at=None,
                )
                | Q(
                    state=BlockState.CONFIRMED.value,
                    acceptance__isnull=False,
                    trade__isnull=False,
                    decided_by__isnull=False,
                    ended_at__isnull=False,
                )
                | Q(state=BlockState.REFUSED.value, trade=None, decided_by__isnull=False, ended_at__isnull=False)
                | Q(
                    state__in=[BlockState.DECLINED.value, BlockState.WITHDRAWN.value, BlockState.LAPSED.value],
                    trade=None,
                    decided_by=None,
                    ended_at__isnull=False,
                ),
                name="block_state_has_its_fields",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | (~Q(decided_by=F("proposed_by")) & ~Q(decided_by=F("answered_by"))),
                name="block_is_decided_by_a_third",
            ),
        ]
        indexes = [models.Index(fields=["instrument"], condition=Q(state__in=OPEN_BLOCKS), name="block_open")]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.instrument_id} {self.state}"
