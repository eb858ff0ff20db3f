"""The calculation of a period as a readable sheet: operations, inputs, steps, values and their sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views import View

from accounts.queries import user_name
from accounts.templatetags.shown import bracketed, colon
from accounts.web.export import workbook_response
from accounts.web.pages import Page
from registry import queries
from registry.models import CalculationJob, CalculationRecord
from registry.queries import credit_pages
from registry.rules.issuance import buffer_of
from registry.rules.states import Verb
from registry.web.credit_words import (
    CHOICES,
    METHODOLOGY_NAMES,
    METHODOLOGY_TYPE,
    OPERATIONS,
    SETS,
    STATUSES,
    WARNINGS,
    badge,
    figure,
    method_problem,
    slot_name,
    unit_name,
)
from registry.web.parameter_words import KEYS, VALUES, is_known, key_name
from registry.web.period_frame import OfPeriod, may, missing_of
from rulebook.errors import NotThere
from rulebook.queries import rule

PARTS_A_PAGE = 12
SYMBOL = 2  # Up to so many letters may be the symbol of a quantity or the name of a stratum.
SHORT = 160  # Characters of a value that stand in a line; longer ones are cut, the workbook has them whole.


def shown(value: Any) -> str:
    """Return a figure as people read it: seven significant digits, lists and tables in one line."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        text = f"{value:,.4f}" if 1 <= abs(value) < 1e12 else f"{value:.7g}"
        return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    if isinstance(value, Mapping):
        said = _("%(name)s: %(value)s")
        return _("; ").join(
            said % {"name": figure(name)[0], "value": bracketed(shown(one)).strip() if _is_table(one) else shown(one)}
            for name, one in value.items()
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _(", ").join(
            bracketed(shown(one)).strip() if isinstance(one, Mapping | list) else shown(one) for one in value
        )
    return word(str(value))


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value)


def word(value: str) -> str:
    """Return a value that is a word in the reader's language; any other text stays as it is."""
    known = CHOICES.get(value) or VALUES.get(value) or (KEYS.get(value) if len(value) > SYMBOL else None)
    return _(known) if known else value


def cut(text: str) -> str:
    """Return a text that fits into a cell of the page."""
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"


def equation(source: str) -> str:
    """Return where a figure comes from, "F1 3" as F1 §3."""
    name, _space, section = source.partition(" ")
    return f"{name} §{section}" if section else source


def _figures(found: Mapping[str, Any]) -> list[dict[str, str]]:
    rows = []
    for name, value in found.items():
        label, unit = figure(name)
        rows.append({"name": name, "label": label, "value": cut(shown(value)), "unit": unit})
    return rows


def _step(line: Mapping[str, Any]) -> dict[str, Any]:
    source = line["source"]
    step = {
        "number": line["step"],
        "symbol": line["symbol"],
        "value": cut(shown(line["value"])),
        "unit": unit_name(line["unit"]),
        "equation": "",
        "parameter": None,
    }
    if isinstance(source, Mapping):
        key = str(source["key"])
        step["parameter"] = {
            **source,
            **badge(STATUSES, str(source["status"])),
            "name": _(SETS.get(source["set_id"], str(source["set_id"]))),
            "key_name": key_name(key),
            "is_known": is_known(key),
        }
    else:
        step["equation"] = equation(str(source))
    return step


def part_view(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return one operation of a calculation for the sheet."""
    answer = part["answer"]
    return {
        "operation": part["operation"],
        "name": _(OPERATIONS.get(part["operation"], part["operation"])),
        "subject": part["subject"],
        "inputs": _figures(part["inputs"]),
        "outputs": _figures(answer.get("outputs", {})),
        "warnings": [_(WARNINGS.get(one, one)) for one in answer.get("warnings", ())],
        "steps": [_step(line) for line in answer.get("trace", ())],
    }


def provisional_of(record: CalculationRecord) -> list[dict[str, Any]]:
    """Return the provisional values of a calculation by set, each with the page where they are confirmed."""
    by_set: dict[tuple[str, str], list[str]] = {}
    for set_id, version, key in record.provisional:
        by_set.setdefault((set_id, version), []).append(key)
    return [
        {
            "set_id": set_id,
            "name": _(SETS.get(set_id, set_id)),
            "version": version,
            "keys": keys,
            "names": [key_name(key) for key in keys],
            "url": f"{reverse('registry-parameter-set', args=[set_id])}?for={','.join(keys)[:1500]}",
        }
        for (set_id, version), keys in by_set.items()
    ]


def job_problem(job: CalculationJob | None) -> list[str]:
    """Return why a calculation failed, a line a field."""
    if job is None or job.state != "failed":
        return []
    problem = job.problem or {}
    found = problem.get("found", {})
    operation = str(found.get("operation", ""))
    name, _space, subject = operation.partition(" ")
    place = f"{_(OPERATIONS.get(name, name))} {subject}".strip()
    lines = [
        f"{colon(place)}{method_problem(str(one.get('code', '')), str(one.get('field', '')))}"
        for one in found.get("details", ())
    ]
    return lines or [_problem_text(problem)]


def _problem_text(problem: Mapping[str, Any]) -> str:
    text = _(str(problem.get("message") or "The methodology refuses the inputs: {problems}."))
    found = {name: shown(value) for name, value in problem.get("found", {}).items()}
    try:
        return text.format(**found)
    except (KeyError, IndexError, ValueError):
        return text


def worth_context(record: CalculationRecord, at: Any) -> dict[str, Any]:
    """Return the tonnes that would reach the owner after the buffer, for the figure of what they are worth."""
    project = record.period.project
    percent = int(rule("buffer.flat_percent", at=at, scheme=project.scheme).value)
    buffer_tonnes = buffer_of(record.credits, record.net_tco2e, record.stock_part_tco2e, percent)
    return {
        "buffer_percent": percent,
        "buffer_tonnes": buffer_tonnes,
        "own_tonnes": record.credits - buffer_tonnes,
        "credit_type": METHODOLOGY_TYPE[record.methodology],
    }


class CalculationPage(OfPeriod, Page):
    """How far the calculation is, then the sheet of its result; the newest operations of the period come first."""

    template_name = "registry/period_calculation.html"
    tab = "calculation"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        asked = self.request.GET.get("record", "")
        record = credit_pages.record_of(row, int(asked) if asked.isdecimal() and len(asked) < 12 else None)
        if asked and record is None:
            raise NotThere
        job = queries.latest_job(row)
        context: dict[str, Any] = {
            "job": job,
            "job_runs": job is not None and job.state == "queued",
            "problems": job_problem(job),
            "missing": [] if record else missing_of(row),
            "may_calculate": may(row, self.actor, Verb.CALCULATE),
            "record": record,
            "records": credit_pages.records_of(row),
        }
        if record is not None:
            context |= self._sheet(record)
        return super().get_context_data(**{**context, **kwargs})

    def _sheet(self, record: CalculationRecord) -> dict[str, Any]:
        parts = list(reversed(record.parts))  # The operation of the whole period is calculated last.
        page = Paginator(parts, PARTS_A_PAGE).get_page(self.request.GET.get("page"))
        asked_for = f"record={record.pk}"
        open_all = self.request.GET.get("open") == "all"
        return {
            **worth_context(record, self.at),
            "methodology": _(METHODOLOGY_NAMES[record.methodology]),
            "net_text": shown(record.net_tco2e),
            "uncertainty_percent": None if record.uncertainty is None else f"{100 * record.uncertainty:.2f}",
            "files": [{**one, "name": slot_name(one["kind"], one["date_of"])} for one in record.files if "kind" in one],
            "stated": _figures(record.stated),
            "versions": [
                {"set_id": set_id, "name": _(SETS.get(set_id, set_id)), "version": version}
                for set_id, version in sorted(record.parameter_versions.items())
            ],
            "provisional": provisional_of(record),
            "page": page,
            "query": f"{asked_for}&amp;open=all" if open_all else asked_for,
            "parts": [
                {**part_view(part), "is_open": open_all or (page.number == 1 and number == 0)}
                for number, part in enumerate(page)
            ],
            "open_all": open_all,
            "calculated_by": user_name(getattr(queries.latest_job(self.row), "requested_by_id", None)),
        }


class CalculationProgress(View):
    """The bar of a running calculation, asked for every two seconds; once it has ended the page is drawn anew."""

    def get(self, request: HttpRequest, period_id: int) -> HttpResponseBase:
        row = queries.period(request.actor, period_id)  # type: ignore[attr-defined]
        job = queries.latest_job(row)
        if job is None or job.state != "queued":
            return HttpResponse(headers={"HX-Refresh": "true"})
        return HttpResponse(progress_bar(job, reverse("registry-period-progress", args=[row.pk])))


def progress_bar(job: CalculationJob, url: str) -> str:
    """Return the fragment of a running calculation."""
    words = _("Calculating: %(done)s of %(total)s") % {"done": job.done, "total": job.total}
    waits = _("Waiting for its turn")
    return format_html(
        '<div id="progress" role="status" hx-get="{}" hx-trigger="every 2s" hx-swap="outerHTML">'
        '<progress class="upload-progress" max="{}" value="{}" aria-label="{}"></progress>'
        '<div class="text-secondary">{}</div></div>',
        url,
        max(job.total, 1),
        job.done,
        words,
        words if job.total else waits,
    )


class CalculationExport(View):
    """The whole sheet of a calculation as an Excel file, a line a figure."""

    def get(self, request: HttpRequest, period_id: int) -> HttpResponseBase:
        row = queries.period(request.actor, period_id)  # type: ignore[attr-defined]
        asked = request.GET.get("record", "")
        record = credit_pages.record_of(row, int(asked) if asked.isdecimal() and len(asked) < 12 else None)
        if record is None:
            raise NotThere
        header = [
            _("Operation"),
            _("Name"),
            _("Subject"),
            _("Kind"),
            _("Step"),
            _("Symbol"),
            _("Figure"),
            _("Unit"),
            _("Source"),
            _("Parameter set"),
            _("Version"),
            _("Key"),
            _("Status"),
        ]
        return workbook_response(f"calculation-{row.project.code}-{row.first}-{row.last}", header, lines_of(record))


def lines_of(record: CalculationRecord) -> Iterator[list[Any]]:
    """Yield the lines of the exported sheet: what it rests on, then every operation."""
    for name, value in (
        (_("Methodology"), f"{record.methodology} {record.methodology_version}"),
        (_("Program version"), record.code_version),
        (_("Hash of the record (SHA-256)"), record.sha256),
        (_("Calculated at"), record.at),
        (_("Credits"), record.credits),
        (_("Net change"), record.net_tco2e),
    ):
        yield ["", "", "", _("result"), None, name, value, "", "", "", "", "", ""]
    for one in record.files:
        yield ["", "", "", _("file"), None, one.get("kind", ""), one.get("sha256", ""), "", "", "", "", "", ""]
    for part in record.parts:
        head = [part["operation"], _(OPERATIONS.get(part["operation"], "")) or "", part["subject"]]
        for kind, found in ((_("input"), part["inputs"]), (_("output"), part["answer"].get("outputs", {}))):
            for name, value in found.items():
                yield [*head, kind, None, name, _cell(value), figure(name)[1], "", "", "", "", ""]
        for line in part["answer"].get("trace", ()):
            source = line["source"]
            where = (
                ["", source["set_id"], source["version"], source["key"], source["status"]]
                if isinstance(source, Mapping)
                else [equation(str(source)), "", "", "", ""]
            )
            yield [*head, _("step"), line["step"], line["symbol"], _cell(line["value"]), line["unit"], *where]


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | float | str) or value is None else shown(value)
