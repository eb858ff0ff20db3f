"""Payment orders to the bank, and its first answer to them, as ISO 20022 has them.

Orders go out as one message (pain.001.001.09), each known to the bank by its end-to-end number for ever; the answer
(pain.002) says of each whether it was taken. Source: ISO 20022 message definitions pain.001.001.09, pain.002.001.10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree

from settlement.rules.xml import Unreadable, read_xml, text_under, under

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
TAKEN = frozenset({"ACTC", "ACCP", "ACSP", "ACSC", "PDNG"})
REFUSED = "RJCT"
MOST_REASON = 200


@dataclass(frozen=True)
class Order:
    """One payment out: its end-to-end number, the amount in fen, and where it goes."""

    end_to_end: str
    fen: int
    name: str
    account: str
    bank: str


@dataclass(frozen=True)
class OrderAnswer:
    """What the bank says of one order: taken, or refused with a reason."""

    is_taken: bool
    reason: str


def payment_orders(
    orders: Sequence[Order], *, message_id: str, written_at: datetime, account: str, owner: str
) -> bytes:
    """Return one message with these orders, paid from `account` of `owner`; its head counts and sums them."""
    assert orders
    root = ElementTree.Element("Document", xmlns=NAMESPACE)
    body = ElementTree.SubElement(root, "CstmrCdtTrfInitn")
    total = _yuan(sum(order.fen for order in orders))
    header = under(body, "GrpHdr")
    for name, text in (
        ("MsgId", message_id),
        ("CreDtTm", written_at.isoformat(timespec="seconds")),
        ("NbOfTxs", str(len(orders))),
        ("CtrlSum", total),
    ):
        text_under(header, name, text)
    text_under(under(header, "InitgPty"), "Nm", owner)
    part = under(body, "PmtInf")
    for name, text in (("PmtInfId", message_id), ("PmtMtd", "TRF"), ("NbOfTxs", str(len(orders))), ("CtrlSum", total)):
        text_under(part, name, text)
    text_under(under(part, "ReqdExctnDt"), "Dt", written_at.date().isoformat())
    text_under(under(part, "Dbtr"), "Nm", owner)
    text_under(under(part, "DbtrAcct", "Id", "Othr"), "Id", account)
    text_under(under(part, "DbtrAgt", "FinInstnId", "Othr"), "Id", "NOTPROVIDED")
    for order in orders:
        _order(part, order)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _order(part: ElementTree.Element, order: Order) -> None:
    one = under(part, "CdtTrfTxInf")
    text_under(under(one, "PmtId"), "EndToEndId", order.end_to_end)
    amount = ElementTree.SubElement(under(one, "Amt"), "InstdAmt", Ccy="CNY")
    amount.text = _yuan(order.fen)
    text_under(under(one, "CdtrAgt", "FinInstnId"), "Nm", order.bank)
    text_under(under(one, "Cdtr"), "Nm", order.name)
    text_under(under(one, "CdtrAcct", "Id", "Othr"), "Id", order.account)


def read_answer(data: bytes, *, message_id: str) -> dict[str, OrderAnswer]:
    """Return the bank's answer to each order of a message, by end-to-end number. Raises Unreadable.

    An order whose status is neither taken nor refused is left out: it will be asked for again.
    """
    root = read_xml(data)
    if ".pain.002." not in root.namespace.replace(":", "."):
        raise Unreadable("an answer (pain.002) is expected", root.namespace[:80])
    body = root.needed("CstmrPmtStsRpt")
    if body.needed("OrgnlGrpInfAndSts/OrgnlMsgId").text != message_id:
        raise Unreadable("this answers another message", body.path)
    answers = {}
    for one in body.all("OrgnlPmtInfAndSts/TxInfAndSts"):
        status = one.said("TxSts")
        if status in TAKEN or status == REFUSED:
            reason = " ".join(filter(None, (one.said("StsRsnInf/Rsn/Cd"), one.said("StsRsnInf/AddtlInf"))))
            answers[one.needed("OrgnlEndToEndId").text] = OrderAnswer(status != REFUSED, reason[:MOST_REASON])
    return answers


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
