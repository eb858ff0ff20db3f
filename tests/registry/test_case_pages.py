"""The pages of cases: who may open each, the whole way by forms, refusals that lose nothing, texts that stay texts."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from openpyxl import load_workbook

from accounts.models import User
from accounts.rules import Role
from accounts.web.middleware import CONFIRMED_KEY, ORGANISATION_KEY
from registry import queries, services
from registry.models import Document, Parcel, Project, PublicComment
from registry.rules.documents import LIMIT_BYTES, MIB
from registry.rules.states import ProjectState, Verb
from rulebook.queries import now
from rulebook.services import set_clock
from tests.accounts.makers import a_person
from tests.registry import makers
from tests.registry.makers import People

pytestmark = pytest.mark.django_db

CHECKS = ["owner", "tenure", "boundary", "land_history", "methodology", "documents"]
TAGS = '<script>alert("x")</script>'


@pytest.fixture
def people(at):
    set_clock(to=at)
    return People(at)


def browser(actor=None, *, confirmed_at=None):
    """Return a client in which the person is signed in for the organisation.

    confirmed_at: given, the password was entered just now: the pages' own clock has run on since the run began.
    """
    client = Client()
    if actor is not None:
        client.force_login(User.objects.get(pk=actor.user_id), "django.contrib.auth.backends.ModelBackend")
        session = client.session
        session[ORGANISATION_KEY] = actor.organisation_id
        if confirmed_at is not None:
            session[CONFIRMED_KEY] = now().isoformat()
        session.save()
    return client


def text(answer):
    return answer.content.decode()


def ticks(row, verb, *, failed="", reason="", opinion=""):
    """Return a review form as the page sends it."""
    form = {"version": row.version, "verb": verb, "opinion": opinion}
    for item in CHECKS:
        form[f"item_{item}"] = "returned" if item == failed else "passed"
        form[f"reason_{item}"] = reason if item == failed else ""
    return form


def a_file(*geometries, name="parcels.geojson"):
    return SimpleUploadedFile(name, makers.geojson(*geometries))


COMMON = {"land_category": "unused", "tenure": "contract", "tenure_number": "蒙(2020)敖汉旗不动产权第0001号"}
CROSSING = {
    "type": "Polygon",
    "coordinates": [[[119.9, 42.4], [119.91, 42.41], [119.91, 42.4], [119.9, 42.41], [119.9, 42.4]]],
}


class TestWhoOpensWhat:
    def pages(self, row):
        below = f"/projects/{row.pk}/"
        return {
            "/projects/",
            below,
            *(f"{below}?tab={tab}" for tab in ("facts", "land", "papers", "record", "periods", "nonsense")),
            f"{below}shapes/",
            f"{below}comments/",
        }

    @pytest.mark.parametrize(
        "make", [makers.a_draft, makers.a_submitted_project, makers.a_published_project, makers.a_registered_project]
    )
    def test_the_owner_and_the_region_open_every_page_of_a_case(self, people, at, make):
        row = make(people, at)
        for who in (people.owner, people.clerk, people.league, people.maker, people.checker, people.recorder):
            for address in self.pages(row):
                assert browser(who).get(address).status_code == 200, (who.roles, address)

    def test_the_applicants_pages(self, people, at):
        row = makers.a_draft(people, at)
        for part in ("edit", "parcels", "method", "documents", "submit", "withdraw"):
            address = f"/projects/{row.pk}/{part}/"
            assert browser(people.owner).get(address).status_code == 200, part
            assert browser(people.maker).get(address).status_code == 403, part
            assert browser(a_person(Role.OWNER, at=at)).get(address).status_code == 404, part
        assert browser(people.owner).get("/projects/new/").status_code == 200
        assert browser(people.clerk).get("/projects/new/").status_code == 200
        assert browser(people.validator).get("/projects/new/").status_code == 403

    def test_a_case_of_others_is_not_there(self, people, at):
        row = makers.a_draft(people, at)
        elsewhere = a_person(Role.OWNER, at=at)
        for who in (elsewhere, people.validator, people.verifier):
            assert browser(who).get(f"/projects/{row.pk}/").status_code == 404
            assert row.name not in text(browser(who).get("/projects/"))
        assert browser(a_person(Role.FIRM_INITIATOR, at=at)).get("/projects/").status_code == 403
        assert browser().get(f"/projects/{row.pk}/").status_code == 302

    def test_a_validator_finds_the_case_once_it_is_submitted(self, people, at):
        row = makers.a_submitted_project(people, at)
        assert row.name in text(browser(people.validator).get("/projects/"))

    def test_the_reviews_of_an_office(self, people, at):
        row = makers.a_submitted_project(people, at)
        assert row.name in text(browser(people.clerk).get("/reviews/"))
        assert row.name not in text(browser(people.league).get("/reviews/"))
        assert browser(people.owner).get("/reviews/").status_code == 403
        assert browser(people.clerk).get(f"/projects/{row.pk}/review/").status_code == 200
        other = a_person(Role.BANNER_CLERK, at=at)
        assert browser(other).get(f"/projects/{row.pk}/review/").status_code in (200, 404)

    def test_who_began_a_case_is_told_not_to_review_it(self, people, at):
        row = makers.a_submitted_project(people, at, by=people.clerk, owner_id=people.owner.organisation_id)
        page = browser(people.clerk).get(f"/projects/{row.pk}/review/")
        assert "不参与" in text(page) or "不得参与" in text(page)
        refused = browser(people.clerk).post(f"/projects/{row.pk}/review/", ticks(row, "pass"))
        assert refused.status_code == 422
        assert "未参与本案的同事" in text(refused)


class TestRegister:
    def test_it_shows_what_is_public_and_nothing_else(self, people, at):
        hidden = makers.a_submitted_project(people, at, name="尚未公示的项目")
        shown = makers.a_published_project(people, at, name="已经公示的项目")
        page = text(browser().get("/register/"))
        assert shown.name in page
        assert hidden.name not in page
        assert browser().get(f"/register/{shown.code}/").status_code == 200
        assert browser().get(f"/register/{shown.code}/shapes/").json()["features"]
        for unknown in (hidden.code, "NM-CS-999999", "%00", "x" * 300):
            assert browser().get(f"/register/{unknown}/").status_code == 404
            assert browser().get(f"/register/{unknown}/shapes/").status_code == 404

    def test_it_is_searched_by_name_state_methodology_and_league(self, people, at):
        row = makers.a_published_project(people, at)

        def found(**asked):
            return row.name in text(browser().get("/register/", asked))

        assert found(q=row.code[-3:], methodology="F1", state="notice_and_validation", division="150400")
        assert not found(methodology="G1")
        assert not found(state="registered")
        assert not found(division="150700")
        assert not found(q="nothing of that name")
        assert found(state="draft")  # No state of the register: as if it were not there.
        assert browser().get("/register/", {"q": "\0", "page": "9" * 400}).status_code == 200

    def test_the_export_has_every_row_and_no_formula(self, people, at):
        makers.a_published_project(people, at, name='=HYPERLINK("http://x")')
        for client, address in ((browser(), "/register/export/"), (browser(people.owner), "/projects/export/")):
            answer = client.get(address)
            rows = list(load_workbook(io.BytesIO(answer.getvalue())).active.iter_rows(values_only=True))
            assert len(rows) == 2
            assert rows[1][1] == '\'=HYPERLINK("http://x")'

    def test_the_outline_is_simplified(self, people, at):
        row = makers.a_published_project(people, at)
        exact = browser(people.owner).get(f"/projects/{row.pk}/shapes/").json()
        public = browser().get(f"/register/{row.code}/shapes/").json()
        assert exact["features"][0]["geometry"] != public["features"][0]["geometry"]


class TestTextsStayTexts:
    def test_tags_that_people_enter_are_shown_as_they_are(self, people, at):
        row = makers.a_published_project(people, at, name=f"项目{TAGS}", summary=TAGS)
        services.comment(project_code=row.code, author=TAGS, text=TAGS, at=at)
        pages = [browser().get("/register/"), browser().get(f"/register/{row.code}/")]
        pages += [browser(people.owner).get(address) for address in ("/projects/", f"/projects/{row.pk}/comments/")]
        pages += [
            browser(people.owner).get(f"/projects/{row.pk}/?tab={tab}") for tab in ("facts", "land", "papers", "record")
        ]
        for page in pages:
            assert page.status_code == 200
            assert TAGS not in text(page)
            assert "&lt;script&gt;" in text(page)

    def test_a_parcels_name_cannot_leave_the_preview(self, people, at):
        row = makers.a_draft(people, at, complete=False)
        content = makers.geojson(makers.a_square(), names=("</script><script>alert(1)</script>",))
        answer = browser(people.owner).post(
            f"/projects/{row.pk}/parcels/preview/",
            {"file": SimpleUploadedFile("a.geojson", content)},
            headers={"HX-Request": "true"},
        )
        assert answer.status_code == 200
        assert "<script>alert" not in text(answer)


class TestFillingIn:
    def test_a_draft_is_made_and_every_step_saved(self, people, at):
        client = browser(people.owner)
        typed = {"name": "大青山造林碳汇项目", "methodology": "F1", "division": "150430", "summary": "2022 年起造林"}
        answer = client.post("/projects/new/", {**typed, "do": "next"})
        row = Project.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, f"/projects/{row.pk}/parcels/")
        assert (row.name, row.owner_id, row.summary) == (typed["name"], people.owner.organisation_id, "2022 年起造林")

        saved = client.post(f"/projects/{row.pk}/edit/", {**typed, "name": "更名", "do": "save"})
        assert saved["Location"] == f"/projects/{row.pk}/edit/"
        assert makers.fresh(row).name == "更名"

        land = client.post(f"/projects/{row.pk}/parcels/", {"file": a_file(makers.a_square()), **COMMON})
        assert land.status_code == 302
        parcel = Parcel.objects.get()
        assert parcel.tenure_number == COMMON["tenure_number"]

        chosen = {"crediting_first": "2022-01-01", "crediting_last": "2041-12-31", "profile": "nm_regional"}
        chosen |= {"validator": people.validator.organisation_id, "include_litter": "on", "do": "next"}
        assert client.post(f"/projects/{row.pk}/method/", chosen)["Location"] == f"/projects/{row.pk}/documents/"
        row = makers.fresh(row)
        assert row.design == {"profile": "nm_regional", "include_dead_wood": False, "include_litter": True}
        assert row.validator_id == people.validator.organisation_id

        page = text(client.get(f"/projects/{row.pk}/submit/"))
        assert "尚缺" in page
        refused = client.post(f"/projects/{row.pk}/submit/")
        assert refused.status_code == 422
        assert "项目设计文件" in text(refused)
        for kind in ("design", "tenure"):
            paper = SimpleUploadedFile(f"{kind}.pdf", makers.a_paper())
            sent = {"kind": kind, "file": paper, "is_public": "on" if kind == "design" else ""}
            assert client.post(f"/projects/{row.pk}/documents/", sent).status_code == 302
        assert client.post(f"/projects/{row.pk}/submit/")["Location"] == f"/projects/{row.pk}/"
        assert makers.fresh(row).state == ProjectState.SUBMITTED

    def test_a_clerk_names_the_owner_in_the_own_area(self, people, at):
        client = browser(people.clerk)
        page = text(client.get("/projects/new/"))
        assert 'name="owner"' in page
        assert "150430" in page
        assert "150782" not in page
        sent = {"owner": people.owner.organisation_id, "name": "代办项目", "methodology": "G1", "division": "150430"}
        assert client.post("/projects/new/", sent).status_code == 302
        assert Project.objects.get().owner_id == people.owner.organisation_id

    def test_what_was_typed_stays_where_a_field_is_refused(self, people, at):
        row = makers.a_draft(people, at)
        client = browser(people.owner)
        typed = {"name": "", "methodology": "F1", "division": "150430", "summary": "一段不应丢失的简介"}
        for address in ("/projects/new/", f"/projects/{row.pk}/edit/"):
            answer = client.post(address, typed)
            assert answer.status_code == 422
            assert "一段不应丢失的简介" in text(answer)
            assert "id_name_error" in text(answer)
        dates = {"crediting_first": "2041-01-01", "crediting_last": "2022-01-01", "profile": "nm_regional"}
        answer = client.post(f"/projects/{row.pk}/method/", dates)
        assert answer.status_code == 422
        assert "2041-01-01" in text(answer)
        assert "结束日期须晚于开始日期" in text(answer)

    def test_a_refusal_of_the_service_stands_at_the_forms_field(self, people, at):
        client = browser(people.owner)
        typed = {"name": "界外" + "\u202e", "methodology": "F1", "division": "150430", "summary": "保留"}
        answer = client.post("/projects/new/", typed)
        assert answer.status_code == 422
        assert "id_name_error" in text(answer)
        assert "保留" in text(answer)

    def test_a_submitted_case_is_shown_and_not_edited(self, people, at):
        row = makers.a_submitted_project(people, at)
        client = browser(people.owner)
        page = text(client.get(f"/projects/{row.pk}/edit/"))
        assert "当前不能编辑" in page
        assert 'value="save"' not in page
        answer = client.post(f"/projects/{row.pk}/edit/", {"name": "改名", "division": "150430", "summary": "x"})
        assert answer.status_code == 422
        assert makers.fresh(row).name == row.name

    def test_it_is_withdrawn_with_its_reason_in_the_record(self, people, at):
        row = makers.a_draft(people, at)
        answer = browser(people.owner).post(f"/projects/{row.pk}/withdraw/", {"reason": "林权流转"})
        assert answer.status_code == 302
        assert makers.fresh(row).state == ProjectState.WITHDRAWN
        assert "林权流转" in text(browser(people.owner).get(f"/projects/{row.pk}/?tab=record"))


class TestLand:
    def preview(self, people, row, *geometries, **headers):
        return browser(people.owner).post(
            f"/projects/{row.pk}/parcels/preview/", {"file": a_file(*geometries), **COMMON}, headers=headers
        )

    def test_a_preview_shows_areas_and_stores_nothing(self, people, at):
        row = makers.a_draft(people, at, complete=False)
        part = text(self.preview(people, row, makers.a_square(), **{"HX-Request": "true"}))
        assert "<html" not in part
        assert " 公顷" in part
        assert " 亩" in part
        assert 'id="preview-shapes"' in part
        page = text(self.preview(people, row, makers.a_square()))
        assert "<html" in page
        assert COMMON["tenure_number"] in page
        assert not Parcel.objects.exists()
        assert not Document.objects.exists()

    def test_problems_are_named_with_their_place(self, people, at):
        row = makers.a_draft(people, at, complete=False)
        part = text(self.preview(people, row, makers.a_square(), CROSSING, **{"HX-Request": "true"}))
        assert "第 2 个地块" in part
        assert "自相交" in part
        assert "119.905" in part
        saved = browser(people.owner).post(
            f"/projects/{row.pk}/parcels/", {"file": a_file(makers.a_square(), CROSSING), **COMMON}
        )
        assert saved.status_code == 422
        assert "自相交" in text(saved)
        assert COMMON["tenure_number"] in text(saved)
        assert not Parcel.objects.exists()

    def test_an_overlap_names_the_project_and_the_area(self, people, at):
        place = makers.a_square()
        first = makers.a_draft(people, at, complete=False)
        makers.add_land(people.owner, first, at, place)
        for kind in ("design", "tenure"):
            services.add_document(
                actor=people.owner, project_id=first.pk, kind=kind, name="a.pdf", content=makers.a_paper(), at=at
            )
        services.submit_project(actor=people.owner, project_id=first.pk, at=at)
        second = makers.a_draft(people, at, complete=False)
        part = text(self.preview(people, second, place, **{"HX-Request": "true"}))
        assert first.code in part
        assert "overlap" in part
        saved = browser(people.owner).post(f"/projects/{second.pk}/parcels/", {"file": a_file(place), **COMMON})
        assert saved.status_code == 422
        assert first.code in text(saved)

    def test_without_a_file_it_says_so(self, people, at):
        row = makers.a_draft(people, at, complete=False)
        answer = browser(people.owner).post(f"/projects/{row.pk}/parcels/preview/", {}, headers={"HX-Request": "true"})
        assert "请先选择文件" in text(answer)

    def test_a_parcel_is_removed_from_the_own_draft_only(self, people, at):
        row = makers.a_draft(people, at)
        parcel = Parcel.objects.get(project=row)
        other = makers.a_draft(people, at)
        client = browser(people.owner)
        assert client.post(f"/projects/{other.pk}/parcels/{parcel.pk}/remove/").status_code == 404
        stranger = browser(a_person(Role.OWNER, at=at))
        assert stranger.post(f"/projects/{row.pk}/parcels/{parcel.pk}/remove/").status_code == 404
        assert client.post(f"/projects/{row.pk}/parcels/{parcel.pk}/remove/").status_code == 302
        assert not queries.parcels_of(row).exists()
        assert client.post(f"/projects/{row.pk}/parcels/{parcel.pk}/remove/").status_code == 404

    def test_a_reviewer_decides_on_a_border(self, people, at):
        row = makers.a_submitted_project(people, at)
        Parcel.objects.filter(project=row).update(is_outside_banner=True)
        parcel = Parcel.objects.get(project=row)
        client = browser(people.clerk)
        address = f"/projects/{row.pk}/parcels/{parcel.pk}/border/"
        assert address in text(client.get(f"/projects/{row.pk}/?tab=land"))
        assert client.get(address).status_code == 200
        assert client.post(address, {"reason": ""}).status_code == 422
        assert client.post(address, {"reason": "两旗界线以 2020 年勘界图为准"}).status_code == 302
        assert "勘界图" in text(client.get(f"/projects/{row.pk}/?tab=land"))
        assert client.post(address, {"reason": "再次"}).status_code == 422


class TestPapers:
    def test_a_paper_is_read_by_the_parties_and_a_public_one_by_anyone_from_the_notice_on(self, people, at):
        row = makers.a_draft(people, at, complete=False)
        client = browser(people.owner)
        for public in ("", "on"):
            paper = SimpleUploadedFile(f"设计{public}.pdf", makers.a_paper())
            sent = {"kind": "design", "file": paper, "is_public": public}
            assert client.post(f"/projects/{row.pk}/documents/", sent).status_code == 302
        private, open_one = Document.objects.order_by("pk")
        answer = client.get(f"/documents/{private.pk}/")
        assert answer.getvalue().startswith(b"%PDF")
        assert "attachment" in answer["Content-Disposition"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert browser().get(f"/documents/{private.pk}/").status_code == 404
        assert browser(a_person(Role.OWNER, at=at)).get(f"/documents/{private.pk}/").status_code == 404
        assert browser().get(f"/documents/{open_one.pk}/").status_code == 404
        published = makers.a_published_project(people, at)
        shown = Document.objects.get(project=published, is_public=True)
        public = browser().get(f"/documents/{shown.pk}/")
        assert (public.status_code, public.getvalue()[:4]) == (200, b"%PDF")

    def test_a_file_beyond_the_limit_is_refused_before_it_is_read(self, people, at):
        row = makers.a_draft(people, at, complete=False)
        large = SimpleUploadedFile("design.pdf", b"%PDF-" + bytes(LIMIT_BYTES + MIB))
        client = browser(people.owner)
        with patch.object(TemporaryUploadedFile, "read", property(lambda _file: pytest.fail("it was read"))):
            answer = client.post(f"/projects/{row.pk}/documents/", {"kind": "design", "file": large})
        assert answer.status_code == 422
        assert "21.0 MB &gt; 20 MB" in text(answer)
        assert not Document.objects.exists()

    def test_a_file_that_is_none_is_refused_at_the_field(self, people, at):
        row = makers.a_draft(people, at, complete=False)
        page = SimpleUploadedFile("design.pdf", b"<html><script>alert(1)</script></html>")
        answer = browser(people.owner).post(f"/projects/{row.pk}/documents/", {"kind": "design", "file": page})
        assert answer.status_code == 422
        assert "id_file_error" in text(answer)
        assert not Document.objects.exists()


class TestReview:
    def test_every_item_needs_an_answer_and_a_return_its_reasons(self, people, at):
        row = makers.a_submitted_project(people, at)
        client = browser(people.clerk)
        address = f"/projects/{row.pk}/review/"
        empty = client.post(address, {"version": row.version, "verb": "pass", "opinion": "写了很久的意见"})
        assert empty.status_code == 422
        assert "写了很久的意见" in text(empty)
        marked = client.post(address, ticks(row, "pass", failed="boundary", reason="界线不符"))
        assert marked.status_code == 422
        assert "界线不符" in text(marked)
        assert client.post(address, ticks(row, "return", failed="boundary")).status_code == 422
        assert makers.fresh(row).state == ProjectState.SUBMITTED
        assert makers.fresh(row).version == row.version

    def test_what_is_returned_is_shown_to_the_owner_at_its_place(self, people, at):
        row = makers.a_submitted_project(people, at)
        sent = ticks(row, "return", failed="boundary", reason="东侧界线与图不符", opinion="请修改")
        assert browser(people.clerk).post(f"/projects/{row.pk}/review/", sent)["Location"] == "/reviews/"
        client = browser(people.owner)
        assert "东侧界线与图不符" in text(client.get(f"/projects/{row.pk}/"))
        assert "东侧界线与图不符" in text(client.get(f"/projects/{row.pk}/parcels/"))
        assert "东侧界线与图不符" not in text(client.get(f"/projects/{row.pk}/documents/"))
        assert "东侧界线与图不符" in text(client.get(f"/projects/{row.pk}/?tab=record"))

    def test_three_levels_pass_it_by_their_pages(self, people, at):
        row = makers.a_submitted_project(people, at)
        for who in (people.clerk, people.league, people.maker):
            answer = browser(who).post(f"/projects/{row.pk}/review/", ticks(makers.fresh(row), "pass", opinion="同意"))
            assert answer.status_code == 302, text(answer)
        assert makers.fresh(row).state == ProjectState.ACCEPTED

    def test_what_changed_since_it_was_read_is_not_passed(self, people, at):
        row = makers.a_submitted_project(people, at)
        answer = browser(people.clerk).post(
            f"/projects/{row.pk}/review/", {**ticks(row, "pass", opinion="同意"), "version": row.version - 1}
        )
        assert answer.status_code == 422
        assert "重新查看" in text(answer)
        assert f'value="{row.version}"' in text(answer)

    def test_a_project_is_rejected_for_good(self, people, at):
        row = makers.a_submitted_project(people, at)
        address = f"/projects/{row.pk}/review/"
        assert "data-confirm" in text(browser(people.clerk).get(address))
        assert browser(people.clerk).post(address, ticks(row, "reject", opinion="")).status_code == 422
        assert browser(people.clerk).post(address, ticks(row, "reject", opinion="不符合条件")).status_code == 302
        assert makers.fresh(row).state == ProjectState.REJECTED


class TestNotice:
    def test_it_is_published_by_the_maker_alone(self, people, at):
        row = makers.an_accepted_project(people, at)
        address = f"/projects/{row.pk}/publish/"
        assert browser(people.checker).post(address).status_code == 403
        assert f'action="{address}"' in text(browser(people.maker).get(f"/projects/{row.pk}/"))
        assert browser(people.maker).post(address).status_code == 302
        assert makers.fresh(row).state == ProjectState.NOTICE
        assert browser(people.maker).post(address).status_code == 409

    def test_anyone_comments_and_the_owner_answers(self, people, at):
        row = makers.a_published_project(people, at)
        address = f"/register/{row.code}/"
        bad = browser().post(address, {"author": "", "text": "这块地有人放牧", "period": ""})
        assert bad.status_code == 422
        assert "这块地有人放牧" in text(bad)
        assert browser().post(address, {"author": "牧民", "text": "这块地有人放牧", "period": ""}).status_code == 302
        said = PublicComment.objects.get()
        assert "这块地有人放牧" in text(browser().get(address))

        own = f"/projects/{row.pk}/comments/"
        assert browser(people.maker).post(own, {"comment": said.pk, "answer": "x"}).status_code == 403
        empty = browser(people.owner).post(own, {"comment": said.pk, "answer": ""})
        assert empty.status_code == 422
        assert browser(people.owner).post(own, {"comment": said.pk, "answer": "已与牧户签订协议"}).status_code == 302
        assert "已与牧户签订协议" in text(browser().get(address))

    def test_after_the_notice_nobody_comments_any_more(self, people, at):
        row = makers.a_published_project(people, at)
        later = makers.after_notice(at)
        set_clock(to=later)
        address = f"/register/{row.code}/"
        assert 'name="author"' not in text(browser().get(address))
        assert browser().post(address, {"author": "牧民", "text": "迟到的意见", "period": ""}).status_code == 422
        assert not PublicComment.objects.exists()

    def test_a_comment_on_another_case_is_not_answered_here(self, people, at):
        row = makers.a_published_project(people, at)
        other = makers.a_published_project(people, at)
        said = services.comment(project_code=other.code, author="甲", text="乙", at=at)
        browser(people.owner).post(f"/projects/{row.pk}/comments/", {"comment": said.pk, "answer": "丙"})
        said.refresh_from_db()
        assert said.answer == ""


class TestValidationAndRegistration:
    def test_the_password_is_asked_for_before_the_page(self, people, at):
        row = makers.a_published_project(people, at)
        answer = browser(people.validator).get(f"/projects/{row.pk}/validation/")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/confirm/")

    def test_it_is_not_signed_during_the_notice_and_nothing_is_kept(self, people, at):
        row = makers.a_published_project(people, at)
        report = SimpleUploadedFile("审定报告.pdf", makers.a_paper())
        answer = browser(people.validator, confirmed_at=at).post(
            f"/projects/{row.pk}/validation/", {"opinion": "写好的结论", "report": report, "verb": "sign"}
        )
        assert answer.status_code == 422
        assert "写好的结论" in text(answer)
        assert not Document.objects.filter(kind="validation").exists()

    def test_from_the_notice_to_the_register_by_the_pages(self, people, at):
        row = makers.a_published_project(people, at)
        later = makers.after_notice(at)
        set_clock(to=later)
        report = SimpleUploadedFile("审定报告.pdf", makers.a_paper())
        signed = browser(people.validator, confirmed_at=later).post(
            f"/projects/{row.pk}/validation/", {"opinion": "审定通过", "report": report, "verb": "sign"}
        )
        assert signed.status_code == 302, text(signed)
        assert "审定报告.pdf" in text(browser().get(f"/register/{row.code}/"))

        address = f"/projects/{row.pk}/registration/"
        assert browser(people.checker).get(address).status_code == 200  # Nothing to decide yet.
        maker = browser(people.maker)
        assert 'value="propose"' in text(maker.get(address))
        sent = {"version": makers.fresh(row).version, "opinion": "建议登记", "verb": "propose"}
        assert maker.post(address, sent).status_code == 302

        asked = browser(people.checker).get(address)
        assert asked["Location"].startswith("/confirm/")
        checker = browser(people.checker, confirmed_at=later)
        page = text(checker.get(address))
        assert "建议登记" in page
        stale = checker.post(address, {"version": 1, "opinion": "同意登记", "verb": "approve"})
        assert stale.status_code == 422
        assert "同意登记" in text(stale)
        sent = {"version": makers.fresh(row).version, "opinion": "同意登记", "verb": "approve"}
        assert checker.post(address, sent).status_code == 302

        recorder = browser(people.recorder, confirmed_at=later)
        assert 'value="record"' in text(recorder.get(address))
        sent = {"version": makers.fresh(row).version, "opinion": "", "verb": "record"}
        assert recorder.post(address, sent).status_code == 302
        assert makers.fresh(row).state == ProjectState.REGISTERED
        assert f"/projects/{row.pk}/periods/new/" in text(browser(people.owner).get(f"/projects/{row.pk}/?tab=periods"))

    def test_only_a_validator_of_the_chosen_body_signs(self, people, at):
        row = makers.a_published_project(people, at)
        stranger = replace(a_person(Role.VALIDATOR, at=at))
        assert browser(stranger, confirmed_at=at).get(f"/projects/{row.pk}/validation/").status_code == 404
        assert browser(people.maker).get(f"/projects/{row.pk}/validation/").status_code == 403


class TestWhereItStands:
    def test_who_has_it_and_until_when(self, people, at):
        row = makers.a_submitted_project(people, at)
        page = text(browser(people.owner).get(f"/projects/{row.pk}/"))
        assert "敖汉旗" in page
        assert row.due_on.isoformat() in page
        set_clock(to=at + timedelta(days=60))
        assert "逾期" in text(browser(people.owner).get(f"/projects/{row.pk}/"))

    def test_a_provisional_date_is_marked(self, people, at):
        row = makers.a_submitted_project(people, at)
        assert "暂定" not in text(browser(people.owner).get(f"/projects/{row.pk}/"))
        Project.objects.filter(pk=row.pk).update(due_provisional=True)
        assert "暂定" in text(browser(people.owner).get(f"/projects/{row.pk}/"))

    def test_the_verbs_that_are_offered_are_those_that_are_open(self, people, at):
        row = makers.a_submitted_project(people, at)
        offered = {
            "owner": queries.verbs_of(people.owner, row, at),
            "clerk": queries.verbs_of(people.clerk, row, at),
            "league": queries.verbs_of(people.league, row, at),
        }
        assert offered["owner"] == {Verb.WITHDRAW}
        assert offered["clerk"] == {Verb.PASS, Verb.ACCEPT, Verb.RETURN, Verb.REJECT}
        assert offered["league"] == frozenset()

    def test_shapes_are_geojson(self, people, at):
        row = makers.a_draft(people, at)
        answer = browser(people.owner).get(f"/projects/{row.pk}/shapes/")
        assert answer["Content-Type"].startswith("application/geo+json")
        assert json.loads(answer.content)["features"][0]["properties"]["name"]
