"""Evidence packs: asked for by an auditor, made by a worker, kept by their hash."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import tempfile
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.rules import Actor
from accounts.services import record_audit
from registry import queries
from registry.errors import PackWaits
from registry.models import EvidencePack
from registry.queries.packs import PACK_READERS, PackSubject
from registry.rules.packs import (
    FORMAT,
    README,
    SUMS,
    PackScope,
    PackState,
    PackSummary,
    json_line,
    summary_pdf,
    sums_bytes,
)
from registry.services.calculation import only_runner
from rulebook.queries import business_date
from settlement.queries import PackHead, entries_of_batches, leaves_there, pack_head, packed_proofs, verifier_keys

logger = logging.getLogger(__name__)
LOCK = 20260309
MOST_SECONDS = 3600  # For one statement of the reading: the app's own limit is that of a page.
NO_HEAD = _("No head of the transparency log is signed yet. Ask again in a minute.")
BROKE = _("The pack could not be made. The platform's operators have been told.")
# A file in a zip says when it was made; always the same, so that equal content gives equal bytes.
MADE = (1980, 1, 1, 0, 0, 0)


@transaction.atomic
def ask_for_pack(*, actor: Actor, scope: PackScope, subject_id: int, at: datetime) -> EvidencePack:
    """Ask for the evidence pack of a batch, a project or a monitoring period.

    Raises RoleMissing, RecordNotThere, PackWaits.
    """
    if not actor.has(*PACK_READERS) or actor.user_id is None:
        raise RoleMissing(roles=list(PACK_READERS))
    subject = queries.pack_subject(scope, subject_id)
    try:
        with transaction.atomic():  # `one_pack_of_a_subject_waits` has the word.
            row = EvidencePack.objects.create(
                scope=scope.value,
                subject_id=subject_id,
                title=subject.title[:200],
                asked_by_id=actor.user_id,
                at=at,
            )
    except IntegrityError as error:
        raise PackWaits from error
    record_audit(
        actor=actor,
        verb="ask_for_pack",
        subject=f"evidence_pack:{row.pk}",
        before=None,
        after={"scope": scope.value, "title": row.title},
        at=at,
    )
    return row


def make_pack(*, pack_id: int, at: datetime) -> EvidencePack:
    """Make a pack that waits and return its row: done with its file, or failed with the reason.

    Long, so the row is written in short transactions of its own. Whoever comes while another worker has the pack
    leaves it alone; a killed worker's lock ends with its session, and the sweep begins the pack anew.
    """
    with only_runner(LOCK, pack_id) as alone:
        row = EvidencePack.objects.get(pk=pack_id)
        if not alone or row.state not in (PackState.QUEUED, PackState.RUNNING):
            return row
        EvidencePack.objects.filter(pk=pack_id).update(state=PackState.RUNNING, done_steps=0, all_steps=0)
        try:
            _make(row, at)
        except OperationalError:
            raise  # The database was busy or went away: the row waits for the sweep.
        except Exception:
            logger.exception("the evidence pack %s broke", pack_id)
            _fail(pack_id, BROKE, at)
    return EvidencePack.objects.get(pk=pack_id)


def _make(row: EvidencePack, at: datetime) -> None:
    head = pack_head()
    if head is None:
        _fail(row.pk, NO_HEAD, at)
        return
    folder = Path(settings.MEDIA_ROOT) / "packs"
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "w+b") as file:
            _write(row, head, file, at)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.seek(0, io.SEEK_END)
        path = queries.pack_path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    with transaction.atomic():
        EvidencePack.objects.filter(pk=row.pk).update(
            state=PackState.DONE, sha256=sha256, size=size, head_size=head.size, finished_at=at
        )
        record_audit(
            actor=None,
            verb="make_pack",
            subject=f"evidence_pack:{row.pk}",
            before=None,
            after={"sha256": sha256, "size": size},
            at=at,
        )


def _write(row: EvidencePack, head: PackHead, file: IO[bytes], at: datetime) -> None:
    """Write the pack into a file: the tables on one snapshot, then the proofs of what never changes any more."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        pack = _Pack(archive)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = '{MOST_SECONDS:d}s'")
            subject = queries.pack_subject(PackScope(row.scope), row.subject_id)
            entry_ids = entries_of_batches(subject.asset_ids)
            acts = queries.decisions_of(subject)
            for name, content in queries.pack_parts(subject, entry_ids):
                pack.add(name, content)
        subjects = [*acts, *(f"entry:{number}" for number in entry_ids)]
        sealed = _prove(row.pk, pack, subjects, head)
        there = leaves_there([one for one in subjects if one not in sealed])
        waiting = [one for one in subjects if one in there]
        before = [one for one in subjects if one not in there and one not in sealed]
        pack.add("log/head.txt", [head.note.encode()])
        pack.add("log/keys.txt", [f"{key.verifier_key}\n".encode() for key in verifier_keys()])
        pack.add("log/waiting.txt", [f"{one}\n".encode() for one in waiting])
        pack.add("log/before.txt", [f"{one}\n".encode() for one in before])
        figures = (len(acts), len(entry_ids), len(sealed), len(waiting), len(before))
        pack.add("summary.pdf", [_paper(row, subject, head, figures, at)])
        pack.add("README.txt", [README.format(format=FORMAT, title=row.title).encode()])
        pack.add("format.txt", [f"{FORMAT}\n".encode()])
        pack.close()


def _prove(pack_id: int, pack: _Pack, subjects: list[str], head: PackHead) -> set[str]:
    """Write the proofs of the sealed leaves, tell the row how far they are, and return whose they are."""
    sealed: set[str] = set()
    EvidencePack.objects.filter(pk=pack_id).update(all_steps=len(subjects))

    def lines() -> Iterable[bytes]:
        for number, proof in enumerate(packed_proofs(subjects, head), start=1):
            sealed.add(proof.subject)
            if number % 500 == 0:
                EvidencePack.objects.filter(pk=pack_id).update(done_steps=number)
            yield json_line(
                {
                    "subject": proof.subject,
                    "position": proof.position,
                    "leaf_hash": proof.leaf_hash,
                    "text": proof.text,
                    "path": proof.path,
                }
            )

    pack.add("log/proofs.jsonl", lines())
    EvidencePack.objects.filter(pk=pack_id).update(done_steps=len(subjects))
    return sealed


class _Pack:
    """A zip whose files are hashed as they are written."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive, self.hashes = archive, list[tuple[str, str]]()

    def add(self, name: str, content: Iterable[bytes]) -> None:
        """Write one file from its pieces."""
        value = hashlib.sha256()
        info = zipfile.ZipInfo(name, date_time=MADE)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self.archive.open(info, "w", force_zip64=True) as part:
            for piece in content:
                value.update(piece)
                part.write(piece)
        self.hashes.append((name, value.hexdigest()))

    def close(self) -> None:
        """Write the list of the hashes."""
        self.archive.writestr(zipfile.ZipInfo(SUMS, date_time=MADE), sums_bytes(self.hashes))


def _paper(
    row: EvidencePack, subject: PackSubject, head: PackHead, figures: tuple[int, int, int, int, int], at: datetime
) -> bytes:
    words = (
        ("项目", "Project", f"{subject.project.code} {subject.project.name}"),
        ("监测期", "Monitoring periods", str(len(subject.periods))),
        ("批次", "Batches", str(len(subject.batches))),
        ("签发量", "Issued", f"{sum(one.tonnes for one in subject.batches):,} tCO₂e"),
        ("官方决定", "Official acts", f"{figures[0]:,}"),
        ("账本分录", "Entries of the ledger", f"{figures[1]:,}"),
        ("日志证明", "Proofs in the log", f"{figures[2]:,}"),
        ("待入日志", "Waiting to be sealed", f"{figures[3]:,}"),
        ("早于日志", "Older than the log", f"{figures[4]:,}"),
    )
    summary = PackSummary(
        title=row.title,
        venue=settings.VENUE_NAME,
        made_on=business_date(at),
        head_size=head.size,
        root=head.root,
        facts=words,
    )
    return summary_pdf(summary, check_url=f"{settings.PUBLIC_URL.rstrip('/')}/evidence/{row.pk}/")


def _fail(pack_id: int, problem: str, at: datetime) -> None:
    EvidencePack.objects.filter(pk=pack_id).update(state=PackState.FAILED, problem=problem, finished_at=at)
