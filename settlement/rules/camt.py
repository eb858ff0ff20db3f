"""Messages of a bank as ISO 20022 has them: reports (camt.052), statements (camt.053), notifications (camt.054).

Read from version 2 and version 8, which differ in a level of names here and there. Amounts come as whole minor units,
signed: what left the account is negative. Times keep what the bank said: a date, or a moment in UTC.
Source: ISO 20022 message definitions camt.052/053/054.001.02 and .08; ISO 4217 for the minor units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from settlement.rules.xml import Element, Unreadable, read_xml

# The body and its parts: report, statement, notification.
KINDS = {
    "camt.052": ("BkToCstmrAcctRpt", "Rpt", "AddtlRptInf"),
    "camt.053": ("BkToCstmrStmt", "Stmt", "AddtlStmtInf"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "AddtlNtfctnInf"),
}
VERSIONS = ("02", "08")
# Currencies whose minor unit is not a hundredth.
DECIMALS = dict.fromkeys(("JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "XPF"), 0)
DECIMALS |= dict.fromkeys(("BHD", "KWD", "OMR", "JOD", "TND", "IQD", "LYD"), 3)
BALANCES = {"OPBD": "opening", "CLBD": "closing", "OPAV": "opening_available", "CLAV": "closing_available"}
LIMIT_MINOR = 10**15


@dataclass(frozen=True)
class Party:
    """Someone at one end of a payment."""

    name: str
    account: str


@dataclass(frozen=True)
class Payment:
    """One payment within an entry. `messages`: what the payer wrote, free text first, then structured references."""

    end_to_end: str
    debtor: Party
    creditor: Party
    messages: tuple[str, ...]


@dataclass(frozen=True)
class AccountEntry:
    """One movement on the account, as the bank booked it."""

    reference: str
    amount: int
    currency: str
    status: str
    is_reversal: bool
    booked: date | datetime | None
    valued: date | datetime | None
    information: str
    payments: tuple[Payment, ...]

    @property
    def booked_on(self) -> date | None:
        """The day on which the bank booked it."""
        return self.booked.date() if isinstance(self.booked, datetime) else self.booked


@dataclass(frozen=True)
class Balance:
    """What was on the account."""

    kind: str
    amount: int
    currency: str
    on: date | datetime | None


@dataclass(frozen=True)
class Report:
    """One report, statement or notification on one account."""

    id: str
    sequence: str
    account: str
    created_at: date | datetime | None
    begins: date | datetime | None
    ends: date | datetime | None
    information: str
    balances: tuple[Balance, ...]
    entries: tuple[AccountEntry, ...]


@dataclass(frozen=True)
class CamtMessage:
    """A message with all that it reports."""

    kind: str
    version: str
    id: str
    created_at: date | datetime | None
    recipient: str
    reports: tuple[Report, ...]


def read_camt(data: bytes) -> CamtMessage:
    """Return what a message says. Raises Unreadable with the place."""
    root = read_xml(data)
    kind, version = _kind(root)
    body_name, part_name, information_name = KINDS[kind]
    body = root.needed(body_name)
    header = body.needed("GrpHdr")
    return CamtMessage(
        kind,
        version,
        header.needed("MsgId").text,
        _moment(header.first("CreDtTm")),
        header.said("MsgRcpt/Nm", "MsgRcpt/Pty/Nm"),
        tuple(_report(part, information_name) for part in body.all(part_name)),
    )


def _kind(root: Element) -> tuple[str, str]:
    words = root.namespace.rpartition(":")[2].split(".")
    kind, version = ".".join(words[:2]), words[-1]
    if root.name != "Document" or kind not in KINDS or version not in VERSIONS:
        raise Unreadable(f"this is none of {', '.join(KINDS)} in version {' or '.join(VERSIONS)}", root.namespace[:80])
    return kind, version


def _report(part: Element, information_name: str) -> Report:
    account = part.needed("Acct/Id")
    return Report(
        part.needed("Id").text,
        part.said("ElctrncSeqNb"),
        account.said("IBAN", "Othr/Id"),
        _moment(part.first("CreDtTm")),
        _moment(part.first("FrToDt/FrDtTm")),
        _moment(part.first("FrToDt/ToDtTm")),
        part.said(information_name),
        tuple(_balance(one) for one in part.all("Bal")),
        tuple(_entry(one) for one in part.all("Ntry")),
    )


def _balance(element: Element) -> Balance:
    code = element.said("Tp/CdOrPrtry/Cd")
    amount, currency = _amount(element)
    return Balance(BALANCES.get(code, code), amount, currency, _day(element.first("Dt")))


def _entry(element: Element) -> AccountEntry:
    amount, currency = _amount(element)
    return AccountEntry(
        element.said("AcctSvcrRef"),
        amount,
        currency,
        element.said("Sts/Cd") or element.said("Sts"),
        element.said("RvslInd") in ("true", "1"),
        _day(element.first("BookgDt")),
        _day(element.first("ValDt")),
        element.said("AddtlNtryInf"),
        tuple(_payment(one) for one in element.all("NtryDtls/TxDtls")),
    )


def _payment(element: Element) -> Payment:
    return Payment(
        element.said("Refs/EndToEndId"),
        _party(element, "Dbtr"),
        _party(element, "Cdtr"),
        tuple(_messages(element)),
    )


def _party(element: Element, role: str) -> Party:
    parties = f"RltdPties/{role}"
    account = f"RltdPties/{role}Acct/Id"
    return Party(
        element.said(f"{parties}/Pty/Nm", f"{parties}/Nm"), element.said(f"{account}/IBAN", f"{account}/Othr/Id")
    )


def _messages(element: Element) -> Iterator[str]:
    for one in element.all("RmtInf/Ustrd"):
        yield one.text
    for one in element.all("RmtInf/Strd/CdtrRefInf/Ref"):
        yield one.text


def _amount(element: Element) -> tuple[int, str]:
    amount = element.needed("Amt")
    currency = amount.attributes.get("Ccy", "")
    side = element.needed("CdtDbtInd")
    if side.text not in ("CRDT", "DBIT"):
        raise Unreadable(f"CRDT or DBIT is expected, found {side.text[:20]}", side.path)
    return minor_units(amount.text, currency, amount.path) * (1 if side.text == "CRDT" else -1), currency


def minor_units(text: str, currency: str, place: str = "") -> int:
    """Return an amount in whole minor units of a currency. Raises Unreadable unless it is a whole number of them."""
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise Unreadable(f"a currency is expected, found {currency[:20]}", place)
    try:
        value = Decimal(text) if text.isascii() and len(text) <= 24 else Decimal("NaN")
        minor = value.scaleb(DECIMALS.get(currency, 2))
        if not minor.is_finite() or minor != minor.to_integral_value() or not 0 <= minor <= LIMIT_MINOR:
            raise InvalidOperation
    except InvalidOperation:
        raise Unreadable(f"an amount in {currency} is expected, found {text[:24]}", place) from None
    return int(minor)


def _day(element: Element | None) -> date | datetime | None:
    """Return what a choice of date and moment says."""
    return None if element is None else _moment(element.first("DtTm", "Dt"))


def _moment(element: Element | None) -> date | datetime | None:
    if element is None:
        return None
    try:
        if len(element.text) == 10:
            return date.fromisoformat(element.text)
        moment = datetime.fromisoformat(element.text)
    except ValueError:
        raise Unreadable(f"a date is expected, found {element.text[:30]}", element.path) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
