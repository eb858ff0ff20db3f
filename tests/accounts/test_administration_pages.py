"""The administrators' pages: each opens, and what they do goes through two persons."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ApiClient, Organisation, RoleGrant
from accounts.rules import Role
from tests.accounts.makers import a_person, signed_in_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(at):
    def sign_in(role: Role) -> Client:
        return signed_in_as(a_person(role, at=at))

    return sign_in


@pytest.mark.parametrize(
    ("role", "name"),
    [
        (role, name)
        for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
        for name in ("accounts-organisations", "accounts-people", "accounts-clients")
    ]
    + [
        (Role.AUDIT_ADMIN, "accounts-people"),
        (Role.SYSTEM_ADMIN, "accounts-organisation-new"),
        (Role.SYSTEM_ADMIN, "accounts-person-new"),
        (Role.SYSTEM_ADMIN, "accounts-client-new"),
    ],
)
def test_a_page_of_administration_opens(signed_in, role, name):
    answer = signed_in(role).get(reverse(name))
    assert answer.status_code == 200
    assert re.search("[\u4e00-\u9fff]", answer.content.decode())


@pytest.mark.parametrize("asked", ["q=%00", "kind=%00", "q=%22%25_%5C", "page=99999999999999999999"])
@pytest.mark.parametrize("name", ["accounts-organisations", "accounts-organisations-export", "accounts-people"])
def test_whatever_is_searched_for_the_list_answers(signed_in, name, asked):
    answer = signed_in(Role.SYSTEM_ADMIN).get(f"{reverse(name)}?{asked}")
    assert answer.status_code == 200
    answer.close()


def test_an_organisation_is_registered_and_its_wrong_code_stays_on_the_page(signed_in):
    client = signed_in(Role.SYSTEM_ADMIN)
    form = {"name": "新林场<b>", "kind": "state_farm", "uscc": "911500001", "division_code": "150430"}
    refused = client.post(reverse("accounts-organisation-new"), form)
    assert refused.status_code == 422
    assert "新林场&lt;b&gt;" in refused.content.decode()
    taken = client.post(reverse("accounts-organisation-new"), {**form, "uscc": "91350100M000100Y43"})
    assert taken.status_code == 302
    row = Organisation.objects.get(uscc="91350100M000100Y43")
    assert "新林场&lt;b&gt;" in client.get(reverse("accounts-organisation", args=[row.pk])).content.decode()


def test_a_role_is_proposed_on_the_persons_page_and_waits_for_a_second_administrator(signed_in, at):
    person = a_person(Role.FIRM_INITIATOR, at=at)
    proposer, approver = signed_in(Role.SYSTEM_ADMIN), signed_in(Role.SECURITY_ADMIN)
    address = reverse("accounts-person", args=[person.user_id])
    form = {"organisation": person.organisation_id, "role": "firm_confirmer", "held_until": ""}
    assert proposer.post(address, form).status_code == 302
    grant = RoleGrant.objects.get(user_id=person.user_id, role="firm_confirmer")
    assert grant.approved_at is None
    assert (
        reverse("accounts-grant-approve", args=[grant.pk]) in approver.get(reverse("accounts-people")).content.decode()
    )
    assert reverse("accounts-grant-approve", args=[grant.pk]) not in proposer.get(address).content.decode()


def test_a_client_is_made_shows_its_secret_once_and_waits_for_approval(signed_in, at):
    client = signed_in(Role.SYSTEM_ADMIN)
    organisation_id = a_person(Role.FIRM_INITIATOR, at=at).organisation_id
    form = {"organisation": organisation_id, "name": "对账程序", "scopes": ["orders:read"]}
    shown = client.post(reverse("accounts-client-new"), form)
    made = ApiClient.objects.get(name="对账程序")
    assert made.application.client_id in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    listed = client.get(reverse("accounts-clients")).content.decode()
    assert "对账程序" in listed
    assert "client_secret" not in listed
    assert made.approved_at is None
