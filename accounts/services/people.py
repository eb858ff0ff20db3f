"""People: registered, made members, their language."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.errors import InvalidField, OrganisationNotThere, UserKnown, UserNotThere, WeakPassword
from accounts.models import Membership, Organisation, User
from accounts.rules import Actor
from accounts.services.trail import record_audit


@transaction.atomic
def register_user(
    *,
    username: str,
    display_name: str,
    password: str,
    organisation_id: int | None = None,
    email: str = "",
    phone: str = "",
    actor: Actor | None = None,
    at: datetime,
) -> int:
    """Register a person, a member of the organisation if one is named, and return the id.

    Raises UserKnown, WeakPassword, InvalidField, OrganisationNotThere.
    """
    user = User(username=username, display_name=display_name, email=email, phone=phone, registered_at=at)
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        field, problems = next(iter(error.message_dict.items()))
        raise InvalidField(field=field, reason=problems[0]) from error
    if User.objects.filter(username=username).exists():
        raise UserKnown(field="username")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(field="password", reason=" ".join(error.messages)) from error
    user.set_password(password)
    user.save(force_insert=True)
    record_audit(
        actor=actor,
        verb="register_user",
        subject=f"user:{user.pk}",
        before=None,
        after={"username": username, "display_name": display_name},
        at=at,
    )
    if organisation_id is not None:
        add_member(user_id=user.pk, organisation_id=organisation_id, actor=actor, at=at)
    return user.pk


@transaction.atomic
def add_member(*, user_id: int, organisation_id: int, actor: Actor | None = None, at: datetime) -> None:
    """Make a person a member of an organisation; a member already stays one. Raises when either is not there."""
    if not User.objects.filter(pk=user_id).exists():
        raise UserNotThere
    if not Organisation.objects.filter(pk=organisation_id).exists():
        raise OrganisationNotThere
    _, is_new = Membership.objects.get_or_create(
        user_id=user_id, organisation_id=organisation_id, until=None, defaults={"since": at}
    )
    if is_new:
        record_audit(
            actor=actor,
            verb="add_member",
            subject=f"user:{user_id}",
            before=None,
            after={"organisation_id": organisation_id},
            at=at,
        )


def set_language(*, user_id: int, language: str) -> None:
    """Remember a person's language for the next sign-in."""
    User.objects.filter(pk=user_id).update(language=language)
