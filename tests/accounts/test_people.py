"""Organisations, people and their roles: services against PostgreSQL, guards with their names."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import queries, services
from accounts.errors import (
    GrantNotThere,
    InvalidUscc,
    NotAMember,
    NotOwnRole,
    OrganisationKnown,
    RoleMissing,
    RoleNotForKind,
    RolesExclude,
    SamePerson,
    UserKnown,
    WeakPassword,
)
from accounts.models import AuditRecord, Organisation, RoleGrant, User
from accounts.rules import OrganisationKind, Role, with_check_digit
from rulebook.errors import Conflicting
from tests.accounts import makers
from tests.concurrency import started_and_waiting


@contextmanager
def refused_by(constraint):
    """Expect the database itself to refuse, naming the constraint."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        yield
    assert error.value.__cause__.diag.constraint_name == constraint


@pytest.mark.django_db
class TestOrganisations:
    def test_a_collective_with_an_n_code_is_registered(self, at):
        code = with_check_digit("N2150430MF0000001")

        organisation_id = services.register_organisation(
            name="乌兰嘎查股份经济合作社", kind=OrganisationKind.COLLECTIVE, uscc=f" {code.lower()} ", at=at
        )

        view = queries.organisation(organisation_id)
        assert (view.uscc, view.control_group, view.is_frozen) == (code, f"organisation:{organisation_id}", False)

    def test_a_mistyped_code_is_refused_and_nothing_is_stored(self, at):
        with pytest.raises(InvalidUscc):
            services.register_organisation(name="甲", kind=OrganisationKind.FIRM, uscc="91110000600037341M", at=at)

        assert not Organisation.objects.exists()
        assert not AuditRecord.objects.exists()

    def test_a_code_is_registered_once(self, at):
        values = {"kind": OrganisationKind.FIRM, "uscc": "91110000600037341L", "at": at}
        services.register_organisation(name="甲", **values)

        with pytest.raises(OrganisationKnown):
            services.register_organisation(name="乙", **values)

    def test_an_office_needs_an_area_whoever_writes(self, at):
        with refused_by("organisation_office_has_an_area"):
            Organisation.objects.create(
                name="局", sort_key="ju", kind="forestry_bureau", uscc="91110000600037341L", registered_at=at
            )

    def test_freezing_works_at_once_and_names_its_order(self, at):
        admins = makers.administrators(at)
        firm = makers.an_organisation(at=at)

        services.freeze_organisation(
            organisation_id=firm, order="（2026）内01执1号", actor=makers.the_actor(admins.security_id, at), at=at
        )

        assert queries.organisation(firm).is_frozen
        with refused_by("organisation_frozen_names_its_order"):
            Organisation.objects.filter(pk=firm).update(freeze_order="")


@pytest.mark.django_db
class TestPeople:
    def test_a_weak_password_and_a_taken_name_are_refused(self, at):
        makers.a_user(at=at, username="aili")

        with pytest.raises(UserKnown):
            makers.a_user(at=at, username="aili")
        with pytest.raises(WeakPassword):
            services.register_user(username="bao", display_name="包", password="123", at=at)
        assert not User.objects.filter(username="bao").exists()

    def test_nobody_becomes_a_superuser(self, at):
        user_id = makers.a_user(at=at)

        with refused_by("user_is_no_superuser"):
            User.objects.filter(pk=user_id).update(is_superuser=True)


@pytest.mark.django_db
class TestRoles:
    def test_a_role_counts_once_a_second_administrator_approves_it(self, at):
        admins = makers.administrators(at)
        bureau = makers.an_organisation(OrganisationKind.FORESTRY_BUREAU, at=at, division_code="150430")
        clerk = makers.a_user(bureau, at=at)
        system, security = (makers.the_actor(one, at) for one in (admins.system_id, admins.security_id))

        grant = services.propose_role(
            user_id=clerk, organisation_id=bureau, role=Role.BANNER_CLERK, actor=system, at=at
        )
        assert queries.actor_of(clerk, bureau, at).roles == frozenset()
        assert queries.users_with_role(Role.BANNER_CLERK) == []

        services.approve_role(grant_id=grant, actor=security, at=at)
        services.approve_role(grant_id=grant, actor=security, at=at)  # Twice: nothing more.

        actor = queries.actor_of(clerk, bureau, at)
        assert actor.roles == {Role.BANNER_CLERK}
        assert (actor.division_code, actor.is_staff, actor.is_staff_of_region) == ("150430", True, False)
        assert [person.id for person in queries.users_with_role(Role.BANNER_CLERK, division_code="150430")] == [clerk]
        assert AuditRecord.objects.filter(verb="approve_role", subject=f"user:{clerk}").count() == 1

    def test_a_role_ends_on_its_day(self, at):
        admins = makers.administrators(at)
        body = makers.an_organisation(OrganisationKind.AUDIT_BODY, at=at)
        auditor = makers.a_user(body, at=at)
        services.grant_role(
            user_id=auditor,
            organisation_id=body,
            role=Role.AUDITOR,
            granted_by_id=admins.system_id,
            approved_by_id=admins.security_id,
            held_until=at + timedelta(days=30),
            at=at,
        )

        before, on_the_day = (queries.actor_of(auditor, body, at + timedelta(days=days)) for days in (29, 30))

        assert before.has(Role.AUDITOR)
        assert not on_the_day.has(Role.AUDITOR)

    def test_the_proposer_does_not_approve_and_nobody_grants_to_themselves(self, at):
        admins = makers.administrators(at)
        firm = makers.an_organisation(at=at)
        person = makers.a_user(firm, at=at)
        security = makers.the_actor(admins.security_id, at)
        grant = services.propose_role(user_id=person, organisation_id=firm, role=Role.OWNER, actor=security, at=at)

        with pytest.raises(SamePerson):
            services.approve_role(grant_id=grant, actor=security, at=at)
        with pytest.raises(NotOwnRole):
            services.propose_role(
                user_id=security.user_id,
                organisation_id=admins.venue_id,
                role=Role.EXCHANGE_OPERATOR,
                actor=security,
                at=at,
            )
        with refused_by("role_grant_takes_two_persons"):
            RoleGrant.objects.filter(pk=grant).update(approved_by_id=security.user_id, approved_at=at)
        with refused_by("role_grant_is_not_to_oneself"):
            RoleGrant.objects.filter(pk=grant).update(approved_by_id=person, approved_at=at)

    def test_administrators_exclude_each_other_and_business_roles(self, at):
        admins = makers.administrators(at)
        values = {
            "organisation_id": admins.venue_id,
            "granted_by_id": admins.system_id,
            "approved_by_id": admins.security_id,
            "at": at,
        }

        with pytest.raises(RolesExclude):
            services.grant_role(user_id=admins.audit_id, role=Role.SYSTEM_ADMIN, **values)
        with pytest.raises(RolesExclude):
            services.grant_role(user_id=admins.audit_id, role=Role.EXCHANGE_OPERATOR, **values)

    def test_the_database_alone_keeps_administrators_apart(self, at):
        admins = makers.administrators(at)
        row = {
            "user_id": admins.audit_id,
            "organisation_id": admins.venue_id,
            "granted_by_id": admins.system_id,
            "granted_at": at,
        }

        with refused_by("role_grant_administrators_are_apart"):
            RoleGrant.objects.create(role="exchange_operator", held_from=at, **row)
        with refused_by("role_grant_administrators_are_apart"):
            RoleGrant.objects.create(role="system_admin", held_from=at + timedelta(days=400), **row)

    def test_a_role_of_another_kind_or_of_a_stranger_is_refused(self, at):
        system = makers.the_actor(makers.administrators(at).system_id, at)
        firm, other = makers.an_organisation(at=at), makers.an_organisation(at=at)
        person = makers.a_user(firm, at=at)

        with pytest.raises(RoleNotForKind):
            services.propose_role(user_id=person, organisation_id=firm, role=Role.VERIFIER, actor=system, at=at)
        with pytest.raises(NotAMember):
            services.propose_role(user_id=person, organisation_id=other, role=Role.OWNER, actor=system, at=at)
        someone = makers.a_person(Role.OWNER, at=at)
        with pytest.raises(RoleMissing):
            services.propose_role(user_id=person, organisation_id=firm, role=Role.OWNER, actor=someone, at=at)

    def test_a_refused_proposal_never_counts_and_a_revoked_role_ends_at_once(self, at):
        admins = makers.administrators(at)
        security, system = (makers.the_actor(one, at) for one in (admins.security_id, admins.system_id))
        owner = makers.a_person(Role.OWNER, at=at)
        proposed = services.propose_role(
            user_id=owner.user_id, organisation_id=owner.organisation_id, role=Role.FIRM_INITIATOR, actor=system, at=at
        )
        held = RoleGrant.objects.get(user_id=owner.user_id, role="owner").pk

        services.refuse_role(grant_id=proposed, actor=security, at=at)
        services.revoke_role(grant_id=held, actor=security, at=at + timedelta(hours=1))

        assert queries.actor_of(owner.user_id, owner.organisation_id, at + timedelta(hours=1)).roles == frozenset()
        with pytest.raises(Conflicting):
            services.approve_role(grant_id=proposed, actor=security, at=at)
        with pytest.raises(Conflicting):
            services.revoke_role(grant_id=held, actor=security, at=at + timedelta(hours=2))
        with pytest.raises(GrantNotThere):  # Somebody without the office does not even see it.
            services.approve_role(grant_id=proposed, actor=makers.a_person(Role.OWNER, at=at), at=at)

    def test_what_was_proposed_never_changes_whoever_writes(self, at):
        makers.a_person(Role.OWNER, at=at)
        grants = RoleGrant.objects.filter(role="owner")

        for change in ({"role": "firm_initiator"}, {"held_from": at - timedelta(days=1)}, {"approved_at": None}):
            with refused_by("role_grant_only_ends"):
                grants.update(**change) if "approved_at" not in change else grants.update(
                    approved_at=None, approved_by=None
                )
        with connection.cursor() as cursor, pytest.raises(Exception, match="permission denied"), transaction.atomic():
            cursor.execute("DELETE FROM accounts_rolegrant")

    def test_administrators_are_founded_once(self, at):
        admins = makers.administrators(at)

        with pytest.raises(Conflicting):
            services.found_administrators(
                organisation_id=admins.venue_id,
                system_admin_id=admins.system_id,
                security_admin_id=admins.security_id,
                audit_admin_id=admins.audit_id,
                at=at,
            )


def test_two_proposals_that_exclude_each_other_queue_and_the_second_is_refused(committed, at):
    admins = makers.administrators(at)
    person = makers.a_user(admins.venue_id, at=at)
    system = makers.the_actor(admins.system_id, at)
    values = {"user_id": person, "organisation_id": admins.venue_id, "actor": system, "at": at}

    with transaction.atomic():
        services.propose_role(role=Role.EXCHANGE_OPERATOR, **values)
        second = started_and_waiting(lambda: services.propose_role(role=Role.AUDIT_ADMIN, **values))
    second.join()

    assert isinstance(second.error, RolesExclude)
