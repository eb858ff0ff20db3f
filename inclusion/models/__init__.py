"""Tables of this room: footprints, quotes, purchases that are retired at once."""

from inclusion.models.purchases import Bought, OffsetPurchase, PurchaseOrder, PurchaseRetirement
from inclusion.models.quotes import Footprint, OffsetQuote, QuoteLine

__all__ = [
    "Bought",
    "Footprint",
    "OffsetPurchase",
    "OffsetQuote",
    "PurchaseOrder",
    "PurchaseRetirement",
    "QuoteLine",
]
