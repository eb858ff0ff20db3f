"""The pages of credits: open to their roles, closed to others; refusals shown where they belong; nothing runs away."""

import io
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from openpyxl import load_workbook

from accounts.models import User
from accounts.rules import Role
from accounts.web.middleware import CONFIRMED_KEY, ORGANISATION_KEY
from registry import queries, services
from registry.models import CalculationJob, Finding, Issuance, MonitoringPeriod, Retirement
from registry.queries import credit_pages
from registry.queries.credit_pages import values_of
from registry.rules.methodologies import shipped
from registry.web import calculations
from registry.web.calculations import shown
from registry.web.parameter_words import is_known
from tests.accounts.makers import a_person
from tests.registry import credit_makers as credits
from tests.registry.makers import People, a_paper, after_notice
from tests.settlement.makers import issue

BACKEND = "django.contrib.auth.backends.ModelBackend"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch, at):
    """Let every page of a test open at `at`, or at another instant that the test sets."""
    held = {"at": at}
    monkeypatch.setattr("accounts.web.middleware.now", lambda: held["at"])
    return held


@pytest.fixture
def people(at, clock):
    return People(at)


@pytest.fixture
def project(people, at):
    """A registered project without land or papers: enough for what is measured on it."""
    return credits.a_monitored_project(people, at, complete=False)


def browser(actor, clock, *, confirmed=True, language="en"):
    """Return a browser in which a person has signed in, and entered the password just now."""
    client = Client(headers={"Accept-Language": language})
    client.force_login(User.objects.get(pk=actor.user_id), backend=BACKEND)
    session = client.session
    session[ORGANISATION_KEY] = actor.organisation_id
    if confirmed:
        session[CONFIRMED_KEY] = clock["at"].isoformat()
    session.save()
    return client


def text_of(answer):
    """Return what an answer says, tags left out."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def page(name, *args):
    return reverse(f"registry-{name}", args=args)


class TestPeriod:
    def test_the_owner_opens_a_period_and_is_told_what_is_missing(self, people, project, clock):
        client = browser(people.owner, clock)

        answer = client.post(page("period-new", project.pk), {"first": "2022-03-01", "last": "2025-12-31"})
        row = MonitoringPeriod.objects.get()
        shown = text_of(client.get(page("period", row.pk)))

        assert answer["Location"] == page("period-upload", row.pk)
        assert "Still missing" in shown
        assert "Sample plots and trees · later inventory" in shown

    def test_days_outside_the_crediting_period_are_refused_and_stay_typed(self, people, project, clock):
        answer = browser(people.owner, clock).post(
            page("period-new", project.pk), {"first": "2019-01-01", "last": "2025-12-31"}
        )

        assert answer.status_code == 422
        assert "must lie within the crediting period" in text_of(answer)
        assert 'value="2019-01-01"' in answer.content.decode()
        assert not MonitoringPeriod.objects.exists()

    @pytest.mark.parametrize(
        "name",
        ["period", "period-upload", "period-calculation", "period-checks", "period-findings", "period-issuance"],
    )
    def test_a_period_is_there_for_its_readers_and_not_for_others(self, people, project, at, clock, name):
        row = credits.a_period(people, project, at)

        for reader in (people.owner, people.clerk, people.maker, people.recorder):
            assert browser(reader, clock).get(page(name, row.pk)).status_code == 200, reader.roles
        for stranger in (a_person(Role.OWNER, at=at), a_person(Role.FIRM_INITIATOR, at=at), people.verifier):
            assert browser(stranger, clock).get(page(name, row.pk)).status_code == 404, stranger.roles

    def test_pages_of_one_role_refuse_the_others(self, people, project, at, clock):
        row = credits.a_period(people, project, at)

        assert browser(people.maker, clock).get(page("period-submit", row.pk)).status_code == 403
        assert browser(people.owner, clock).get(page("period-review", row.pk)).status_code == 403
        assert browser(people.owner, clock).get(page("period-verification", row.pk)).status_code == 403
        assert browser(people.maker, clock).post(page("period-calculate", row.pk)).status_code == 403
        assert browser(people.maker, clock).get(page("parameter-confirm", "tree_bef")).status_code == 403


class TestData:
    def upload(self, people, clock, row, content, language="en"):
        file = io.BytesIO(content)
        file.name = "plots.xlsx"
        return browser(people.owner, clock, language=language).post(
            page("period-upload", row.pk), {"slot": "forest_plots:later", "file": file}
        )

    def test_a_workbook_is_read_and_shown_with_what_it_holds(self, people, project, at, clock):
        row = credits.a_period(people, project, at)
        content = credits.forest(20.0, grown=True, plots=3)

        answer = self.upload(people, clock, row, content)
        shown = text_of(browser(people.owner, clock).get(page("period-upload", row.pk)))

        assert answer.status_code == 302
        assert "plots.xlsx" in shown
        assert "plots 6, trees 120" in shown

    def test_every_problem_stands_in_the_table_with_its_cell(self, people, project, at, clock):
        row = credits.a_period(people, project, at)

        def spoil(book):
            book["每木"]["D4"] = "=1+1"
            book["每木"]["C6"] = "魔鬼树"

        content = credits.forest(20.0, grown=True, plots=3, change=spoil)
        answer = self.upload(people, clock, row, content, language="zh-hans")
        table = answer.content.decode().partition("data-problems")[2].partition("</table>")[0]

        assert answer.status_code == 422
        assert re.search(r"D4.*公式", table, re.DOTALL)
        assert re.search(r"C6.*魔鬼树", table, re.DOTALL)
        assert queries.latest_files(row) == []

    def test_a_template_is_an_empty_workbook(self, clock):
        answer = Client().get(page("upload-template", "forest_plots"))

        assert answer["Content-Type"] == XLSX
        assert "每木" in load_workbook(io.BytesIO(b"".join(answer.streaming_content))).sheetnames
        assert Client().get(page("upload-template", "none-such")).status_code == 404

    def test_totals_are_stored_and_a_wrong_one_stays_typed(self, people, project, at, clock):
        row = credits.a_period(people, project, at)
        client = browser(people.owner, clock)

        wrong = client.post(page("period-stated", row.pk), {"leakage_tco2e": "much"})
        right = client.post(page("period-stated", row.pk), {"leakage_tco2e": "1.5"})
        row.refresh_from_db()

        assert wrong.status_code == 200
        assert 'value="much"' in wrong.content.decode()
        assert right.status_code == 302
        assert row.stated == {"leakage_tco2e": 1.5}


class TestCalculation:
    @pytest.fixture
    def row(self, people, project, at):
        row = credits.a_period(people, project, at)
        for date_of, grown in (("earlier", False), ("later", True)):
            services.upload_observations(
                actor=people.owner,
                period_id=row.pk,
                kind="forest_plots",
                date_of=date_of,
                name="plots.xlsx",
                content=credits.forest(20.0, grown=grown, plots=4),
                at=at,
            )
        return row

    def test_from_the_progress_to_the_sheet(self, people, row, at, clock):
        client = browser(people.owner, clock)

        asked = client.post(page("period-calculate", row.pk))
        CalculationJob.objects.update(done=3, total=18)
        running = client.get(page("period-progress", row.pk))
        services.run_calculation(job_id=CalculationJob.objects.get().pk, at=at)
        done = client.get(page("period-progress", row.pk))

        assert asked["Location"] == page("period-calculation", row.pk)
        assert 'max="18" value="3"' in running.content.decode()
        assert "every 2s" in running.content.decode()
        assert done["HX-Refresh"] == "true"

        row = credits.fresh(row)
        answer = client.get(page("period-calculation", row.pk) + "?open=all")
        shown = text_of(answer)

        assert f"{row.record.credits:,} tCO₂e" in shown
        assert "Net removal of the period F1.expost" in shown
        assert "delta_C_TREE" in shown
        assert "F1 §3" in shown
        assert "P1 §3.2" in shown
        assert row.record.sha256 in shown
        assert row.record.code_version in shown
        assert "Profiles of schemes 1.0.0" in shown
        # Values that nobody has confirmed are named, each set with the page where they are confirmed.
        assert "data-provisional" in answer.content.decode()
        assert page("parameter-set", "tree_allometry") in answer.content.decode()

        answer = client.get(page("period-calculation-export", row.pk))
        sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        lines = list(sheet.iter_rows(min_row=2, values_only=True))

        assert sum(line[3] == "step" for line in lines) == sum(len(one["answer"]["trace"]) for one in row.record.parts)
        assert all(cell.data_type != "f" for cells in sheet.iter_rows() for cell in cells)

    def test_a_refusal_of_the_methodology_is_told_in_words(self, people, project, at, clock):
        row = credits.a_period(people, project, at)
        job = services.request_calculation(actor=people.owner, period_id=row.pk, at=at)
        services.run_calculation(job_id=job.pk, at=at)
        shown = text_of(browser(people.owner, clock).get(page("period-calculation", row.pk)))

        assert "The methodology refuses the inputs" in shown
        assert "Sample plots and trees is missing" in shown

    def test_figures_are_shown_as_people_read_them(self):
        assert calculations.shown(2548.98669) == "2,548.9867"
        assert calculations.shown(0.046641822253) == "0.04664182"
        assert calculations.shown(12) == "12"
        for language, table, pairs in (
            ("en", "a: 0.0078; Form of the equation: power", "(1, 2), (3, 4)"),
            ("zh-hans", "a：0.0078；方程形式：power", "（1、2）、（3、4）"),
        ):
            with override(language):
                assert calculations.shown({"a": 0.0078, "form": "power"}) == table
                assert calculations.shown([[1, 2], [3, 4]]) == pairs


class Story:
    """A report on its way through the pages; each step is what one person sees and does."""

    def __init__(self, people, clock, row):
        self.people, self.clock, self.row = people, clock, row
        self.public = page("public-period", row.project.code, row.pk)

    def browser(self, name):
        return browser(getattr(self.people, name), self.clock)

    def state(self):
        return credits.fresh(self.row).state

    def is_handed_in(self):
        client, address = self.browser("owner"), page("period-submit", self.row.pk)
        verifier_id, validator_id = self.people.verifier.organisation_id, self.row.validator_id

        form = client.get(address).content.decode()
        refused = client.post(address, {"verifier": validator_id})
        taken = client.post(address, {"verifier": verifier_id})

        assert f'value="{verifier_id}"' in form
        assert f'value="{validator_id}"' not in form
        assert refused.status_code == 200
        assert taken["Location"] == page("period-checks", self.row.pk)

    def is_checked(self):
        client, progress = self.browser("owner"), page("period-checks-progress", self.row.pk)

        assert progress in client.get(page("period-checks", self.row.pk)).content.decode()
        assert client.get(progress).status_code == 204
        credits.run_checks(self.row, self.clock["at"])
        assert client.get(progress)["HX-Refresh"] == "true"

        shown = text_of(client.get(page("period-checks", self.row.pk)))
        assert all(f"V{number:02d}" in shown for number in range(1, 13))
        assert "Recalculated credits" in shown
        assert f"{self.row.record.credits:,}" in shown

    def is_published(self):
        client, address = self.browser("maker"), page("period-review", self.row.pk)

        assert Client().get(self.public).status_code == 404  # Before the notice it is nobody's business.
        unreasoned = client.post(address, {"verb": "return", "opinion": ""})
        client.post(address, {"verb": "publish"})

        assert "A reason is needed" in text_of(unreasoned)
        assert self.state() == "notice_and_verification"

    def is_commented_on(self):
        said = Client().post(self.public, {"author": "牧民", "text": "样地在哪里？"})
        comment = credit_pages.comments_of(self.row).get()
        address = page("period-comment-answer", self.row.pk, comment.pk)
        stranger = browser(a_person(Role.OWNER, at=self.clock["at"]), self.clock).post(address, {"text": "不是我的"})
        answered = self.browser("owner").post(address, {"text": "见附图。"})

        assert said.status_code == answered.status_code == 302
        assert stranger.status_code == 404
        assert "见附图。" in text_of(Client().get(self.public))

    def has_findings(self):
        verifier, owner, address = self.browser("verifier"), self.browser("owner"), page("period-findings", self.row.pk)

        verifier.post(address, {"text": "请说明坡度改正。"})
        finding = Finding.objects.get(text="请说明坡度改正。")
        early = verifier.post(page("finding-close", self.row.pk, finding.pk), follow=True)
        owner.post(page("finding-answer", self.row.pk, finding.pk), {"text": "已按水平面积计。"})
        assert "has not been answered yet" in text_of(early)
        for one in Finding.objects.filter(closed_at=None):
            verifier.post(page("finding-close", self.row.pk, one.pk))

        assert not Finding.objects.filter(closed_at=None).exists()

    def is_signed(self):
        address = page("period-verification", self.row.pk)
        typed = {"verb": "sign", "opinion": "核查通过，建议签发。"}
        unconfirmed = browser(self.people.verifier, self.clock, confirmed=False).get(address)
        shown = text_of(self.browser("verifier").get(address))
        refused = self.browser("verifier").post(address, typed)
        self.clock["at"] = after_notice(self.clock["at"])
        report = io.BytesIO(a_paper())
        report.name = "核查报告.pdf"
        signed = self.browser("verifier").post(address, {**typed, "report": report})
        credits.run_checks(self.row, self.clock["at"])

        assert reverse("confirm") in unconfirmed["Location"]
        assert "The public notice lasts until" in shown
        assert refused.status_code == 422
        assert "核查通过，建议签发。" in refused.content.decode()
        assert signed.status_code == 302
        assert self.state() == "issuance_review"
        assert "核查报告.pdf" in text_of(self.browser("owner").get(page("period", self.row.pk)))

    def is_issued(self):
        address = page("period-issuance", self.row.pk)
        before = text_of(self.browser("maker").get(address))
        proposed = self.browser("maker").post(address)
        found = Issuance.objects.get(period=self.row)
        decision = page("issuance-decision", found.pk)

        assert f"{self.row.record.credits:,}" in before
        assert proposed["Location"] == page("issuance", found.pk)
        assert Client().get(page("issuance", found.pk)).status_code == 404
        assert self.browser("maker").get(decision).status_code == 403

        stale = self.browser("checker").post(decision, {"verb": "issue", "digest": "0" * 64})
        issued = self.browser("checker").post(decision, {"verb": "issue", "digest": found.digest})
        recorded = self.browser("recorder").post(page("issuance-record", found.pk))

        assert stale.status_code == 422
        assert issued.status_code == recorded.status_code == 302
        shown = text_of(Client().get(page("issuance", found.pk)))
        assert "NM-CS-150430-F-" in shown
        assert "2022" in shown
        assert self.row.project.code in text_of(Client().get(page("batches")))


def test_a_report_goes_from_its_owner_to_the_records(people, at, clock, settings):
    settings.DEMO = True  # Values may be confirmed for a demonstration.
    row = credits.a_sound_period(people, credits.a_monitored_project(people, at), at)
    story = Story(people, clock, row)

    story.is_handed_in()
    story.is_checked()
    story.is_published()
    story.is_commented_on()
    story.has_findings()
    story.is_signed()
    story.is_issued()


def test_batches_are_found_and_exported_without_formulas(at, clock):
    owner = a_person(Role.OWNER, at=at)
    issue(owner.organisation_id, 500, at, project_name="=HYPERLINK(1)")
    issue(owner.organisation_id, 300, at, project_code="NM-CS-000777", project_serial="000777", vintage_year=2023)

    shown = text_of(Client().get(page("batches") + "?vintage=2023"))
    answer = Client().get(page("batches-export"))
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active

    assert "NM-CS-000777" in shown
    assert "NM-CS-000123" not in shown
    assert sheet["A3"].value == "'=HYPERLINK(1)"
    assert [sheet["G2"].value, sheet["G3"].value] == [300, 500]


class TestParameters:
    def test_the_sets_are_public_and_say_what_is_provisional(self, clock):
        client = Client(headers={"Accept-Language": "en"})

        assert "Biomass factors by species" in text_of(client.get(page("parameters")))
        shown = client.get(page("parameter-set", "tree_bef") + "?for=species.LARIX.cf")
        assert "species.LARIX" in text_of(shown)
        assert "is-asked" in shown.content.decode()
        assert client.get(page("parameter-set", "none-such")).status_code == 404

    def test_a_named_person_confirms_on_evidence(self, people, clock, settings):
        settings.DEMO = True
        client = browser(people.checker, clock)
        address = page("parameter-confirm", "tree_bef")
        paper = io.BytesIO(a_paper())
        paper.name = "演示用途.pdf"

        nothing = client.post(address, {"basis": "demonstration"})
        done = client.post(address, {"keys": ["species.LARIX"], "basis": "demonstration", "evidence": paper})
        shown = text_of(client.get(page("parameter-set", "tree_bef")))

        assert nothing.status_code == 200
        assert done.status_code == 302
        assert "1.0.1" in shown
        assert people.checker.display_name in shown
        assert "演示用途.pdf" in shown

    def test_outside_the_demonstration_there_is_no_such_basis(self, people, clock, settings):
        settings.DEMO = False
        shown = browser(people.checker, clock).get(page("parameter-confirm", "tree_bef")).content.decode()

        assert 'value="confirmed"' in shown
        assert 'value="demonstration"' not in shown


class TestRetirement:
    @pytest.fixture
    def owner(self, people):
        return people.owner

    @pytest.fixture
    def asset(self, owner, at):
        return issue(owner.organisation_id, 5_000, at).asset_id

    def typed(self, **changes):
        return {
            "tonnes": "12",
            "beneficiary": "青山会展服务有限公司",
            "purpose": "event",
            "key": "k1",
            "note": "",
            **changes,
        }

    def test_the_holdings_lead_to_it(self, owner, asset, clock):
        shown = browser(owner, clock).get(reverse("settlement-holdings")).content.decode()

        assert f"{page('retirement-new')}?asset={asset}" in shown

    def test_three_steps_then_the_certificate(self, owner, asset, clock):
        client = browser(owner, clock)
        address = f"{page('retirement-new')}?asset={asset}"

        choose = text_of(client.get(page("retirement-new")))
        check = client.post(address, self.typed())
        nothing_yet = Retirement.objects.exists()
        done = client.post(address, self.typed(confirmed="1"))
        row = Retirement.objects.get()
        again_done = client.post(address, self.typed(confirmed="1"))
        public = Client(headers={"Accept-Language": "en"}).get(page("certificate", row.number))
        pdf = Client().get(page("certificate-pdf", row.number))

        assert "Choose the credits" in choose
        assert "12 tonnes of CO₂ equivalent" in text_of(check)
        assert not nothing_yet
        assert done["Location"] == again_done["Location"] == page("retirement", row.pk)
        assert Retirement.objects.count() == 1
        assert "青山会展服务有限公司" in text_of(public)
        assert row.serials[0]["text"] in text_of(public)
        assert pdf.content.startswith(b"%PDF-")
        assert f'filename="{row.number}.pdf"' in pdf["Content-Disposition"]

    def test_the_password_is_asked_for_before_anything_is_typed(self, owner, asset, clock):
        answer = browser(owner, clock, confirmed=False).get(f"{page('retirement-new')}?asset={asset}")

        assert reverse("confirm") in answer["Location"]

    def test_more_than_there_is_stays_typed_at_its_field(self, owner, asset, clock):
        answer = browser(owner, clock).post(f"{page('retirement-new')}?asset={asset}", self.typed(tonnes="5001"))

        assert answer.status_code == 422
        assert "5001 t are needed" in text_of(answer)
        assert 'value="5001"' in answer.content.decode()

    def test_above_the_limit_a_second_person_confirms(self, owner, asset, at, clock):
        second = a_person(Role.FIRM_CONFIRMER, at=at, organisation_id=owner.organisation_id)
        client = browser(owner, clock)
        client.post(f"{page('retirement-new')}?asset={asset}", self.typed(tonnes="1000", confirmed="1"))
        row = Retirement.objects.get()

        assert row.state == "requested"
        assert "Confirm the retirement" not in text_of(client.get(page("retirement", row.pk)))
        assert client.get(page("certificate", row.number)).status_code == 404
        shown = text_of(browser(second, clock).get(page("retirement", row.pk)))
        browser(second, clock).post(page("retirement-confirm", row.pk))
        row.refresh_from_db()

        assert "Confirm the retirement" in shown
        assert row.state == "retired"

    def test_another_organisation_sees_nothing_of_it(self, owner, asset, at, clock):
        browser(owner, clock).post(f"{page('retirement-new')}?asset={asset}", self.typed(confirmed="1"))
        row = Retirement.objects.get()
        stranger = browser(a_person(Role.FIRM_INITIATOR, at=at), clock)

        assert stranger.get(page("retirement", row.pk)).status_code == 404
        assert row.number not in text_of(stranger.get(page("retirements")))

    def test_a_typed_key_is_no_key_of_another_way_to_retire(self, owner, asset, clock):
        typed = self.typed(confirmed="1", key="offset:1:1")
        browser(owner, clock).post(f"{page('retirement-new')}?asset={asset}", typed)

        assert Retirement.objects.get().key == f"{owner.organisation_id}:page:offset:1:1"

    def test_a_persons_name_is_not_public(self, owner, asset, clock):
        typed = self.typed(beneficiary="王小明", beneficiary_is_person="on", confirmed="1")
        browser(owner, clock).post(f"{page('retirement-new')}?asset={asset}", typed)
        row = Retirement.objects.get()

        shown = text_of(Client().get(page("certificate", row.number)))
        assert "王**" in shown
        assert "王小明" not in shown
        assert Client().get(page("certificate-pdf", row.number)).status_code == 404
        assert browser(owner, clock).get(page("certificate-pdf", row.number)).status_code == 200

    def test_the_exported_list_holds_no_formula(self, owner, asset, clock):
        client = browser(owner, clock)
        client.post(f"{page('retirement-new')}?asset={asset}", self.typed(beneficiary="=1+1", confirmed="1"))
        answer = client.get(page("retirements-export"))
        sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active

        assert sheet["F2"].value == "'=1+1"


class TestCertificate:
    def test_an_unknown_number_is_said_clearly(self, clock):
        answer = Client(headers={"Accept-Language": "en"}).get(page("certificate-check") + "?number=NMZX-2026-999999")

        assert answer.status_code == 404
        assert "There is no certificate with the number NMZX-2026-999999" in text_of(answer)
        assert Client().get(page("certificate", "NMZX-2026-999999")).status_code == 404

    def test_the_check_leads_to_the_page_whatever_the_case_of_letters(self, people, at, clock):
        asset = issue(people.owner.organisation_id, 50, at).asset_id
        row = services.request_retirement(
            actor=people.owner, asset_id=asset, tonnes=5, beneficiary="甲", purpose="voluntary", key="x", at=at
        )

        answer = Client().get(page("certificate-check"), {"number": f" {row.number.lower()} "})
        searched = Client().get(reverse("search"), {"q": row.number})

        assert answer["Location"] == page("certificate", row.number)
        assert searched["Location"].startswith(page("certificate-check"))

    def test_a_project_code_leads_to_its_page(self, people, project, clock):
        inside = browser(people.owner, clock).get(reverse("search"), {"q": project.code.lower()})
        outside = Client().get(reverse("search"), {"q": project.code})

        assert inside["Location"] == page("project", project.pk)
        assert outside["Location"] == page("public-project", project.code)


def test_the_worth_of_credits_is_a_fragment_for_anyone(clock):
    answer = Client(headers={"Accept-Language": "en"}).get(reverse("registry-worth") + "?tonnes=100&type=F")

    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()


def test_every_key_and_value_of_a_parameter_set_has_words():
    for set_id, version in shipped().versions.items():
        for one in values_of(shipped().get(set_id)):
            assert is_known(one.key), (set_id, version, one.key)
            said = shown(one.value)
            assert not re.search(r"(?<![a-z])[a-z]+_[a-z_]+:", said), (one.key, said)
