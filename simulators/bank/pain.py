"""Payment orders as the bank reads them (pain.001), and its answer (pain.002.001.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

ORDERS = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"


@dataclass(frozen=True)
class Order:
    """One payment order of a customer, in fen."""

    end_to_end: str
    fen: int
    name: str
    account: str


def read_orders(data: bytes) -> tuple[str, list[Order]]:
    """Return the message's number and its orders. Raises ValueError where count or sum is not what the head says."""
    try:
        body = next(iter(ElementTree.fromstring(data)))
    except (ElementTree.ParseError, StopIteration) as error:
        raise ValueError("no message") from error
    orders = list(_orders(body))
    head = body.find(f"{ORDERS}GrpHdr")
    said = (_said(head, "NbOfTxs"), _fen(_said(head, "CtrlSum")))
    if said != (str(len(orders)), sum(order.fen for order in orders)) or not orders:
        raise ValueError("count or sum")
    return _said(head, "MsgId"), orders


def _orders(body: ElementTree.Element) -> Iterator[Order]:
    for one in body.iterfind(f"{ORDERS}PmtInf/{ORDERS}CdtTrfTxInf"):
        yield Order(
            _said(one, "PmtId", "EndToEndId"),
            _fen(_said(one, "Amt", "InstdAmt")),
            _said(one, "Cdtr", "Nm"),
            _said(one, "CdtrAcct", "Id", "Othr", "Id"),
        )


def _said(element: ElementTree.Element | None, *names: str) -> str:
    found = element.findtext("/".join(f"{ORDERS}{name}" for name in names)) if element is not None else None
    if not found:
        raise ValueError("/".join(names))
    return found


def _fen(text: str) -> int:
    whole, _, decimals = text.partition(".")
    if not whole.isdecimal() or len(decimals) != 2 or not decimals.isdecimal():
        raise ValueError(text)
    return int(whole + decimals)


def answer(message_id: str, refused: Mapping[str, str], orders: list[Order]) -> bytes:
    """Return the answer to a message: each order taken, but those `refused` with a reason."""
    root = ElementTree.Element("Document", xmlns=NAMESPACE)
    body = ElementTree.SubElement(root, "CstmrPmtStsRpt")
    head = ElementTree.SubElement(body, "OrgnlGrpInfAndSts")
    ElementTree.SubElement(head, "OrgnlMsgId").text = message_id
    ElementTree.SubElement(head, "OrgnlMsgNmId").text = "pain.001.001.09"
    part = ElementTree.SubElement(body, "OrgnlPmtInfAndSts")
    ElementTree.SubElement(part, "OrgnlPmtInfId").text = message_id
    for order in orders:
        one = ElementTree.SubElement(part, "TxInfAndSts")
        ElementTree.SubElement(one, "OrgnlEndToEndId").text = order.end_to_end
        ElementTree.SubElement(one, "TxSts").text = "RJCT" if order.end_to_end in refused else "ACCP"
        if order.end_to_end in refused:
            reason = ElementTree.SubElement(one, "StsRsnInf")
            ElementTree.SubElement(ElementTree.SubElement(reason, "Rsn"), "Cd").text = "AC04"
            ElementTree.SubElement(reason, "AddtlInf").text = refused[order.end_to_end]
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
