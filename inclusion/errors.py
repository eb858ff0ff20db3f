"""What this room refuses. Messages are English sentences with {names}; the edges translate them."""

from accounts.errors import InvalidBody
from rulebook.errors import Conflicting, NotThere, Refusal


class QuoteNotThere(NotThere):
    """No such quote for this actor."""


class PurchaseNotThere(NotThere):
    """No such purchase for this actor."""


class FootprintRefused(InvalidBody):
    """The methodology refuses what was typed; found["problems"] names each field."""


class NothingToOffset(Refusal):
    """The footprint needs no unit."""

    code = "nothing_to_offset"
    message = "There is nothing to offset: the footprint is 0 t."


class NotEnoughOffered(Refusal):
    """All offers that may be bought are together less than what is needed."""

    code = "not_enough_offered"
    message = "{offered} t are on offer now, {needed} t are needed. Ask for fewer tonnes, or come back later."


class SecondPersonNeeded(Refusal):
    """The purchase is as large as a retirement that needs two persons."""

    code = "second_person_needed"
    message = (
        "From {limit} t in a day on a second person of your organisation must confirm a retirement. "
        "Buy on the market and retire from the holdings page, or offset fewer tonnes at once."
    )


class QuoteExpired(Conflicting):
    """The quote was kept for its minutes and is over."""

    code = "quote_expired"
    message = "The quote was kept until {until}. Please ask for a new one."


class QuoteTaken(Conflicting):
    """The quote was bought already, for another beneficiary or purpose."""

    code = "quote_taken"
    message = "This quote has been bought already, with other words on the certificate."
