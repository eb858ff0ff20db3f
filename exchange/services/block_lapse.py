"""Open block agreements end with their instrument's day."""

from __future__ import annotations

from datetime import datetime

from accounts.services import close_work_items
from exchange.models import BlockTrade
from exchange.models.blocks import OPEN_BLOCKS
from exchange.rules import BlockState


def lapse_blocks(*, instrument_id: int, at: datetime) -> int:
    """Let the open agreements of an instrument lapse with its day; return how many. Their orders are valid for the day,
    so that the close ends them.
    """
    rows = BlockTrade.objects.select_for_update().filter(instrument_id=instrument_id, state__in=OPEN_BLOCKS)
    for row in rows.order_by("pk"):
        row.state, row.ended_at = BlockState.LAPSED, at
        row.save(update_fields=["state", "ended_at"])
        close_work_items(subject=block_subject(row), at=at)
    return len(rows)


def block_subject(row: BlockTrade) -> str:
    """Return what work items and the audit trail call an agreement."""
    return f"block:{row.pk}"
