"""Asking a bank in whose name an account stands, and its answer, as ISO 20022 has them.

The question is an identification verification request (acmt.023.001.03), the answer its report (acmt.024). Source: ISO
20022 message definitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree

from settlement.rules.xml import Unreadable, read_xml, text_under, under

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:acmt.023.001.03"
MOST_REASON = 200
TRUTHS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Verification:
    """What the bank says of one account: whether it stands in the name asked about, and why not."""

    is_holders: bool
    reason: str


def verification_request(
    *, message_id: str, written_at: datetime, asker: str, number: str, name: str, account: str
) -> bytes:
    """Return the question whether `account` stands in `name`; `number` is ours, and comes back with the answer."""
    root = ElementTree.Element("Document", xmlns=NAMESPACE)
    body = under(root, "IdVrfctnReq")
    head = under(body, "Assgnmt")
    text_under(head, "MsgId", message_id)
    text_under(head, "CreDtTm", written_at.isoformat(timespec="seconds"))
    text_under(under(head, "Assgnr", "Pty"), "Nm", asker)
    text_under(under(head, "Assgne", "Agt", "FinInstnId", "Othr"), "Id", "NOTPROVIDED")
    one = under(body, "Vrfctn")
    text_under(one, "Id", number)
    asked = under(one, "PtyAndAcctId")
    text_under(under(asked, "Pty"), "Nm", name)
    text_under(under(asked, "Acct", "Id", "Othr"), "Id", account)
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)


def read_verification(data: bytes, *, message_id: str, number: str) -> Verification:
    """Return the bank's answer to one question. Raises Unreadable."""
    root = read_xml(data)
    if ".acmt.024." not in root.namespace.replace(":", "."):
        raise Unreadable("a verification report (acmt.024) is expected", root.namespace[:80])
    body = root.needed("IdVrfctnRpt")
    if body.needed("OrgnlAssgnmt/MsgId").text != message_id:
        raise Unreadable("this answers another message", body.path)
    report = next((one for one in body.all("Rpt") if one.said("OrgnlId") == number), None)
    if report is None:
        raise Unreadable("the account asked about is not in it", body.path)
    word = report.needed("Vrfctn")
    if word.text not in TRUTHS:
        raise Unreadable("true or false is expected", word.path)
    return Verification(TRUTHS[word.text], report.said("Rsn/Cd", "Rsn/Prtry")[:MOST_REASON])
