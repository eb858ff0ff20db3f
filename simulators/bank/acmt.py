"""The question in whose name an account stands as the bank reads it (acmt.023), and its answer (acmt.024.001.03)."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

ASKED = "{urn:iso:std:iso:20022:tech:xsd:acmt.023.001.03}"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:acmt.024.001.03"


@dataclass(frozen=True)
class Question:
    """One account that somebody asks about; `number` is the asker's."""

    message_id: str
    number: str
    name: str
    account: str


def read_question(data: bytes) -> Question:
    """Return the question of a message. Raises ValueError."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise ValueError("no message") from error
    words = [
        root.findtext("/".join(ASKED + name for name in path.split("/")), "")
        for path in (
            "IdVrfctnReq/Assgnmt/MsgId",
            "IdVrfctnReq/Vrfctn/Id",
            "IdVrfctnReq/Vrfctn/PtyAndAcctId/Pty/Nm",
            "IdVrfctnReq/Vrfctn/PtyAndAcctId/Acct/Id/Othr/Id",
        )
    ]
    if not all(words):
        raise ValueError("no question")
    return Question(*words)


def report(question: Question, *, reason: str) -> bytes:
    """Return the answer: yes, or no with a reason."""
    root = ElementTree.Element("Document", xmlns=NAMESPACE)
    body = ElementTree.SubElement(root, "IdVrfctnRpt")
    original = ElementTree.SubElement(body, "OrgnlAssgnmt")
    ElementTree.SubElement(original, "MsgId").text = question.message_id
    one = ElementTree.SubElement(body, "Rpt")
    ElementTree.SubElement(one, "OrgnlId").text = question.number
    ElementTree.SubElement(one, "Vrfctn").text = "false" if reason else "true"
    if reason:
        ElementTree.SubElement(ElementTree.SubElement(one, "Rsn"), "Prtry").text = reason
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
