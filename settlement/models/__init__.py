"""Tables of the ledger, serial blocks, money in and out, nightly proofs. What must always hold is a constraint."""

from settlement.models.assets import Asset, AssetFreeze
from settlement.models.bank_accounts import BankAccount
from settlement.models.cash import BankNotice, DepositReference, PaymentOrder, Withdrawal
from settlement.models.day import DayRun, SettlementDay
from settlement.models.holds import Hold, HoldEntry, HoldLift, HoldPart
from settlement.models.invoices import Invoice, InvoiceItem, InvoiceRequest, InvoiceTitle, RedLetter, TaxOrder
from settlement.models.ledger import Entry, EntryKey, Holding, Leg, SettlementBatch
from settlement.models.log import LogHead, LogKey, LogLeaf, LogNode, LogPosition, LogQueue
from settlement.models.objections import Objection
from settlement.models.proofs import MOST_DIFFERENCES, InvariantProof, ProofRun, SecondReading
from settlement.models.serials import SerialBlock, SerialMove
from settlement.models.statements import BankStatement, LineExplained, StatementLine
from settlement.models.suspense import SuspenseExplanation
from settlement.models.transfers import (
    EntryReversal,
    Evidence,
    ReversalRequest,
    Transfer,
    TransferCheck,
    TrustedAccount,
)

__all__ = [
    "MOST_DIFFERENCES",
    "Asset",
    "AssetFreeze",
    "BankAccount",
    "BankNotice",
    "BankStatement",
    "DayRun",
    "DepositReference",
    "Entry",
    "EntryKey",
    "EntryReversal",
    "Evidence",
    "Hold",
    "HoldEntry",
    "HoldLift",
    "HoldPart",
    "Holding",
    "InvariantProof",
    "Invoice",
    "InvoiceItem",
    "InvoiceRequest",
    "InvoiceTitle",
    "Leg",
    "LineExplained",
    "LogHead",
    "LogKey",
    "LogLeaf",
    "LogNode",
    "LogPosition",
    "LogQueue",
    "Objection",
    "PaymentOrder",
    "ProofRun",
    "RedLetter",
    "ReversalRequest",
    "SecondReading",
    "SerialBlock",
    "SerialMove",
    "SettlementBatch",
    "SettlementDay",
    "StatementLine",
    "SuspenseExplanation",
    "TaxOrder",
    "Transfer",
    "TransferCheck",
    "TrustedAccount",
    "Withdrawal",
]
