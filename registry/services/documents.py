"""Papers of a case: kept by their hash, judged by what stands in them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import InvalidField
from accounts.rules import Actor, Role
from accounts.services import record_audit
from registry.errors import FileRejected, RoleForbids, StateForbids
from registry.models import Document, Project
from registry.queries.documents import path_of
from registry.rules import documents as rules
from registry.rules.states import Parties, ProjectState, Verb, role_for
from registry.rules.texts import file_name
from registry.services.acts import locked_project, note_contribution, require_step

UNDER_REVIEW = frozenset({ProjectState.SUBMITTED, ProjectState.ACCEPTED, ProjectState.REVIEW})
ENDED = frozenset({ProjectState.REJECTED, ProjectState.WITHDRAWN, ProjectState.LAPSED, ProjectState.DEREGISTERED})


@transaction.atomic
def add_document(
    *,
    actor: Actor,
    project_id: int | None,
    kind: str,
    name: str,
    content: bytes,
    is_public: bool = False,
    at: datetime,
) -> Document:
    """Take in a paper of a case and return it; private unless `is_public`.

    project_id: None for evidence of the region that belongs to no case.
    What the applicant's side brings in is a contribution; a paper of an official act (validation, verification,
    evidence) is not. Raises ProjectNotThere, StateForbids, RoleForbids, ReviewedIt, FileRejected, InvalidField.
    """
    if kind not in rules.KINDS:
        raise InvalidField(field="kind", reason=_("This kind of document is not known."))
    project = None
    if project_id is None:
        if kind != "evidence" or not actor.has(*rules.OFFICIAL["evidence"]):
            raise RoleForbids
    else:
        project = locked_project(actor, project_id)
        _require_right(actor, project, kind)
        if kind not in rules.OFFICIAL:
            note_contribution(actor, project, at)
    found = rules.content_type(content)
    if content and len(content) <= rules.LIMIT_BYTES and found not in rules.PAPERS:
        raise FileRejected(field="file", reason=_("a PDF, a picture, an Excel or a Word file is expected"))
    return keep_document(
        project=project,
        kind=kind,
        name=name,
        content=content,
        content_type=found,
        is_public=is_public,
        actor=actor,
        at=at,
    )


def _require_right(actor: Actor, project: Project, kind: str) -> None:
    if kind in rules.APPLICATION:
        require_step(actor, project, Verb.EDIT)
        return
    if kind in rules.ACCOMPANYING:
        if project.state in UNDER_REVIEW | ENDED:
            raise StateForbids(verb=Verb.EDIT.value, state=project.state)
        if role_for(frozenset({Role.OWNER, Role.BANNER_CLERK}), actor, project.parties) is None:
            raise RoleForbids
        return
    if kind == "validation" and project.state != ProjectState.NOTICE:
        raise StateForbids(verb=Verb.SIGN.value, state=project.state)
    # A verifier sees the case because one of its periods names it.
    parties = Parties(project.owner_id, project.division_code, project.validator_id, actor.organisation_id)
    if role_for(rules.OFFICIAL[kind], actor, parties) is None:
        raise RoleForbids


def keep_document(
    *,
    project: Project | None,
    kind: str,
    name: str,
    content: bytes,
    content_type: str,
    is_public: bool = False,
    actor: Actor | None,
    at: datetime,
) -> Document:
    """Store a content by its hash and return its row, in the caller's transaction; who may is the caller's business.

    A content whose row is rolled back lies there without a name and harms nobody. Raises FileRejected, InvalidField.
    """
    if not content:
        raise FileRejected(field="file", reason=_("the file is empty"))
    if len(content) > rules.LIMIT_BYTES:
        limit = rules.LIMIT_BYTES // rules.MIB
        raise FileRejected(field="file", reason=f"{len(content) / rules.MIB:.1f} MB > {limit} MB")
    clean = file_name(name)[-rules.NAME_LIMIT :]
    if not clean:
        raise InvalidField(field="name", reason=_("The name is needed."))
    sha256 = hashlib.sha256(content).hexdigest()
    _store(sha256, content)
    row = Document.objects.create(
        project=project,
        kind=kind,
        name=clean,
        content_type=content_type,
        size=len(content),
        sha256=sha256,
        is_public=is_public,
        uploaded_by_id=actor.user_id if actor else None,
        at=at,
    )
    record_audit(
        actor=actor,
        verb="add_document",
        subject=project.subject if project else f"document:{row.pk}",
        before=None,
        after={"document": row.pk, "kind": kind, "name": clean, "sha256": sha256, "is_public": is_public},
        at=at,
    )
    return row


def _store(sha256: str, content: bytes) -> None:
    """Put a content where its hash says, whole or not at all, and on the disk before the row is committed."""
    path = path_of(sha256)
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
