"""The nightly proofs: opened once a night or by a person, carried out by a worker, kept for ever."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils.translation import gettext_noop as _

from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit
from settlement import queries
from settlement.errors import ProofWaits
from settlement.models import ProofRun
from settlement.queries import Reading
from settlement.rules import ProofKind, ProofState, night_of

logger = logging.getLogger(__name__)
PROOF_LOCKS = {ProofKind.SECOND_READING: 20260303, ProofKind.INVARIANTS: 20260304}  # One runner of each at a time.
URL = "/proofs/"
WATCHERS = (Role.SETTLEMENT_OPERATOR, Role.AUDITOR)
TITLES = {
    ProofKind.SECOND_READING: _("The second reading of the ledger differs in {count} places"),
    ProofKind.INVARIANTS: _("Invariants of the ledger are broken: {names}"),
}
BROKE_OFF = {
    ProofKind.SECOND_READING: _("The second reading of the ledger broke off"),
    ProofKind.INVARIANTS: _("The proof of the invariants broke off"),
}


def open_night_proofs(at: datetime) -> str:
    """Let the proofs of the night that has begun by `at` be carried out, once each; say what was opened.

    A proof whose last run still waits gets no second one, so nights that pass at once do not pile up.
    """
    night = night_of(at)
    opened = []
    for kind in ProofKind:
        if ProofRun.objects.filter(kind=kind, night=night).exists() or queries.waiting_proof(kind) is not None:
            continue
        if _open(kind, night=night, at=at) is not None:
            opened.append(kind.value)
    return ", ".join(f"{name} begun" for name in opened)


def ask_for_proof(*, actor: Actor, kind: ProofKind, at: datetime) -> int:
    """Let a proof be carried out now and return its run. Raises ProofWaits where one is waiting already."""
    run_id = _open(kind, night=None, at=at, asked_by_id=actor.user_id)
    if run_id is None:
        raise ProofWaits
    record_audit(
        actor=actor, verb="ask_for_proof", subject=f"proof:{run_id}", before=None, after={"kind": kind.value}, at=at
    )
    return run_id


def _open(kind: ProofKind, *, at: datetime, night: Any, asked_by_id: int | None = None) -> int | None:
    try:
        with transaction.atomic():
            return ProofRun.objects.create(
                kind=kind, night=night, state=ProofState.QUEUED, at=at, asked_by_id=asked_by_id
            ).pk
    except IntegrityError:  # Another process was first: `proof_runs_once_a_night`, `one_run_of_a_proof_waits`.
        return None


def carry_out_second_reading(*, at: datetime) -> Reading | None:
    """Carry out the second reading that waits, if any and if nobody else does; return what it gave."""

    def prove(run: ProofRun) -> Reading:
        reading = queries.read_again(tell=lambda done, of: _tell(run.pk, done, of))
        with transaction.atomic():
            record_second_reading(reading=reading, run_id=run.pk, at=at)
            _finish(run.pk, ProofState.DONE)
        return reading

    return _carry_out(ProofKind.SECOND_READING, prove, at)


def carry_out_invariant_proof(
    *, prove: Callable[[Callable[[int, int], None]], Mapping[str, Any]], at: datetime
) -> Mapping[str, Any] | None:
    """Carry out the proof of the invariants that waits, if any; return what it gave.

    prove: the caller's, since the invariants span rooms; it is told where to tell how many it has proved, of how many,
           and returns `seconds`, `proved` (sentences by name) and `broken` (rows by name, of those that do not hold).
    """

    def carried_out(run: ProofRun) -> Mapping[str, Any]:
        given = prove(lambda done, of: _tell(run.pk, done, of))
        with transaction.atomic():
            record_invariant_proof(run_id=run.pk, at=at, **given)
            _finish(run.pk, ProofState.DONE)
        return given

    return _carry_out(ProofKind.INVARIANTS, carried_out, at)


def _carry_out(kind: ProofKind, prove: Callable[[ProofRun], Any], at: datetime) -> Any:
    with _only_runner(kind) as alone:
        run = queries.waiting_proof(kind) if alone else None
        if run is None:
            return None
        ProofRun.objects.filter(pk=run.pk).update(state=ProofState.RUNNING, done_steps=0, all_steps=0)
        try:
            return prove(run)
        except Exception as error:
            # Otherwise the row would be taken up again for ever, and nobody would hear of it.
            logger.exception("the proof %s broke off", kind)
            with transaction.atomic():
                _finish(run.pk, ProofState.FAILED, f"{type(error).__name__}: {error}"[:300])
                _say(kind, "broke_off", BROKE_OFF[kind], {}, at)
            return None


def _tell(run_id: int, done: int, of: int) -> None:
    """Write down how far a run is. Progress is a courtesy: a busy database does not end a proof."""
    try:
        ProofRun.objects.filter(pk=run_id).update(done_steps=done, all_steps=of)
    except DatabaseError:
        logger.warning("the progress of proof %s was not written", run_id)


def _finish(run_id: int, state: ProofState, error: str = "") -> None:
    ProofRun.objects.filter(pk=run_id).update(state=state, error=error)


@transaction.atomic
def record_second_reading(*, reading: Reading, run_id: int | None, at: datetime) -> int:
    """Keep what a second reading gave and return its id. Where it differs, auditor and settlement operator are told."""
    number = _insert(
        "settlement_secondreading",
        run_id=run_id,
        at=at,
        snapshot=reading.snapshot,
        last_entry_id=reading.last_entry_id,
        legs_read=reading.legs_read,
        moves_read=reading.moves_read,
        seconds=reading.seconds,
        found=reading.found,
        differences=_json(reading.differences),
    )
    _tell_watchers(ProofKind.SECOND_READING, {"count": str(reading.found)} if reading.found else {}, at)
    return number


@transaction.atomic
def record_invariant_proof(
    *, run_id: int | None, at: datetime, seconds: Decimal, proved: Mapping[str, str], broken: Mapping[str, Any]
) -> int:
    """Keep what the proofs of all invariants gave and return the id. Where one is broken, the same two are told."""
    number = _insert(
        "settlement_invariantproof",
        run_id=run_id,
        at=at,
        seconds=seconds,
        proved=_json(proved),
        broken=_json(broken),
    )
    _tell_watchers(ProofKind.INVARIANTS, {"names": ", ".join(broken)[:150]} if broken else {}, at)
    return number


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _insert(table: str, **values: Any) -> int:
    # By hand: the app's role may not name `recorded_at`, which the server writes.
    columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        statement = f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING id"  # noqa: S608 (names of this file)
        cursor.execute(statement, list(values.values()))
        return int(cursor.fetchone()[0])


def _tell_watchers(kind: ProofKind, found: Mapping[str, str], at: datetime) -> None:
    """Open the watchers' items where something was found, else close those of before: it has been put right."""
    subject = f"proof:{kind.value}"
    close_work_items(subject=subject, kind="proof_broke_off", at=at)
    if not found:
        close_work_items(subject=subject, kind="proof_found", at=at)
        return
    _say(kind, "found", TITLES[kind], found, at)


def _say(kind: ProofKind, what: str, title: str, found: Mapping[str, str], at: datetime) -> None:
    for role in WATCHERS:
        open_work_item(
            kind=f"proof_{what}",
            title=title,
            subject=f"proof:{kind.value}",
            url=URL,
            role=role,
            found=dict(found),
            at=at,
        )


@contextmanager
def _only_runner(kind: ProofKind) -> Iterator[bool]:
    """Say whether this is the only runner of a proof; the lock ends with the session of a killed worker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [PROOF_LOCKS[kind]])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [PROOF_LOCKS[kind]])
