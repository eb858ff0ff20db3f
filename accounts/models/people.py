"""People, organisations, and who belongs where."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.rules import Actor, OrganisationKind, Role


class UserQuerySet(models.QuerySet["User"]):
    """Reads of people."""

    def visible_to(self, actor: Actor) -> UserQuerySet:
        """Return the people this actor may list: administrators all, anyone else those of the own organisation."""
        if actor.has(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
            return self
        if actor.organisation_id is None:
            return self.none()
        return self.filter(memberships__organisation_id=actor.organisation_id, memberships__until=None).distinct()


class UserManager(BaseUserManager["User"]):
    """Finds people by user name; new ones come from `services.register_user` alone."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, actor: Actor) -> UserQuerySet:
        return self.get_queryset().visible_to(actor)


class User(AbstractBaseUser, PermissionsMixin):
    """A natural person who signs in. Nobody is a superuser: rights come from role grants and object permissions."""

    username = models.CharField(max_length=60, unique=True, validators=[UnicodeUsernameValidator()])
    display_name = models.CharField(max_length=60)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=10, default="zh-hans")
    is_active = models.BooleanField(default=True)
    registered_at = models.DateTimeField()  # Business time.
    recorded_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(is_superuser=False), name="user_is_no_superuser"),
            models.CheckConstraint(condition=~Q(display_name=""), name="user_has_a_display_name"),
        ]

    def __str__(self) -> str:
        return self.display_name


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Reads of organisations."""

    def visible_to(self, actor: Actor) -> OrganisationQuerySet:
        """Return the organisations this actor may read.

        Staff of the region and administrators: all. Staff of an office: their own and those of their area. Anyone
        else: their own, and those whose records they were given to read by an object permission with an end date.
        """
        if not actor.is_signed_in:
            return self.none()
        if actor.is_staff_of_region or actor.has(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
            return self
        own = Q(pk=actor.organisation_id) | Q(pk__in=actor.may_read)
        if actor.is_staff and actor.area_prefix:
            own |= Q(division_code__startswith=actor.area_prefix)
        return self.filter(own)


class Organisation(models.Model):
    """Who may own projects, trade, review or verify. An office is one with the division code of its area."""

    class State(models.TextChoices):
        ACTIVE = "active"
        FROZEN = "frozen"

    name = models.CharField(max_length=120)
    sort_key = models.CharField(max_length=400)  # The name in pinyin: this PostgreSQL has no Chinese collation.
    kind = models.CharField(max_length=30, choices=[(kind.value, kind.name) for kind in OrganisationKind])
    uscc = models.CharField(max_length=18, unique=True)
    control_group = models.CharField(max_length=60, blank=True)  # "": a group of its own.
    division_code = models.CharField(max_length=6, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    frozen_at = models.DateTimeField(null=True)
    freeze_order = models.CharField(max_length=120, blank=True)  # Number of the order the freeze rests on.
    registered_at = models.DateTimeField()  # Business time.
    recorded_at = models.DateTimeField(db_default=Now())

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        permissions = [("read_records", "May read the records of this organisation")]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="organisation_has_a_name"),
            models.CheckConstraint(
                condition=Q(uscc__regex=r"^(N[0-9]{7}|[0-9]{8})[0-9A-HJ-NPQRTUWXY]{10}$"),
                name="organisation_uscc_is_well_formed",
            ),
            models.CheckConstraint(
                condition=Q(division_code="") | Q(division_code__regex=r"^[0-9]{6}$"),
                name="organisation_division_has_six_digits",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["forestry_bureau", "ecology_department"]) | ~Q(division_code=""),
                name="organisation_office_has_an_area",
            ),
            models.CheckConstraint(
                condition=Q(state="active", frozen_at=None, freeze_order="")
                | Q(state="frozen", frozen_at__isnull=False) & ~Q(freeze_order=""),
                name="organisation_frozen_names_its_order",
            ),
        ]
        indexes = [models.Index(fields=["kind", "sort_key"], name="organisation_by_kind")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """That a person belongs to an organisation, from one day and until another."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"], condition=Q(until=None), name="membership_is_open_once"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=models.F("since")), name="membership_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organisation_id}"
