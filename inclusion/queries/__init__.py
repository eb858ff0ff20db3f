"""What this room can be asked. Nothing here writes or locks."""

from inclusion.queries.footprints import (
    FootprintView,
    NamedLine,
    calculated,
    factors,
    footprint_of,
    problems_of,
    view_of_footprint,
)
from inclusion.queries.offers import best_offers, offers, two_persons_from
from inclusion.queries.proofs import broken_invariants
from inclusion.queries.purchases import (
    Certified,
    certificates_of,
    names_for,
    open_purchases,
    purchase,
    purchases_visible_to,
    quote,
    uncertified,
)

__all__ = [
    "Certified",
    "FootprintView",
    "NamedLine",
    "best_offers",
    "broken_invariants",
    "calculated",
    "certificates_of",
    "factors",
    "footprint_of",
    "names_for",
    "offers",
    "open_purchases",
    "problems_of",
    "purchase",
    "purchases_visible_to",
    "quote",
    "two_persons_from",
    "uncertified",
    "view_of_footprint",
]
