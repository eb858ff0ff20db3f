"""The audit trail is only added to; access to other organisations' records ends; exports hold no formulas."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts import queries, services
from accounts.errors import NotOwnRole, SamePerson
from accounts.models import AuditRecord, Organisation
from accounts.queries import TrailFilter
from accounts.rules import Role
from accounts.web.export import safe_cell, workbook_response
from accounts.web.trail import changes
from tests.accounts import makers


def recorded(at, subject="project:12", actor=None, **given):
    values = {"verb": "rename", "before": {"name": "甲"}, "after": {"name": "乙"}, **given}
    return services.record_audit(actor=actor, subject=subject, at=at, **values)


@pytest.mark.django_db
class TestTrail:
    def test_the_app_may_neither_change_nor_remove_records(self, at):
        recorded(at)

        for statement in (
            "UPDATE accounts_auditrecord SET verb = 'x'",
            "DELETE FROM accounts_auditrecord",
            "TRUNCATE accounts_auditrecord",
            "DELETE FROM accounts_signin",
            "UPDATE accounts_idempotencyrecord SET body = ''",
        ):
            with connection.cursor() as cursor, pytest.raises(ProgrammingError), transaction.atomic():
                cursor.execute(statement)

    def test_a_subject_is_found_with_its_before_and_after_and_no_other(self, at):
        auditor = makers.a_person(Role.AUDITOR, at=at)
        wanted = recorded(at)
        recorded(at, subject="project:123")

        found = list(queries.audit_records(auditor, TrailFilter(subject="project:12")))

        assert [record.pk for record in found] == [wanted]
        assert changes(found[0].before, found[0].after) == [("name", "甲", "乙")]
        assert queries.audit_records(auditor, TrailFilter(subject="project")).count() == 2
        assert not queries.audit_records(auditor, TrailFilter(since=at + timedelta(seconds=1))).exists()

    def test_a_person_reads_own_acts_only(self, at):
        owner, other = makers.a_person(Role.OWNER, at=at), makers.a_person(Role.OWNER, at=at)
        mine = recorded(at, actor=owner)
        recorded(at, actor=other)

        assert [record.pk for record in AuditRecord.objects.visible_to(owner)] == [mine]

    def test_recorded_time_is_the_databases(self, at):
        record = AuditRecord.objects.get(pk=recorded(at))

        assert record.at == at
        assert abs(record.recorded_at - datetime.now(UTC)) < timedelta(minutes=1)

    def test_the_page_and_its_export_are_for_auditors(self, at):
        admins = makers.administrators(at)
        recorded(at, before={"name": "=1+1"}, subject="project:99")
        client = Client()
        client.post(
            reverse("sign-in"),
            {"username": makers.User.objects.get(pk=admins.audit_id).username, "password": makers.PASSWORD},
        )

        page = client.get(reverse("accounts-trail"), {"subject": "project:99"})
        file = client.get(reverse("accounts-trail-export"), {"subject": "project:99"})

        assert page.status_code == 200
        assert "项目 99" in page.content.decode()
        sheet = load_workbook(BytesIO(b"".join(file.streaming_content))).active
        assert [row[6].value for row in sheet.iter_rows(min_row=2)] == ["project:99"]
        file.close()


def test_the_owner_is_refused_too(committed, as_owner, at):
    recorded(at)

    for statement in (
        "UPDATE accounts_auditrecord SET verb = 'x'",
        "DELETE FROM accounts_auditrecord",
        "TRUNCATE accounts_auditrecord",
    ):
        with pytest.raises(Exception, match="rows are only ever added"):
            as_owner.execute(statement)


@pytest.mark.django_db
class TestAccess:
    def given(self, at, user_id, organisation_id, days=30):
        admins = makers.administrators(at)
        return services.give_access(
            user_id=user_id,
            organisation_id=organisation_id,
            reason="年度审计",
            held_until=at + timedelta(days=days),
            granted_by_id=admins.system_id,
            actor=makers.the_actor(admins.security_id, at),
            at=at,
        )

    def test_it_opens_one_organisation_until_its_end(self, at):
        reader, own, other = (makers.a_person(Role.OWNER, at=at) for _ in range(3))
        self.given(at, reader.user_id, own.organisation_id)

        now, later = (queries.actor_of(reader.user_id, reader.organisation_id, at + timedelta(days=d)) for d in (1, 30))

        assert now.may_read == {own.organisation_id}
        assert set(Organisation.objects.visible_to(now).values_list("pk", flat=True)) == {
            reader.organisation_id,
            own.organisation_id,
        }
        assert later.may_read == frozenset()
        assert other.organisation_id not in now.may_read

    def test_the_right_itself_is_guardians_and_without_it_the_grant_is_nothing(self, at):
        reader, own = makers.a_person(Role.OWNER, at=at), makers.a_person(Role.OWNER, at=at)
        self.given(at, reader.user_id, own.organisation_id)
        user, organisation = (
            makers.User.objects.get(pk=reader.user_id),
            Organisation.objects.get(pk=own.organisation_id),
        )
        assert user.has_perm("accounts.read_records", organisation)

        user.userobjectpermission_set.all().delete()

        assert queries.actor_of(reader.user_id, reader.organisation_id, at).may_read == frozenset()

    def test_the_sweep_takes_it_back_once_and_leaves_what_lasts(self, at):
        reader, first, second = (makers.a_person(Role.OWNER, at=at) for _ in range(3))
        self.given(at, reader.user_id, first.organisation_id, days=1)
        self.given(at, reader.user_id, second.organisation_id, days=1)
        self.given(at, reader.user_id, second.organisation_id, days=9)
        later = at + timedelta(days=2)

        assert services.end_due_access(at=later) == 1
        assert services.end_due_access(at=later) == 0

        user = makers.User.objects.get(pk=reader.user_id)
        assert not user.has_perm("accounts.read_records", Organisation.objects.get(pk=first.organisation_id))
        assert queries.actor_of(reader.user_id, reader.organisation_id, later).may_read == {second.organisation_id}

    def test_two_persons_give_it_and_not_to_themselves(self, at):
        admins = makers.administrators(at)
        firm = makers.an_organisation(at=at)
        values = {"organisation_id": firm, "reason": "审计", "held_until": at + timedelta(days=1), "at": at}
        security = makers.the_actor(admins.security_id, at)
        person = makers.a_user(firm, at=at)

        with pytest.raises(SamePerson):
            services.give_access(user_id=person, granted_by_id=admins.security_id, actor=security, **values)
        with pytest.raises(NotOwnRole):
            services.give_access(user_id=admins.system_id, granted_by_id=admins.system_id, actor=security, **values)


class TestExport:
    @pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", " =", "\n="])
    def test_what_could_act_as_a_formula_is_escaped(self, sign):
        assert safe_cell(f"{sign}1+1").startswith("'")

    def test_numbers_stay_numbers_and_times_are_beijing_text(self, at):
        assert safe_cell(-5) == -5
        assert safe_cell(at) == "2026-03-02 10:00:00"
        assert safe_cell(None) is None
        assert safe_cell("a\x00b") == "a\N{REPLACEMENT CHARACTER}b"

    @pytest.mark.django_db  # Closing an answer looks after the connections.
    def test_the_file_opens_with_its_texts_as_texts(self):
        answer = workbook_response("表", ["名称", "数"], [("=HYPERLINK(1)", -5), ("甲", 7)])

        sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active

        assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
            ["名称", "数"],
            ["'=HYPERLINK(1)", -5],
            ["甲", 7],
        ]
        assert sheet["A2"].data_type == "s"
        answer.close()


@pytest.mark.django_db
def test_the_page_shows_words_and_no_codes(at):
    auditor, who = makers.a_person(Role.AUDITOR, at=at), makers.a_person(Role.BANNER_CLERK, at=at)
    before = {"state": "draft", "is_public": False, "role": "banner_clerk", "approved_by_id": None, "strange": "x"}
    after = {"state": "accepted", "is_public": True, "role": "owner", "approved_by_id": who.user_id, "strange": "y"}
    recorded(at, verb="submit_project", before=before, after=after)
    recorded(at, verb="halt", subject="instrument:F-1", before=None, after={"total_fen": 123456, "owner_id": 999999})
    visitor = makers.signed_in_as(auditor)

    page = " ".join(visitor.get("/audit/trail/").content.decode().split())

    for words in ("项目：提交", "草稿 → 已受理", "否 → 是", "旗县林草局经办 → 项目业主", who.display_name, "¥1,234.56"):
        assert words in page
    for code in ("submit_project", "banner_clerk", "True", "is_public"):
        assert f">{code}<" not in page
    assert "strange" in page  # What has no name stays as it was written.
    found = visitor.get("/audit/trail/", {"verb": "项目：提交"}).content.decode()
    assert "草稿" in found
    assert "¥1,234.56" not in found
