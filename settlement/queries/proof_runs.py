"""The nightly proofs: what waits, how far it is, what was found."""

from __future__ import annotations

from datetime import datetime

from accounts.rules import Actor, Role
from settlement.models import InvariantProof, ProofRun, SecondReading
from settlement.rules import ProofKind, ProofState, nights_between


def night_instants(after: datetime, until: datetime) -> list[datetime]:
    """Return the instants in (after, until] at which the proofs of a night become due."""
    return nights_between(after, until)


def waiting_proof(kind: ProofKind) -> ProofRun | None:
    """Return the run of a proof that is to be carried out, also one that a killed worker left half way."""
    return ProofRun.objects.filter(kind=kind, state__in=[ProofState.QUEUED, ProofState.RUNNING]).first()


def _watches(actor: Actor) -> bool:
    return actor.has(Role.AUDITOR, Role.SETTLEMENT_OPERATOR)


def proof_runs_visible_to(actor: Actor, *, limit: int = 10) -> list[ProofRun]:
    """Return the newest runs that are not done: those that wait, are under way or broke off."""
    if not _watches(actor):
        return []
    return list(ProofRun.objects.exclude(state=ProofState.DONE).order_by("-pk")[:limit])


def readings_visible_to(actor: Actor, *, limit: int = 60) -> list[SecondReading]:
    """Return the newest second readings, newest first."""
    if not _watches(actor):
        return []
    return list(SecondReading.objects.select_related("run").order_by("-pk")[:limit])


def invariant_proofs_visible_to(actor: Actor, *, limit: int = 60) -> list[InvariantProof]:
    """Return the newest proofs of the invariants, newest first."""
    if not _watches(actor):
        return []
    return list(InvariantProof.objects.select_related("run").order_by("-pk")[:limit])
