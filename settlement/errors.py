"""What settlement refuses. Messages are English sentences with {names}; the edges translate them."""

from rulebook.errors import Conflicting, NotAllowed, NotThere, Refusal


class InsufficientUnits(Refusal):
    """A holding has fewer credits than the entry takes from it."""

    code = "insufficient_units"
    message = "{available} t are available, {needed} t are needed."


class UnitsElsewhere(InsufficientUnits):
    """A holding has fewer credits than the entry takes from it, and others of the holder's are held for something."""

    message = (
        "{available} t are available, {needed} t are needed. Held for orders: {held_for_orders} t,"
        " pledged: {pledged} t, frozen: {frozen} t, in transit: {in_transit} t."
    )


class UnitsFrozen(Refusal):
    """Some of the holder's units are frozen, and without them there are too few."""

    code = "frozen"
    message = (
        "{held} t of these credits have been frozen since {since} ({reason}, {authority}, document {document}, until:"
        " {until}). {available} t are available, {needed} t are needed."
    )


class UnitsPledged(Refusal):
    """Some of the holder's units are pledged, and without them there are too few."""

    code = "pledged"
    message = (
        "{held} t of these credits have been pledged to {authority} since {since} (document {document}, until:"
        " {until}). {available} t are available, {needed} t are needed."
    )


class HoldNotThere(NotThere):
    """No such freeze or pledge for this actor."""


class DocumentNeeded(Refusal):
    """A freeze by a court and a pledge rest on a document that is kept here."""

    code = "evidence_missing"
    message = "A file of the document is needed."


class HoldSamePerson(NotAllowed):
    """Two steps of one pledge or release by one person."""

    code = "same_person"
    message = "The person who asked for this cannot decide it as well."


class LiftAskedAlready(Conflicting):
    """A release of this hold waits to be decided."""

    code = "lift_asked"
    message = "A release of this freeze or pledge has been asked for already and waits to be decided."


class InsufficientFunds(Refusal):
    """A holding has less money than the entry takes from it."""

    code = "insufficient_funds"
    message = "{available_yuan} yuan are available, {needed_yuan} yuan are needed."


class InvalidQuantity(Refusal):
    """A quantity or an amount that is not a positive whole number within the limit."""

    code = "invalid_quantity"
    message = "The quantity must be a positive whole number, found “{found_value}”."


class AssetFrozen(Refusal):
    """The credits are frozen as a whole: a suspension or a disturbance case of their project."""

    code = "frozen"
    message = "These credits have been frozen since {since} by order {order_number}: {reason}."


class HolderFrozen(Refusal):
    """The holder's account is frozen."""

    code = "frozen"
    message = "The account is frozen."


class KeyReused(Conflicting):
    """The same key came with other legs than the first time."""

    code = "key_reused"
    message = "This request number has already been used for another content."


class AssetNotThere(NotThere):
    """No such asset for this actor."""


class SerialUnknown(NotThere):
    """The serial is well formed and was never issued."""

    code = "serial_unknown"
    message = "No credit was ever issued with the serial {serial}."


class SerialMistyped(Refusal):
    """The check digits of a printed serial do not fit: mistyped, not unknown."""

    code = "serial_mistyped"
    message = "The check digits of {serial} do not fit. Please compare it with the paper, character by character."


class DepositNotThere(NotThere):
    """No such deposit for this actor."""


class WithdrawalNotThere(NotThere):
    """No such withdrawal for this actor."""


class BankAccountMissing(Refusal):
    """Money leaves only to the bound same-name bank account."""

    code = "bank_account_missing"
    message = "No bank account of the same name is bound to this organisation."


class BankAccountNotThere(NotThere):
    """No such bank account for this actor."""


class BankAccountNotYet(Refusal):
    """A bank account bound anew takes money only later."""

    code = "bank_account_not_yet"
    message = "The bank account was bound anew. Money may leave to it from {usable_from} on."


class BankAccountKnown(Conflicting):
    """One bank account a participant: another one is bound, or under way."""

    code = "bank_account_known"
    message = "A bank account is bound or under way. Release it or withdraw the proposal first."


class BankAccountUnreadable(Refusal):
    """What was typed is no number of a bank account."""

    code = "invalid_account"
    message = "8 to 32 digits are expected for the account number, found “{found_value}”."


class AccountInUse(Conflicting):
    """A payment to the bank account is under way."""

    code = "bank_account_in_use"
    message = "A withdrawal to this bank account is under way. It can be released when that is paid or returned."


class WithdrawalWindowClosed(Refusal):
    """Money is asked out in the windows of trading days."""

    code = "withdrawal_window_closed"
    message = "Money leaves the platform on trading days at {windows} (Beijing time; {basis})."


class SoldToday(Refusal):
    """What was sold for buys at once, and leaves the platform only after its day is closed."""

    code = "sold_today"
    message = (
        "{sales_yuan} yuan are of sales of days that are not closed yet, and may leave after the close."
        " {withdrawable_yuan} yuan may leave now."
    )


class Claimed(Refusal):
    """What an objection claims of somebody's money does not leave the platform until it is decided."""

    code = "claimed"
    message = (
        "{claimed_yuan} yuan are claimed by objections and may leave once they are decided."
        " {withdrawable_yuan} yuan may leave now."
    )


class PayerUnknown(Refusal):
    """The bank did not say from which account the money came."""

    code = "payer_unknown"
    message = "The bank named no account of the payer, so the money cannot go back by itself."


class NoticeContradicts(Conflicting):
    """A bank serial number came twice with different contents."""

    code = "notice_contradicts"
    message = "The bank serial number {bank_serial} has already been received with another content."


class ProofWaits(Conflicting):
    """A run of this proof is waiting or under way already."""

    code = "proof_waits"
    message = "This proof is waiting or under way already."


class InstantInFuture(Refusal):
    """What will be is not in the ledger."""

    code = "instant_in_future"
    message = "This instant has not come yet: business time is {now}."


class InstantUnreadable(Refusal):
    """The text is no instant."""

    code = "time_unreadable"
    message = "A date and time is expected, as 2026-03-02 10:00."


class SerialsElsewhere(Refusal):
    """Serials that an entry names no longer stand where it would take them from."""

    code = "serials_elsewhere"
    message = "The serial numbers {serials} no longer all stand with this holder, so that they cannot be moved back."


class TransferNotThere(NotThere):
    """No such transfer for this actor."""


class TrustedAccountNotThere(NotThere):
    """No such trusted account for this actor."""


class ReversalNotThere(NotThere):
    """No such entry or reversal for this actor."""


class ReceiverNotThere(Refusal):
    """No organisation has the number that was given as the receiver's or the holder's."""

    code = "organisation_unknown"
    message = "No organisation here has the number {found_value}."


class SameOrganisation(Refusal):
    """Giver and receiver are one organisation."""

    code = "same_organisation"
    message = "Giver and receiver must be two different organisations."


class HolderMayNotHold(Refusal):
    """The giver is not a kind of organisation that holds credits."""

    code = "holder_may_not_hold"
    message = "An organisation of this kind holds no credits that could be transferred."


class ReceiverMayNotHold(Refusal):
    """The receiver is not a kind of organisation that holds credits."""

    code = "receiver_may_not_hold"
    message = "The receiver is an organisation that may not hold credits."


class ReceiverFrozen(Refusal):
    """The receiver's account is frozen."""

    code = "receiver_frozen"
    message = "The receiver's account is frozen."


class NotTransferable(Refusal):
    """Money, and credits of single trees, never change hands by a transfer."""

    code = "not_transferable"
    message = "Only tradable credits can be transferred."


class FileRejected(Refusal):
    """The file is too big, empty, or of another type by content."""

    code = "file_rejected"
    message = "The file was not taken: {reason}."


class EvidenceMissing(Refusal):
    """No evidence, or the stored file is no longer what was handed in."""

    code = "evidence_missing"
    message = "The evidence is missing, or the stored file no longer has the hash that was written down."


class EvidenceUnfit(Refusal):
    """The evidence is of a kind that does not prove a transfer of this kind."""

    code = "evidence_unfit"
    message = "This kind of evidence does not prove a transfer of this kind."


class TransferSamePerson(NotAllowed):
    """Two steps of one transfer, trusted account or reversal by one person."""

    code = "same_person"
    message = "The person who proposed or confirmed this cannot approve it."


class PersonNotActive(Refusal):
    """Someone named on the transfer does not hold the role any more."""

    code = "person_not_active"
    message = "Not in their role any more: {names}. The transfer must be proposed anew."


class TransferNotDue(Refusal):
    """The waiting time has not passed."""

    code = "transfer_not_due"
    message = "The transfer waits until {due}."


class TransferKnown(Conflicting):
    """A live transfer with the same content exists."""

    code = "transfer_known"
    message = "Transfer {number} with the same document, ends, credits and units exists already."


class StepNotOpen(Conflicting):
    """The step is not open in the state the record is in."""

    code = "state_forbids"
    message = "The step {verb} is not open in the state {state}."


class StaleVersion(Conflicting):
    """What is approved is not what the approver has seen."""

    code = "stale_version"
    message = "The content has changed. Please look at it again."


class ReasonNeeded(Refusal):
    """A text that the step rests on is missing, too long or holds characters that may not stand in it."""

    code = "reason_needed"
    message = "This text is needed: at most {limit} characters, and none that cannot be seen."


class TrustKnown(Conflicting):
    """The receiver is on the list of trusted accounts, or waits to be."""

    code = "trust_known"
    message = "This receiver already is on the list, or waits to be approved."


class NotReversible(Refusal):
    """An entry of a kind that is final, or one that has been reversed."""

    code = "not_reversible"
    message = "This entry cannot be reversed: only transfers and corrections can, and each once."


class LeafNotThere(NotThere):
    """The transparency log has no leaf of this name."""


class HeadNotThere(NotThere):
    """No signed head of this size."""


class LeafNotSealed(Conflicting):
    """The leaf waits for its place, or for the next signed head."""

    code = "not_sealed"
    message = "This act is not in a signed head of the log yet. Heads are signed every few minutes: ask again then."


class StatementNotThere(NotThere):
    """No such statement."""


class FileUnreadable(Refusal):
    """A statement that cannot be read as one."""

    code = "file_rejected"
    message = "This is no statement that can be read: {reason}. Place: {place}."


class XmlRejected(FileUnreadable):
    """XML with a document type, of another kind, or with something missing."""

    code = "xml_rejected"


class StatementOff(FileUnreadable):
    """A statement whose amounts do not add up."""

    code = "statement_mismatch"


class StatementDoesNotFollow(Refusal):
    """A file that does not go on where the last statement of the account ended."""

    code = "statement_mismatch"
    message = (
        "This file begins with {opening} yuan and on {first_day}; the last statement ended with {expected} yuan on"
        " {last_day}. A statement goes on where the one before it ended, and ends by today."
    )


class StatementElsewhere(Refusal):
    """A statement of another account than the funds account."""

    code = "statement_mismatch"
    message = "This is a statement of account {found}, not of the funds account {account}."


class StatementContradicts(Conflicting):
    """The bank has given this statement before, with another content; or a movement of it stands on another."""

    code = "statement_mismatch"
    message = "{what} was taken before with another content. Ask the bank which is right; nothing was taken now."


class NoticeNotThere(NotThere):
    """No such unknown money, or no such proposal."""


class ExplanationOpen(Conflicting):
    """Somebody has said already whose this money is."""

    code = "step_not_open"
    message = "Whose this money is has been proposed or decided already."


class PaidOtherwise(Conflicting):
    """The bank says that it has paid another amount than it was ordered."""

    code = "statement_mismatch"
    message = "{found_fen} fen are said to be paid, {asked_fen} fen were ordered."


class InvoiceNotThere(NotThere):
    """No such invoice, request or order to the tax port for this actor."""


class TitleMissing(Conflicting):
    """An invoice is asked for, and what is to stand on it is not known."""

    code = "invoice_title_missing"
    message = "Your organisation has no invoice title yet. Give its taxpayer type and an e-mail address first."


class TitleIncomplete(Refusal):
    """A special invoice shows address, telephone, bank and account of the buyer."""

    code = "invoice_title_incomplete"
    message = "A special VAT invoice needs address and telephone, bank and account in the invoice title."


class SpecialNotAllowed(Refusal):
    """A special invoice for a taxpayer of a type that may not have one."""

    code = "special_invoice_forbidden"
    message = "A special VAT invoice is not issued to taxpayers of the type {type}. Ask for an ordinary one."


class FeesNotThere(NotThere):
    """A fee that the organisation has not paid."""


class FeesInvoiced(Conflicting):
    """A fee stands on another invoice, or on a request for one."""

    code = "fees_invoiced"
    message = "One of these fees is on an invoice or a request already. Load the page again and choose anew."


class FeesUnchosen(Refusal):
    """No fee is chosen, one twice, or more than one invoice holds."""

    code = "fees_unchosen"
    message = "Choose between 1 and {most} fees, each once; found {found_value}."


class CorrectionOpen(Conflicting):
    """A red letter of this invoice is proposed, or issued."""

    code = "step_not_open"
    message = "A red letter for this invoice is proposed or issued already."


class InvoiceSamePerson(NotAllowed):
    """A red letter decided by who proposed it."""

    code = "same_person"
    message = "The person who proposed this red letter cannot decide it."


class DayNotThere(NotThere):
    """A day that the ledger has not opened, or that the caller may not see."""


class DaySealed(Conflicting):
    """An act whose business day was sealed while it was on its way."""

    code = "day_sealed"
    message = "The business day changed meanwhile. Nothing was done; please try again."


class DayClosed(Conflicting):
    """A step of a day that is closed."""

    code = "day_closed"
    message = "The day {day} is closed. Its steps do not run again."


class ObjectionNotThere(NotThere):
    """An objection, or a trade to object to, that is not the caller's."""


class ObjectionLate(Refusal):
    """An objection to a trade whose day is sealed."""

    code = "objection_late"
    message = "Objections to a trade of {day} ended with the next opening."


class ObjectionOpen(Conflicting):
    """An objection of the same party to the same trade is open."""

    code = "objection_open"
    message = "Your organisation has an open objection to this trade already."


class ClaimTooLarge(Refusal):
    """A claim over more than the trade's value, or a compensation over more than the claim, or nothing."""

    code = "claim_too_large"
    message = "Give an amount from 0.01 to {most_yuan} yuan; found {found_yuan}."


class EntryNotThere(NotThere):
    """An entry of the ledger that moves nothing of the caller's."""
