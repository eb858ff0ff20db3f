"""Signing in and out, lock-out, and the password entered again before an irreversible step."""

from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.db.models.functions import Now

from accounts.errors import PasswordNeeded, SignInLocked, WrongCredentials
from accounts.models import SignIn, User
from accounts.rules import Actor, is_confirmed
from rulebook.queries import rule


def sign_in(*, username: str, password: str, address: str, browser: str, at: datetime) -> int:
    """Return the id of the person whose user name and password these are, and log the attempt either way.

    After the rulebook's number of failures for a user name within its minutes every attempt is refused for as long,
    the right password too. Minutes run by the database's clock, which no one moves.

    Raises WrongCredentials, SignInLocked. Source: GB/T 22239-2019, 8.1.4.1 b.
    """
    return _attempt(SignIn.Outcome.SUCCEEDED, username, password, address, browser, at)


def confirm_password(*, actor: Actor, password: str, address: str, browser: str, at: datetime) -> None:
    """Check the signed-in person's password once more; failures count towards lock-out as at sign-in.

    Raises WrongCredentials, SignInLocked.
    """
    username = User.objects.values_list("username", flat=True).get(pk=actor.user_id)  # type: ignore[misc]
    _attempt(SignIn.Outcome.CONFIRMED, username, password, address, browser, at)


def sign_out(*, actor: Actor, address: str, browser: str, at: datetime) -> None:
    """Log that a person has signed out."""
    if actor.user_id is not None:
        user = User.objects.get(pk=actor.user_id)
        _log(SignIn.Outcome.SIGNED_OUT, user, user.username, address, browser, at)


def require_confirmed(actor: Actor, at: datetime) -> None:
    """Return if the person entered the password within the rulebook's minutes, else raise PasswordNeeded.

    An API client passes: its token is its proof. A second factor takes this place later.
    """
    if actor.is_client:
        return
    minutes = rule("password.confirmation_minutes", at=at)
    if not is_confirmed(actor.confirmed_at, at=at, minutes=int(minutes.value)):
        raise PasswordNeeded(rule=minutes)


def _attempt(outcome: SignIn.Outcome, username: str, password: str, address: str, browser: str, at: datetime) -> int:
    limit, lock = rule("sign_in.failure_limit", at=at), rule("sign_in.lock_minutes", at=at)
    with transaction.atomic():
        # Guesses for one name queue, so that many at once are counted one by one.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign in {username}"])
        is_locked = _recent_failures(username, int(lock.value)) >= int(limit.value)
        found = None if is_locked else authenticate(username=username, password=password)
        user = found if isinstance(found, User) else None
        if is_locked:
            outcome = SignIn.Outcome.LOCKED
        elif user is None:
            outcome = SignIn.Outcome.FAILED
        _log(outcome, user or User.objects.filter(username=username).first(), username, address, browser, at)
    if is_locked:  # Raised after the commit: the log keeps the attempt.
        raise SignInLocked(rule=limit, failures=limit.value, minutes=lock.value)
    if user is None:
        raise WrongCredentials(field="password")
    return user.pk


def _recent_failures(username: str, minutes: int) -> int:
    """Return the failures for a user name within the minutes and since the last success."""
    attempts = SignIn.objects.filter(username=username[:60], recorded_at__gt=Now() - timedelta(minutes=minutes))
    succeeded = attempts.filter(outcome__in=[SignIn.Outcome.SUCCEEDED, SignIn.Outcome.CONFIRMED]).order_by("-pk")
    last = succeeded.values_list("pk", flat=True).first() or 0
    return attempts.filter(outcome=SignIn.Outcome.FAILED, pk__gt=last).count()


def _log(outcome: SignIn.Outcome, user: User | None, username: str, address: str, browser: str, at: datetime) -> None:
    SignIn.objects.create(
        user=user, username=username[:60], outcome=outcome, address=address[:45], browser=browser[:200], at=at
    )
