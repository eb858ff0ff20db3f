"""The serial passport with what the registry knows: the issuance it came from, the certificate it ended in."""

from __future__ import annotations

from typing import Any

import registry.queries
from settlement.queries import SerialLife
from settlement.web.serials import SerialPage


class Passport(SerialPage):
    """The life of a serial, from its issuance to its certificate."""

    def beyond(self, life: SerialLife) -> dict[str, Any]:
        ended = life.end
        numbers = registry.queries.certificates_of_entries([ended.entry_id]) if ended else {}
        return {
            "issuance_id": registry.queries.issuances_of_batches([life.asset.id]).get(life.asset.id),
            "certificate": next(iter(numbers.values()), ""),
        }
