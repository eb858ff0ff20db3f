"""A period under verification: the numbered checks, the notice, findings in rounds, the verifier's report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts.queries import organisation
from accounts.rules import Role
from accounts.web.pages import FormPage, Page
from accounts.web.refusals import message_of
from registry import queries, services
from registry.models import CheckResult, Finding, MonitoringPeriod, VerificationRun
from registry.queries import credit_pages
from registry.rules.states import PeriodState, Verb
from registry.web.calculations import provisional_of, shown
from registry.web.credit_words import CAUSES, CHECKS, EVIDENCE, OUTCOMES, PERIOD_STATES, badge
from registry.web.files import UploadField
from registry.web.period_frame import OfPeriod, may
from rulebook.errors import NotThere, Refusal
from rulebook.queries import business_date


def _evidence(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(_(EVIDENCE.get(name, name)), _shown(name, value)) for name, value in found.items()]


def _shown(name: str, value: Any) -> str:
    if name in ("validator", "verifier"):
        return organisation(value).name if isinstance(value, int) else "—"
    if value == [] or value is None:
        return _("none")
    return shown(value)


def check_view(one: CheckResult) -> dict[str, Any]:
    """Return the answer of a check in words, with its evidence."""
    title, meaning = CHECKS.get(one.code, (one.title, ""))
    text, tone, icon = OUTCOMES[one.outcome]
    return {
        "code": one.code,
        "title": _(title),
        "meaning": _(meaning) if meaning else "",
        "outcome": _(text),
        "tone": tone,
        "icon": icon,
        "is_passed": one.outcome == "passed",
        "evidence": _evidence(one.evidence),
    }


class ChecksPage(OfPeriod, Page):
    """The numbered checks of the newest run, or of the run asked for; a run under way draws the page anew."""

    template_name = "registry/period_checks.html"
    tab = "checks"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        runs = list(credit_pages.runs_of(row))
        asked = self.request.GET.get("run", "")
        done = [one for one in runs if one.state == "done"]
        run = next((one for one in done if str(one.pk) == asked), None) if asked else (done[0] if done else None)
        if asked and run is None:
            raise NotThere
        checks = [check_view(one) for one in credit_pages.results_of(run)] if run else []
        return super().get_context_data(
            **kwargs,
            runs=[{"run": one, "cause": _(CAUSES.get(one.cause, one.cause))} for one in runs],
            run=run,
            run_waits=any(one.state == "queued" for one in runs),
            cause=_(CAUSES.get(run.cause, run.cause)) if run else "",
            checks=checks,
            counts=_counts(checks),
            provisional=provisional_of(row.record) if row.record else [],
        )


def _counts(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"text": _(text), "tone": tone, "count": sum(one["tone"] == tone for one in checks)}
        for text, tone, _icon in OUTCOMES.values()
    ]


class ChecksProgress(View):
    """Asked for while a run is under way; its end draws the page anew."""

    def get(self, request: HttpRequest, period_id: int) -> HttpResponseBase:
        row = queries.period(request.actor, period_id)  # type: ignore[attr-defined]
        run: VerificationRun | None = queries.latest_run(row)
        if run is None or run.state != "queued":
            return HttpResponse(headers={"HX-Refresh": "true"})
        return HttpResponse(status=204)


class ReviewForm(forms.Form):
    """Whether the report goes on public notice, or back."""

    verb = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=(
            ("publish", gettext_lazy("Put on public notice")),
            ("return", gettext_lazy("Return for correction")),
        ),
        widget=forms.RadioSelect,
    )
    opinion = forms.CharField(
        label=gettext_lazy("Opinion"), widget=forms.Textarea(attrs={"rows": 4}), required=False, max_length=2000
    )

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("verb") in ("return", "reject") and not typed.get("opinion", "").strip():
            self.add_error("opinion", _("A reason is needed."))
        return typed


class ReviewPage(OfPeriod, FormPage):
    """The regional bureau puts a report on public notice, or returns it with its reason."""

    template_name = "registry/period_decide.html"
    form_class = ReviewForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            title=_("Publish or return"),
            question=_("Carry out this decision?"),
            may_act=may(self.row, self.actor, Verb.PUBLISH),
            blocks=blocks_of(self.row),
            run_waits=is_checked_now(self.row),
            record=self.row.record,
        )

    def act(self, form: Any) -> str:
        if form.cleaned_data["verb"] == "publish":
            services.publish_period(actor=self.actor, period_id=self.row.pk, at=self.at)
            messages.success(self.request, _("The report is on public notice; the verifier has been told."))
        else:
            services.return_period(
                actor=self.actor, period_id=self.row.pk, opinion=form.cleaned_data["opinion"], at=self.at
            )
            messages.success(self.request, _("The report went back to the owner."))
        return reverse("registry-period", args=[self.row.pk])


def is_checked_now(row: MonitoringPeriod) -> bool:
    """Return whether the automatic verification of a period is under way."""
    run = queries.latest_run(row)
    return run is not None and run.state == "queued"


def blocks_of(row: MonitoringPeriod) -> list[dict[str, str]]:
    """Return the checks that failed in the newest run: each forbids publishing, signing and issuing."""
    run = queries.latest_run(row)
    if run is None:
        return []
    url = reverse("registry-period-checks", args=[row.pk])
    if run.state == "queued":
        return [{"text": _("The automatic verification is still running."), "url": url}]
    failed = [check_view(one) for one in credit_pages.results_of(run) if one.outcome == "failed"]
    return [{"text": f"{one['code']} {one['title']}", "url": url} for one in failed]


class CommentsPage(OfPeriod, Page):
    """What the public said during the notice, with the owner's answers."""

    template_name = "registry/period_comments.html"
    tab = "comments"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        return super().get_context_data(
            **kwargs,
            comments=credit_pages.comments_of(row),
            may_answer=may(row, self.actor, Verb.ANSWER),
            notice_runs=_notice_runs(row, business_date(self.at)),
        )


def _notice_runs(row: MonitoringPeriod, today: Any) -> bool:
    return (
        row.state == PeriodState.NOTICE
        and row.notice_until is not None
        and row.notice_from is not None
        and row.notice_from <= today <= row.notice_until
    )


class TextForm(forms.Form):
    """A text: a finding, an answer."""

    text = forms.CharField(
        label=gettext_lazy("Text"), widget=forms.Textarea(attrs={"rows": 4}), max_length=4000, min_length=2
    )


class AnswerComment(OfPeriod, FormPage):
    """The owner answers a comment."""

    template_name = "registry/period_answer.html"
    form_class = TextForm
    tab = "comments"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = credit_pages.comments_of(self.row).filter(pk=self.kwargs["comment_id"]).first()
        if asked is None:
            raise NotThere
        return super().get_context_data(
            **kwargs,
            title=_("Answer a public comment"),
            asked_by=asked.author,
            asked=asked.text,
            back=reverse("registry-period-comments", args=[self.row.pk]),
        )

    def act(self, form: Any) -> str:
        if not credit_pages.comments_of(self.row).filter(pk=self.kwargs["comment_id"]).exists():
            raise NotThere
        services.answer_comment(
            actor=self.actor, comment_id=self.kwargs["comment_id"], answer=form.cleaned_data["text"], at=self.at
        )
        messages.success(self.request, _("The answer has been published."))
        return reverse("registry-period-comments", args=[self.row.pk])


class CommentForm(forms.Form):
    """What anyone may say during a notice."""

    author = forms.CharField(label=gettext_lazy("Your name or organisation"), max_length=60)
    text = forms.CharField(
        label=gettext_lazy("Comment"), widget=forms.Textarea(attrs={"rows": 4}), max_length=4000, min_length=2
    )


class PublicPeriodPage(FormPage):
    """A report on public notice, for anyone: what it claims, what was said, and a place to comment."""

    template_name = "registry/period_public.html"
    form_class = CommentForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = credit_pages.public_period(self.kwargs["code"], self.kwargs["period_id"])
        return super().get_context_data(
            **kwargs,
            period=row,
            project=row.project,
            status=badge(PERIOD_STATES, row.state),
            owner=organisation(row.project.owner_id).name,
            verifier=organisation(row.verifier_id).name if row.verifier_id else "",
            record=row.record,
            report=credit_pages.verification_of(row),
            comments=credit_pages.comments_of(row),
            notice_runs=_notice_runs(row, business_date(self.at)),
        )

    def act(self, form: Any) -> str:
        row = credit_pages.public_period(self.kwargs["code"], self.kwargs["period_id"])
        services.comment(
            project_code=row.project.code,
            period_id=row.pk,
            author=form.cleaned_data["author"],
            text=form.cleaned_data["text"],
            at=self.at,
        )
        messages.success(self.request, _("Your comment has been published. The owner answers here."))
        return reverse("registry-public-period", args=[row.project.code, row.pk])


class FindingsPage(OfPeriod, FormPage):
    """Findings of the verifier: raised here, answered by the owner, closed by the verifier."""

    template_name = "registry/period_findings.html"
    form_class = TextForm
    tab = "findings"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        findings = list(credit_pages.findings_of(row))
        return super().get_context_data(
            **kwargs,
            findings=[{"row": one, "text": _finding_text(one), "status": _finding_status(one)} for one in findings],
            may_raise=may(row, self.actor, Verb.SIGN),
            may_answer=row.state == PeriodState.NOTICE
            and self.actor.has(Role.OWNER)
            and row.project.owner_id == self.actor.organisation_id,
        )

    def act(self, form: Any) -> str:
        services.raise_finding(actor=self.actor, period_id=self.row.pk, text=form.cleaned_data["text"], at=self.at)
        messages.success(self.request, _("The finding has been raised; the owner has been told."))
        return reverse("registry-period-findings", args=[self.row.pk])


def _finding_text(one: Finding) -> str:
    """Return what a finding says; one that a check drafted has the check's title, translated."""
    if not one.check_code:
        return one.text
    title, meaning = CHECKS.get(one.check_code, (one.text, ""))
    return _("The automatic verification asks: %(title)s. %(meaning)s") % {
        "title": _(title),
        "meaning": _(meaning) if meaning else "",
    }


def _finding_status(one: Finding) -> dict[str, str]:
    if one.closed_at is not None:
        return {"text": _("Closed"), "tone": "success"}
    if one.answer:
        return {"text": _("Answered, waits for the verifier"), "tone": "info"}
    return {"text": _("Waits for the owner's answer"), "tone": "warning"}


class AnswerFinding(OfPeriod, FormPage):
    """The owner answers a finding."""

    template_name = "registry/period_answer.html"
    form_class = TextForm
    tab = "findings"

    def _finding(self) -> Finding:
        found = credit_pages.findings_of(self.row).filter(pk=self.kwargs["finding_id"]).first()
        if found is None:
            raise NotThere
        return found

    def get_initial(self) -> dict[str, Any]:
        return {"text": self._finding().answer}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        finding = self._finding()
        return super().get_context_data(
            **kwargs,
            title=_("Answer finding %(number)s") % {"number": finding.number},
            asked_by=_("Verifier"),
            asked=_finding_text(finding),
            back=reverse("registry-period-findings", args=[self.row.pk]),
        )

    def act(self, form: Any) -> str:
        services.answer_finding(
            actor=self.actor, finding_id=self._finding().pk, answer=form.cleaned_data["text"], at=self.at
        )
        messages.success(self.request, _("The answer has been sent to the verifier."))
        return reverse("registry-period-findings", args=[self.row.pk])


class CloseFinding(View):
    """The verifier closes a finding."""

    def post(self, request: HttpRequest, period_id: int, finding_id: int) -> HttpResponseBase:
        row = queries.period(request.actor, period_id)  # type: ignore[attr-defined]
        if not credit_pages.findings_of(row).filter(pk=finding_id).exists():
            raise NotThere
        try:
            services.close_finding(
                actor=request.actor,  # type: ignore[attr-defined]
                finding_id=finding_id,
                at=request.at,  # type: ignore[attr-defined]
            )
        except NotThere:
            raise
        except Refusal as refusal:
            messages.error(request, message_of(refusal))
        return HttpResponseRedirect(reverse("registry-period-findings", args=[period_id]))


class ReportForm(ReviewForm):
    """The verifier's decision with the opinion and the signed report."""

    verb = forms.ChoiceField(
        label=gettext_lazy("Conclusion of the verification"),
        choices=(
            ("sign", gettext_lazy("Sign: the amount is confirmed")),
            ("return", gettext_lazy("Return for correction")),
            ("reject", gettext_lazy("Reject")),
        ),
        widget=forms.RadioSelect,
    )
    opinion = forms.CharField(label=gettext_lazy("Opinion"), widget=forms.Textarea(attrs={"rows": 5}), max_length=4000)
    report = UploadField(
        label=gettext_lazy("Verification report"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx"}),
        help_text=gettext_lazy("A PDF or Word file. It is published with the signature."),
    )


class VerificationPage(OfPeriod, FormPage):
    """The verifier signs, returns or rejects; the password is asked for first."""

    template_name = "registry/period_decide.html"
    form_class = ReportForm
    needs_password = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        open_findings = credit_pages.findings_of(row).filter(closed_at=None).count()
        open_comments = queries.open_comments(row.project, row)
        blocks = blocks_of(row)
        if _notice_runs(row, business_date(self.at)):
            text = _("The public notice lasts until %(day)s.") % {"day": row.notice_until}
            blocks.append({"text": text, "url": reverse("registry-period-comments", args=[row.pk])})
        if open_comments:
            text = _("%(count)s public comments wait for an answer.") % {"count": open_comments}
            blocks.append({"text": text, "url": reverse("registry-period-comments", args=[row.pk])})
        if open_findings:
            text = _("%(count)s findings are still open.") % {"count": open_findings}
            blocks.append({"text": text, "url": reverse("registry-period-findings", args=[row.pk])})
        return super().get_context_data(
            **kwargs,
            title=_("Verification report"),
            question=_("Carry out this decision? It cannot be undone."),
            may_act=may(row, self.actor, Verb.SIGN),
            blocks=blocks,
            run_waits=is_checked_now(row),
            record=row.record,
            report=credit_pages.verification_of(row),
            takes_file=True,
        )

    def act(self, form: Any) -> str:
        typed, row = form.cleaned_data, self.row
        if typed["verb"] == "sign":
            with transaction.atomic():  # A report whose signature is refused is not kept.
                services.sign_verification(
                    actor=self.actor,
                    period_id=row.pk,
                    opinion=typed["opinion"],
                    document_id=self.keep(typed["report"]) if typed["report"] else None,
                    at=self.at,
                )
            messages.success(self.request, _("The verification report has been signed."))
        elif typed["verb"] == "return":
            services.return_period(actor=self.actor, period_id=row.pk, opinion=typed["opinion"], at=self.at)
            messages.success(self.request, _("The report went back to the owner."))
        else:
            services.reject_period(actor=self.actor, period_id=row.pk, opinion=typed["opinion"], at=self.at)
            messages.success(self.request, _("The report has been rejected."))
        return reverse("registry-period", args=[row.pk])

    def keep(self, report: Any) -> int:
        """Store the report and return its id."""
        paper = services.add_document(
            actor=self.actor,
            project_id=self.row.project_id,
            kind="verification",
            name=report.name,
            content=report.read(),
            is_public=True,
            at=self.at,
        )
        return int(paper.pk)
