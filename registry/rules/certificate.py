"""The retirement certificate (注销证明) as a PDF: equal content gives equal bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from accounts.rules import Actor
from accounts.rules.paper import chinese_day, english_day, in_words, paper

TEMPLATE = Path(__file__).with_name("certificate.typ")
PURPOSES = {
    "voluntary": ("自愿注销", "Voluntary retirement"),
    "event": ("大型活动碳中和注销", "Event neutrality retirement"),
    "public_benefit": ("公益注销", "Public-benefit retirement"),
    "judicial": ("司法修复注销", "Judicial restoration retirement"),
    "compliance": ("清缴抵销注销", "Compliance retirement"),
}
METHODOLOGIES = {
    "F1": ("造林碳汇（F1）", "Afforestation (F1)"),
    "G1": ("草原管理碳汇（G1）", "Grassland management (G1)"),
    "W1": ("湿地恢复碳汇（W1）", "Wetland restoration (W1)"),
}


@dataclass(frozen=True)
class Certificate:
    """Everything a certificate says. `check_url` is where its QR code leads."""

    number: str
    venue: str
    holder: str
    beneficiary: str
    purpose: str
    period_first: date | None
    period_last: date | None
    note: str
    tonnes: int
    project_name: str
    project_code: str
    place: str
    methodology: str
    vintage_year: int
    serials: tuple[str, ...]
    retired_on: date
    check_url: str


def masked_name(name: str) -> str:
    """Return a natural person's name as the public may see it: the first character alone."""
    return name[:1] + "*" * min(max(len(name) - 1, 1), 2)


def knows_names_of(actor: Actor, organisation_id: int) -> bool:
    """Tell whether an actor reads the natural persons in an organisation's retirements: of its own alone.

    Whoever watches over all retirements reads such a name for a reason, which is logged.
    """
    return actor.organisation_id == organisation_id


def certificate_pdf(certificate: Certificate) -> bytes:
    """Return the certificate as PDF, A4, Chinese with English beneath; byte-identical for equal content."""
    return paper(TEMPLATE, shown(certificate), day=certificate.retired_on, qr=certificate.check_url)


def shown(certificate: Certificate) -> dict[str, Any]:
    """Return the texts of a certificate as they are printed."""
    purpose = PURPOSES.get(certificate.purpose, (certificate.purpose, ""))
    methodology = METHODOLOGIES.get(certificate.methodology, (certificate.methodology, ""))
    period = None
    if certificate.period_first is not None and certificate.period_last is not None:
        period = [
            f"{chinese_day(certificate.period_first)}至{chinese_day(certificate.period_last)}",
            f"{english_day(certificate.period_first)} – {english_day(certificate.period_last)}",
        ]
    return {
        "number": certificate.number,
        "venue": certificate.venue,
        "holder": certificate.holder,
        "beneficiary": certificate.beneficiary,
        "purpose": list(purpose),
        "period": period,
        "note": certificate.note,
        "tonnes": f"{certificate.tonnes:,}",
        "words": in_words(certificate.tonnes),
        "project": [certificate.project_name, f"{certificate.project_code} · {certificate.place}"],
        "methodology": list(methodology),
        "vintage": str(certificate.vintage_year),
        "serials": list(certificate.serials),
        "date": [chinese_day(certificate.retired_on), english_day(certificate.retired_on)],
        "check_url": certificate.check_url,
    }
