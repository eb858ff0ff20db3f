"""Which files are taken as papers of a case, by what stands in them. Source: reliability.md, section 4."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.rules import Role

MIB = 1024 * 1024
LIMIT_BYTES = 20 * MIB

# First bytes -> content type. The name a browser sends says nothing.
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"PK\x03\x04", "application/zip"),
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
GEOJSON, ZIP, TEXT = "application/geo+json", "application/zip", "text/plain"
# What a paper may be. A zip or a GeoJSON is no paper; parcels come that way and are read as such.
PAPERS = frozenset({"application/pdf", "image/png", "image/jpeg", XLSX, DOCX, TEXT})
PARCEL_FILES = frozenset({GEOJSON, ZIP})

# Which papers the applicant's side brings in: while the case can be edited, or at any time but under review.
APPLICATION = frozenset({"design", "tenure"})
ACCOMPANYING = frozenset({"photo", "monitoring", "other"})
# Papers that belong to an official act. Whoever brings one in does not take part in the application by it.
OFFICIAL: Mapping[str, frozenset[Role]] = {
    "validation": frozenset({Role.VALIDATOR}),
    "verification": frozenset({Role.VERIFIER}),
    "evidence": frozenset({Role.REGION_MAKER, Role.REGION_CHECKER, Role.ECOLOGY_RECORDER}),
}
KINDS = APPLICATION | ACCOMPANYING | frozenset(OFFICIAL)
NAME_LIMIT = 160


def content_type(content: bytes) -> str:
    """Return the type of a file by its content, "" for one that is not taken."""
    kind = next((kind for signature, kind in SIGNATURES if content.startswith(signature)), "")
    if kind == "application/zip":
        # The directory at the end names the members of an office document.
        if b"xl/workbook.xml" in content:
            return XLSX
        if b"word/document.xml" in content:
            return DOCX
    if not kind and _is_plain_text(content):
        return GEOJSON if content.lstrip()[:1] == b"{" else TEXT
    return kind


def _is_plain_text(content: bytes) -> bool:
    if not content or b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return content.lstrip()[:1] != b"<"
