"""What the bank writes in ISO 20022: statements (camt.053.001.08) and notifications (camt.054.001.08)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

STATEMENT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
NOTIFICATION = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"


@dataclass(frozen=True)
class Line:
    """One movement: in fen, what left the account is negative."""

    serial: str
    fen: int
    booked_on: datetime.date
    name: str = ""
    account: str = ""
    reference: str = ""
    end_to_end: str = ""


def statement(
    *,
    number: int,
    account: str,
    opening_fen: int,
    lines: Sequence[Line],
    written_at: datetime.datetime,
    closing_fen: int | None = None,
) -> bytes:
    """Return the statement of some movements as a message. `closing_fen`: another than the movements give."""
    closing = opening_fen + sum(line.fen for line in lines) if closing_fen is None else closing_fen
    root = ElementTree.Element("Document", xmlns=STATEMENT)
    body = ElementTree.SubElement(root, "BkToCstmrStmt")
    header = _under(body, "GrpHdr")
    _text(header, "MsgId", f"CAMT053-{number:06d}")
    _text(header, "CreDtTm", written_at.isoformat(timespec="seconds"))
    part = _under(body, "Stmt")
    _text(part, "Id", f"STMT-{number:06d}")
    _text(part, "ElctrncSeqNb", str(number))
    _text(part, "CreDtTm", written_at.isoformat(timespec="seconds"))
    _text(_under(part, "Acct", "Id", "Othr"), "Id", account)
    for code, fen in (("OPBD", opening_fen), ("CLBD", closing)):
        balance = _under(part, "Bal")
        _text(_under(balance, "Tp", "CdOrPrtry"), "Cd", code)
        _amount(balance, fen)
        _text(_under(balance, "Dt"), "Dt", written_at.date().isoformat())
    for line in lines:
        _entry(part, line)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)


def notification(*, message_id: str, account: str, lines: Sequence[Line], written_at: datetime.datetime) -> bytes:
    """Return the notification of movements just booked, as a message."""
    root = ElementTree.Element("Document", xmlns=NOTIFICATION)
    body = ElementTree.SubElement(root, "BkToCstmrDbtCdtNtfctn")
    header = _under(body, "GrpHdr")
    _text(header, "MsgId", message_id)
    _text(header, "CreDtTm", written_at.isoformat(timespec="seconds"))
    part = _under(body, "Ntfctn")
    _text(part, "Id", message_id)
    _text(part, "CreDtTm", written_at.isoformat(timespec="seconds"))
    _text(_under(part, "Acct", "Id", "Othr"), "Id", account)
    for line in lines:
        _entry(part, line)
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _entry(part: ElementTree.Element, line: Line) -> None:
    entry = _under(part, "Ntry")
    _amount(entry, line.fen)
    _text(_under(entry, "Sts"), "Cd", "BOOK")
    _text(_under(entry, "BookgDt"), "Dt", line.booked_on.isoformat())
    _text(_under(entry, "ValDt"), "Dt", line.booked_on.isoformat())
    _text(entry, "AcctSvcrRef", line.serial)
    domain = _under(entry, "BkTxCd", "Domn")
    _text(domain, "Cd", "PMNT")
    family = _under(domain, "Fmly")
    _text(family, "Cd", "RCDT" if line.fen > 0 else "ICDT")
    _text(family, "SubFmlyCd", "DMCT")
    details = _under(entry, "NtryDtls", "TxDtls")
    if line.end_to_end:
        _text(_under(details, "Refs"), "EndToEndId", line.end_to_end)
    role = "Dbtr" if line.fen > 0 else "Cdtr"
    parties = _under(details, "RltdPties")
    _text(_under(parties, role, "Pty"), "Nm", line.name)
    if line.account:
        _text(_under(parties, f"{role}Acct", "Id", "Othr"), "Id", line.account)
    if line.reference:
        _text(_under(details, "RmtInf"), "Ustrd", line.reference)


def _amount(element: ElementTree.Element, fen: int) -> None:
    amount = ElementTree.SubElement(element, "Amt", Ccy="CNY")
    amount.text = f"{abs(fen) // 100}.{abs(fen) % 100:02d}"
    _text(element, "CdtDbtInd", "CRDT" if fen >= 0 else "DBIT")


def _under(element: ElementTree.Element, *names: str) -> ElementTree.Element:
    for name in names:
        element = ElementTree.SubElement(element, name)
    return element


def _text(element: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(element, name).text = text
