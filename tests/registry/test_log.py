"""Every official decision of the registry leaves a leaf in the transparency log, and no opinion or name stands in it."""

import hashlib
import json
from datetime import date

import pytest

from accounts.rules import Role
from registry import services
from registry.models import BorderDecision, IssuedVintage, ParameterVersion, ReviewStep, Validation, Verification
from settlement.models import LogLeaf
from tests.accounts.makers import a_person
from tests.registry.credit_makers import People, a_monitored_project, a_sound_period, issued
from tests.registry.makers import People as Validators
from tests.registry.makers import a_registered_project
from tests.settlement.makers import issue

pytestmark = pytest.mark.django_db


def said(subject):
    return json.loads(LogLeaf.objects.get(subject=subject).text)


def test_from_the_first_review_to_the_issuance_everything_decided_has_its_leaf(at):
    people = People(at)
    project = a_monitored_project(people, at)
    issuance, _ = issued(people, a_sound_period(people, project, at), at)
    counted = {
        "review_step": ReviewStep,
        "validation": Validation,
        "verification": Verification,
        "border_decision": BorderDecision,
        "parameter_version": ParameterVersion,
        "issued_vintage": IssuedVintage,
    }

    for name, model in counted.items():
        subjects = {f"{name}:{number}" for number in model.objects.values_list("pk", flat=True)}
        assert subjects or model in (BorderDecision, Validation)
        assert set(LogLeaf.objects.filter(subject__startswith=f"{name}:").values_list("subject", flat=True)) == subjects
    leaf = said(f"issuance:{issuance.pk}")["said"]
    assert (leaf["verified_tonnes"], leaf["maker"], leaf["checker"]) == (
        issuance.verified_tonnes,
        issuance.maker_id,
        issuance.checker_id,
    )
    step = ReviewStep.objects.exclude(opinion="").first()
    leaf = said(f"review_step:{step.pk}")
    salted = hashlib.sha256((leaf["salt"] + step.opinion).encode()).hexdigest()
    assert leaf["digests"]["opinion"] == salted
    assert step.opinion not in LogLeaf.objects.get(subject=f"review_step:{step.pk}").text


def test_a_signed_validation_has_its_leaf(at):
    project = a_registered_project(Validators(at), at)
    signed = Validation.objects.get(project=project)
    assert said(f"validation:{signed.pk}")["said"]["signed_by"] == signed.signed_by_id


def test_a_retirement_has_one_leaf_without_its_beneficiary(at):
    person = a_person(Role.FIRM_INITIATOR, at=at, confirmed=True)
    batch = issue(person.organisation_id, 50, at)
    row = services.request_retirement(
        actor=person,
        asset_id=batch.asset_id,
        tonnes=10,
        beneficiary="草原那达慕组委会",
        purpose="event",
        period_first=date(2026, 7, 18),
        period_last=date(2026, 7, 22),
        key="k",
        at=at,
    )
    row.refresh_from_db()
    row.save(update_fields=["note"])  # A later change of what may change leaves no second one.

    leaf = said(f"retirement:{row.number}")
    assert (leaf["said"]["tonnes"], leaf["said"]["entry"]) == (10, row.entry_id)
    assert "草原那达慕组委会" not in LogLeaf.objects.get(subject=f"retirement:{row.number}").text
