"""Papers that prove a transfer: kept by their hash, judged by what stands in them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_noop as _

from accounts.rules import Actor
from settlement.errors import EvidenceMissing, FileRejected
from settlement.models import Evidence
from settlement.queries.transfers import evidence_path
from settlement.rules import evidence as rules


@dataclass(frozen=True)
class EvidenceFile:
    """A paper as it is handed in: what kind it is said to be, its name and its bytes."""

    kind: str
    name: str
    content: bytes


def keep_evidence(*, file: EvidenceFile, organisation_id: int, actor: Actor, at: datetime) -> Evidence:
    """Store a paper by its hash and return its row, in the caller's transaction. Raises FileRejected, EvidenceMissing.

    A content whose row is rolled back lies there without a name and harms nobody.
    """
    if not file.content:
        raise FileRejected(field="evidence", reason=_("the file is empty"))
    if len(file.content) > rules.LIMIT_BYTES:
        size, limit = len(file.content) / rules.MIB, rules.LIMIT_BYTES // rules.MIB
        raise FileRejected(field="evidence", reason=f"{size:.1f} MB > {limit} MB")
    found = rules.content_type(file.content)
    if not found:
        raise FileRejected(field="evidence", reason=_("a PDF or a picture is expected"))
    name = rules.file_name(file.name)
    if not name:
        raise EvidenceMissing(field="evidence")
    sha256 = hashlib.sha256(file.content).hexdigest()
    store_content(sha256, file.content)
    return Evidence.objects.create(
        organisation_id=organisation_id,
        kind=file.kind,
        name=name,
        content_type=found,
        size=len(file.content),
        sha256=sha256,
        uploaded_by_id=actor.user_id,
        at=at,
    )


def store_content(sha256: str, content: bytes) -> None:
    """Put a content where its hash says, whole or not at all, and on the disk before the row is committed."""
    path = evidence_path(sha256)
    if path.is_file() and path.stat().st_size == len(content):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
