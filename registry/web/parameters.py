"""Parameter sets: which versions are in use, which values are provisional, and who confirmed what on what evidence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.rules import Role
from accounts.web.pages import FormPage, Page
from registry import queries, services
from registry.queries import credit_pages
from registry.queries.credit_pages import ParameterValue
from registry.rules.methodologies import ParameterSet
from registry.web.calculations import cut, shown
from registry.web.credit_words import BASES, SETS, STATUSES, badge
from registry.web.files import UploadField
from registry.web.parameter_words import key_name
from rulebook.errors import NotThere


def the_set(set_id: str) -> ParameterSet:
    """Return the version in use of a set. Raises NotThere."""
    sets = queries.parameter_sets()
    if set_id not in sets.versions:
        raise NotThere
    return sets.get(set_id)


def encloses(key: str, asked: str) -> bool:
    """Tell whether confirming `key` confirms the value `asked` too, or lies below it."""
    return asked == key or asked.startswith(f"{key}.") or key.startswith(f"{asked}.")


class ParametersPage(Page):
    """Every set with the version in use and how many of its values are still provisional."""

    template_name = "registry/parameters.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sets = queries.parameter_sets()
        rows: list[dict[str, Any]] = []
        for set_id, version in sets.versions.items():
            values = credit_pages.values_of(sets.get(set_id))
            newest = credit_pages.confirmations_of(set_id).first()
            waiting = sum(not one.is_usable for one in values)
            rows.append(
                {
                    "set_id": set_id,
                    "name": _(SETS.get(set_id, set_id)),
                    "version": version,
                    "count": len(values),
                    "waiting": waiting,
                    "newest": newest,
                    "basis": _(BASES[newest.basis]) if newest else "",
                }
            )
        return super().get_context_data(**kwargs, rows=rows, waiting=sum(row["waiting"] > 0 for row in rows))


class ConfirmForm(forms.Form):
    """Which values are confirmed, on what basis and evidence."""

    keys = forms.MultipleChoiceField(label=gettext_lazy("Values"), widget=forms.CheckboxSelectMultiple)
    basis = forms.ChoiceField(label=gettext_lazy("Basis"))
    evidence = UploadField(
        label=gettext_lazy("Evidence (PDF, picture, Excel or Word)"),
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.xlsx,.docx,.txt"}),
    )

    def __init__(self, *args: Any, values: list[ParameterValue], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["keys"].choices = [(one.key, key_name(one.key)) for one in values]  # type: ignore[attr-defined]
        bases = ("confirmed", "demonstration") if settings.DEMO else ("confirmed",)
        self.fields["basis"].choices = [(one, _(BASES[one])) for one in bases]  # type: ignore[attr-defined]


class _OfSet:
    actor: Any
    at: Any
    kwargs: dict[str, Any]
    request: Any

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        one = the_set(self.kwargs["set_id"])
        asked = [key for key in self.request.GET.get("for", "").split(",") if key]
        values = credit_pages.values_of(one)
        chosen = set(kwargs["form"]["keys"].value() or ()) if "form" in kwargs else set()
        context = {
            "set_id": one.set_id,
            "name": _(SETS.get(one.set_id, one.set_id)),
            "version": one.version,
            "source": one.values.get("source", ""),
            "values": [
                {
                    "row": value,
                    "name": key_name(value.key),
                    "text": cut(shown(value.value)),
                    "status": badge(STATUSES, value.status),
                    "is_asked": any(encloses(value.key, key) for key in asked),
                    "is_chosen": value.key in chosen or (not chosen and _is_meant(value, asked)),
                }
                for value in values
            ],
            "asked": asked,
            "waiting": sum(not value.is_usable for value in values),
            "confirmations": [
                {
                    "row": row,
                    "names": [key_name(key) for key in row.keys],
                    "basis": _(BASES[row.basis]),
                    "is_demonstration": row.basis == "demonstration",
                }
                for row in credit_pages.confirmations_of(one.set_id)
            ],
            "may_confirm": self.actor.has(Role.REGION_CHECKER),
        }
        return super().get_context_data(**{**context, **kwargs})  # type: ignore[misc]


def _is_meant(value: ParameterValue, asked: list[str]) -> bool:
    """Tell whether a box is ticked beforehand: the provisional values that a calculation waits for."""
    return not value.is_usable and any(encloses(value.key, key) for key in asked)


class ParameterSetPage(_OfSet, Page):
    """The values of a set with their statuses, and the confirmations so far. Public, as rules are."""

    template_name = "registry/parameter_set.html"


class ConfirmParameters(_OfSet, FormPage):
    """A named person of the regional bureau confirms values on an evidence file; a new version is published."""

    template_name = "registry/parameter_confirm.html"
    form_class = ConfirmForm
    needs_password = True

    def get_form_kwargs(self) -> dict[str, Any]:
        values = credit_pages.values_of(the_set(self.kwargs["set_id"]))
        return {**super().get_form_kwargs(), "values": values}

    def get_initial(self) -> dict[str, Any]:
        return {"basis": "demonstration" if settings.DEMO else "confirmed"}

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        row = services.confirm_parameters(
            actor=self.actor,
            set_id=self.kwargs["set_id"],
            keys=typed["keys"],
            basis=typed["basis"],
            evidence_name=typed["evidence"].name,
            evidence=typed["evidence"].read(),
            is_demonstration=settings.DEMO,
            at=self.at,
        )
        messages.success(
            self.request,
            _("Version %(version)s has been published. Calculations from now on use it.") % {"version": row.version},
        )
        return reverse("registry-parameter-set", args=[self.kwargs["set_id"]])
