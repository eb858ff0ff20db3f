"""What the exchange refuses. Messages are English sentences with {names}; the edges translate them."""

from rulebook.errors import Conflicting, NotThere, Refusal


class ScenarioUnreadable(Refusal):
    """A scenario file that cannot be read; `found` has a code of its own and the reason, in English."""

    code = "scenario_unreadable"
    message = "{reason}"


class InstrumentNotThere(NotThere):
    """No such instrument."""


class OrderNotThere(NotThere):
    """No such order for this actor."""


class TradeNotThere(NotThere):
    """No such trade of this actor."""


class ProposalNotThere(NotThere):
    """No such open proposal for this actor."""


class HaltNotThere(NotThere):
    """No such halt, or it has ended."""


class HaltEndsTooEarly(Refusal):
    """A halt that would be over before it begins."""

    code = "halt_ends_too_early"
    message = "A halt ends later than it begins."


class MarketClosed(Refusal):
    """Outside the sessions of a trading day."""

    code = "market_closed"
    message = "The market is closed. The next session opens at {opens_at}."


class Halted(Refusal):
    """Trading of the instrument, of the participant or of the whole market stands still."""

    code = "halted"
    message = "Trading has been halted since {since} by order {order_number}: {reason}."


class CallIsFirm(Refusal):
    """The last part of a call auction: what has gathered stays as it is."""

    code = "call_is_firm"
    message = "The call auction is about to end: orders can be placed, not changed or cancelled."


class SelfTrade(Refusal):
    """An order that meets one of the same control group."""

    code = "self_trade"
    message = "This order meets one of your own or of a related organisation. Cancel that one first."


class NotTradableYet(Refusal):
    """The instrument was admitted and trades from a later day on."""

    code = "not_tradable_yet"
    message = "The instrument trades from {tradable_from} on."


class InvalidQuantity(Refusal):
    """A quantity that is no positive whole number of tonnes, or above the limit of one order."""

    code = "invalid_quantity"
    message = "The quantity must be a whole number of tonnes from {least} to {most}, found “{found_value}”."


class InvalidPrice(Refusal):
    """A limit order without a price, or a market order with one."""

    code = "invalid_price"
    message = "A limit order needs a price above 0, a market order has none."


class PriceOffTick(Refusal):
    """A price between two ticks."""

    code = "price_off_tick"
    message = "Prices move in steps of {tick} yuan, found {price}."


class PriceOutOfBand(Refusal):
    """A price outside the limits of the day."""

    code = "price_out_of_band"
    message = "Today's range is {lower} to {upper} yuan, found {price}."


class ModeForbids(Refusal):
    """An order of a kind that the instrument's mode does not know."""

    code = "mode_forbids"
    message = "This instrument trades by {mode}: it takes no such order."


class InvalidValidity(Refusal):
    """A last day before today or beyond the longest validity."""

    code = "invalid_validity"
    message = "An order is valid until a day from today to {latest}."


class RoundTrip(Refusal):
    """Bought and sold again, or sold and bought again, within the interval."""

    code = "round_trip_interval"
    message = (
        "{units} t of this product were traded the other way less than {days} trading days ago; wait until {until}."
    )


class PositionLimit(Refusal):
    """The control group would hold more of the product than it may."""

    code = "position_limit"
    message = (
        "Your group may hold {limit} t of this product: with its open purchases it has {held} t, {left} t are left."
    )


class TooManyHolders(Refusal):
    """One holder more than the product may have."""

    code = "too_many_holders"
    message = "This product has {holders} holders and may have {limit}. Buy another product, or buy and retire at once."


class NotPostable(Refusal):
    """The holder has not allowed this batch to be posted for sale."""

    code = "not_postable"
    message = "The holder keeps this batch back from sale. Allow it on the holdings page first."


class SeveralBatches(Refusal):
    """No single batch has enough units, although all together have."""

    code = "several_batches"
    message = "The credits lie in several batches, at most {most} t in one. Please place one order for each batch."


class ParticipantNotAdmitted(Refusal):
    """Only organisations that hold may trade."""

    code = "participant_not_admitted"
    message = "This organisation does not take part in trading."


class ParticipantUnknown(Refusal):
    """No organisation has this code."""

    code = "participant_unknown"
    message = "No participant has this unified social credit code."


class ApprovalLevelInsufficient(Refusal):
    """Continuous trading rests on an approval of too low a level."""

    code = "approval_level_insufficient"
    message = "Continuous trading needs an approval at State Council level, found “{level}”."


class LargeHoldingNotThere(NotThere):
    """No such holding of this actor, or it has been reported."""


class ReportIncomplete(Refusal):
    """A part of a large holder's report is missing or too long."""

    code = "report_incomplete"
    message = "Say what the holding is for and where its money comes from, each in at most 300 characters."


class AlertNotThere(NotThere):
    """No such alert, or it is in a case or dismissed already."""


class NoAlertChosen(Refusal):
    """A case is opened over one alert at least."""

    code = "no_alert_chosen"
    message = "Choose the alerts that the case is about."


class CaseNotThere(NotThere):
    """No such case, or it is closed."""


class CaseWaits(Conflicting):
    """A case in which a restriction is not decided cannot be closed."""

    code = "case_waits"
    message = "A restriction of this case waits to be checked. Approve or refuse it first."


class MeasureNotThere(NotThere):
    """No such measure, or it waits no more."""


class MeasureIncomplete(Refusal):
    """A part of a measure is missing or does not fit its kind."""

    code = "measure_incomplete"
    message = "A measure names its kind and a party of the case; a report its addressee, a restriction a later end."


class LetterNotThere(NotThere):
    """No such letter to this organisation, or it is answered."""


class ReasonMissing(Refusal):
    """A text that has to be said is empty or too long."""

    code = "reason_missing"
    message = "Please say it in 1 to {most} characters."


class Barred(Refusal):
    """The organisation, or the person, stands in the register of the barred."""

    code = "barred"
    message = "Barred from trading until {until} by document {document_number}: {basis}."


class BarNotThere(NotThere):
    """No such entry in the register of the barred, or it waits no more."""


class BarIncomplete(Refusal):
    """A part of an entry in the register of the barred is missing or does not fit the others."""

    code = "bar_incomplete"
    message = "An entry names who is barred, with code, from when to when, basis, authority, number and its paper."


class BarProposed(Conflicting):
    """Another entry of the same party waits to be approved."""

    code = "bar_proposed"
    message = "An entry of this party waits to be approved already."


class ApprovalNotThere(NotThere):
    """No such approval, or it waits no more."""


class ApprovalIncomplete(Refusal):
    """A part of an approval is missing or does not fit the others."""

    code = "approval_incomplete"
    message = "An approval names its authority, number, date, scope and validity, and comes with its paper."


class ApprovalProposed(Conflicting):
    """Another approval of the instrument waits to be checked."""

    code = "approval_proposed"
    message = "An approval of this instrument waits to be checked already."


class OrderEnded(Conflicting):
    """The order has ended already."""

    code = "not_live"
    message = "The order is no longer live."


class InstrumentAdmitted(Conflicting):
    """The instrument was admitted before."""

    code = "instrument_admitted"
    message = "This product has been admitted already."


class NothingToSell(Refusal):
    """The holder has none of the product."""

    code = "insufficient_units"
    message = "{available} t are available, {needed} t are needed."


class BlockNotThere(NotThere):
    """No such block agreement for this actor to decide."""


class BlockEnded(Conflicting):
    """The agreement stands elsewhere than the act needs."""

    code = "block_ended"
    message = "This block agreement has been answered, confirmed or ended meanwhile."


class BlockWindowClosed(Refusal):
    """Outside the hours in which block agreements are made."""

    code = "block_window_closed"
    message = "Block agreements are made from {begins} to {ends} on trading days."


class CounterpartyUnsuitable(Refusal):
    """The code is nobody's, one's own, or of somebody who does not trade."""

    code = "counterparty_unsuitable"
    message = "Name another participant by its unified social credit code."


class BlockNoteUnreadable(Refusal):
    """A reason or note that is missing, too long, or holds what cannot be printed."""

    code = "block_note_unreadable"
    message = "A reason has up to 200 characters that can be printed."


class AuctionNotThere(NotThere):
    """No such auction, entrant or lot for this actor to decide."""


class AuctionEnded(Conflicting):
    """The auction, or the application, stands elsewhere than the act needs."""

    code = "auction_ended"
    message = "This auction stands elsewhere by now: what was asked for is possible no more, or not yet."


class AuctionTimes(Refusal):
    """Times that leave too short a notice, too short a time for bids, or do not lie in one session."""

    code = "auction_times"
    message = "Bids are taken for at least {minutes} minutes within one session, from {first_day} on at the earliest."


class AuctionPrices(Refusal):
    """Prices, step or deposit that do not fit each other."""

    code = "auction_prices"
    message = (
        "A lot that is sold reserves its start price or more, one that is bought its start price or less;"
        " the step is above 0, the deposit at most {highest_deposit} yuan."
    )


class AuctionNotRunning(Refusal):
    """A bid before the auction begins or after it has ended."""

    code = "auction_not_running"
    message = "Bids are taken from {begins_at} to {ends_at}."


class AuctionNotOpenToYou(Refusal):
    """The owner, one of its group, or who was not admitted."""

    code = "auction_not_open_to_you"
    message = "Only others than the owner's group bid, once the exchange has admitted them to this auction."


class BidTooLow(Refusal):
    """A bid that does not better the best one by the step, or does not reach the start price."""

    code = "bid_not_good_enough"
    message = "The next bid of this auction is {least} yuan or better, found {price}."


class AuctionTextUnreadable(Refusal):
    """A reason or statement that is missing, too long, or holds what cannot be printed."""

    code = "auction_text_unreadable"
    message = "Write up to 300 characters that can be printed; a reason is needed where one is asked for."


class AdmissionNotThere(NotThere):
    """No such request for this actor, or it waits for something else."""


class AdmissionOpen(Conflicting):
    """Another request for the product is open."""

    code = "admission_open"
    message = "The admission of this product has been asked for already."


class AdmissionTextUnreadable(Refusal):
    """A note or an opinion that is missing, too long, or holds what cannot be printed."""

    code = "admission_text_unreadable"
    message = "Write up to 300 characters that can be printed; an opinion is needed."


class BulletinNotThere(NotThere):
    """No bulletin of this day is out."""


class BasketChanged(Conflicting):
    """The offers are no longer those that were shown; nothing was bought."""

    code = "basket_changed"
    message = "The offers have changed since they were shown. Nothing was bought: look at the basket again."


class BasketNotOffered(Refusal):
    """All offers that fit are together less than the basket."""

    code = "basket_not_offered"
    message = "{offered} t that fit are on offer now, {needed} t are asked for. Ask for fewer, or widen the criteria."
