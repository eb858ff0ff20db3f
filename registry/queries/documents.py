from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from accounts.rules import Actor
from registry.errors import RecordNotThere
from registry.models import Document, Project


def path_of(sha256: str) -> Path:
    """Return where a document's content lies: by its hash, under MEDIA_ROOT."""
    return Path(settings.MEDIA_ROOT) / "documents" / sha256[:2] / sha256


def document(actor: Actor, document_id: int) -> Document:
    """Return a paper the actor may read. Raises RecordNotThere."""
    row = Document.objects.visible_to(actor).filter(pk=document_id).first()
    if row is None:
        raise RecordNotThere
    return row


def documents_of(row: Project) -> QuerySet[Document]:
    """Return the papers of a case, newest first."""
    return row.documents.order_by("-pk")


def public_documents_of(row: Project) -> QuerySet[Document]:
    """Return the papers of a case that anyone may read, newest first."""
    return documents_of(row).filter(is_public=True)


def content_of(row: Document) -> bytes:
    """Return the content of a paper."""
    return path_of(row.sha256).read_bytes()
