"""What this room does: one function a use case, one transaction each; `at` is business time, passed down."""

from inclusion.services.purchases import NewPurchase, buy_offset, carry_on_purchase, make_certificates
from inclusion.services.quotes import EventToOffset, make_quote

__all__ = [
    "EventToOffset",
    "NewPurchase",
    "buy_offset",
    "carry_on_purchase",
    "make_certificates",
    "make_quote",
]
