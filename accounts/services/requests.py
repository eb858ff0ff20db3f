"""Request numbers (Idempotency-Key) and counts of requests."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from accounts.errors import KeyReused
from accounts.models import IdempotencyRecord


@dataclass(frozen=True)
class Answered:
    """An answer as it was sent: status, body byte for byte, and the Location header."""

    status: int
    body: str
    location: str = ""


@transaction.atomic
def answer_once(*, actor_key: str, key: str, fingerprint: str, act: Callable[[], Answered]) -> tuple[Answered, bool]:
    """Return the answer to a request number, and whether it is a replay of the first one.

    The number's row is written in the transaction of what `act` does: both are there or neither. A double that comes
    meanwhile waits for the first, then gets its answer; after a refusal nothing is kept, and the number is free.

    Raises KeyReused for another request under the same number, and whatever `act` raises.
    Source: stack.md 3.2.6.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"request {actor_key} {key}"])
    first = IdempotencyRecord.objects.filter(actor_key=actor_key, key=key).first()
    if first is not None:
        if first.fingerprint != fingerprint:
            raise KeyReused
        return Answered(status=first.status, body=first.body, location=first.location), True
    answered = act()
    IdempotencyRecord.objects.create(
        actor_key=actor_key,
        key=key,
        fingerprint=fingerprint,
        status=answered.status,
        body=answered.body,
        location=answered.location,
    )
    return answered, False


def count_request(*, actor_key: str, minute: int) -> int:
    """Count one request of an actor in a minute and return how many it makes now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_apiusage (actor_key, minute, requests) VALUES (%s, %s, 1)"
            " ON CONFLICT (actor_key, minute) DO UPDATE SET requests = accounts_apiusage.requests + 1"
            " RETURNING requests",
            [actor_key, minute],
        )
        return int(cursor.fetchone()[0])
