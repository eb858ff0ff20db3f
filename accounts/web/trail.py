"""The audit trail: search, before and after, export."""

import json
from datetime import datetime, time
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import queries
from accounts.queries import TrailFilter
from accounts.web.export import workbook_response
from accounts.web.pages import Page
from accounts.web.trail_words import Values, act_name, code_of, field_name, subject_name
from rulebook.rules import BEIJING

ROWS_A_PAGE = 50


class TrailForm(forms.Form):
    """What to look for."""

    subject = forms.CharField(label=_("Subject"), max_length=120, required=False)
    verb = forms.CharField(label=_("Act"), max_length=60, required=False)
    person = forms.CharField(label=_("Person"), max_length=60, required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Up to the day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def wanted(self) -> TrailFilter:
        """Return the filter; what is not valid is left out, the form says so."""
        self.full_clean()
        found = self.cleaned_data
        since, until = found.get("since"), found.get("until")
        return TrailFilter(
            subject=found.get("subject", "").strip(),
            verb=code_of(found.get("verb", "").strip()),
            person=found.get("person", "").strip(),
            since=datetime.combine(since, time.min, BEIJING) if since else None,
            until=datetime.combine(until, time.max, BEIJING) if until else None,
        )


class TrailPage(Page):
    """The records an audit administrator or an auditor reads, newest first."""

    template_name = "accounts/trail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = TrailForm(self.request.GET)
        records = Paginator(queries.audit_records(self.actor, form.wanted()), ROWS_A_PAGE)
        page = records.get_page(self.request.GET.get("page"))
        values = Values()
        return super().get_context_data(
            **kwargs,
            form=form,
            page=page,
            records=[_in_words(record, values) for record in page.object_list],
            query=self.request.GET.urlencode(),
        )


def _in_words(record: Any, values: Values) -> dict[str, Any]:
    """Return a record as the page shows it: codes in words, only the fields that differ."""
    return {
        "row": record,
        "act": act_name(record.verb),
        "subject": subject_name(record.subject),
        "changes": [
            (field_name(field), values.text(field, before), values.text(field, after))
            for field, before, after in changes(record.before, record.after)
        ],
    }


def export(request: HttpRequest) -> HttpResponseBase:
    """Answer every record found as an Excel file."""
    records = queries.audit_records(request.actor, TrailForm(request.GET).wanted())  # type: ignore[attr-defined]
    header = [
        gettext("Number"),
        gettext("Business time"),
        gettext("Recorded"),
        gettext("Person"),
        gettext("Organisation"),
        gettext("Act"),
        gettext("Subject"),
        gettext("Before"),
        gettext("After"),
    ]
    rows = (
        (
            record.pk,
            record.at,
            record.recorded_at,
            record.actor_name,
            record.organisation.name if record.organisation else "",
            act_name(record.verb),
            record.subject,
            _as_json(record.before),
            _as_json(record.after),
        )
        for record in records.iterator(chunk_size=2000)
    )
    return workbook_response(gettext("Audit trail"), header, rows)


def changes(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[tuple[str, Any, Any]]:
    """Return the fields that differ as (field, before, after), by name; None where a side has no such field."""
    left, right = before or {}, after or {}
    fields = sorted(set(left) | set(right))
    return [(field, left.get(field), right.get(field)) for field in fields if left.get(field) != right.get(field)]


def _as_json(state: dict[str, Any] | None) -> str:
    return "" if state is None else json.dumps(state, ensure_ascii=False, sort_keys=True)
