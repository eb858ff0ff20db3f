"""Land of a case: a file looked at before it is saved, parcels removed, borders decided on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views import View

from accounts.templatetags.shown import ha, mu
from registry import queries, services
from registry.errors import RecordNotThere
from registry.models import Parcel
from registry.rules.inputs import ParcelCommon, SurveyPreview
from registry.rules.parcels import Limits
from registry.web import case_words as words
from registry.web.case_pages import OwnCaseFormPage, case_address, words_of
from registry.web.case_parts import parcels_shown
from registry.web.files import UploadField, refuse_large
from registry.web.wizard import WizardPage, choose_banner
from rulebook.errors import NotThere, Refusal, Unavailable

MIB = 1024 * 1024
ACCEPTED = ".zip,.geojson,.json"
NOTES = {
    "wgs84": gettext_noop("The file is in WGS 84; the coordinates are taken as they are."),
    "reprojected": gettext_noop("The coordinates were turned from the file's own system into CGCS2000."),
    "gbk": gettext_noop("The attribute table was read as GBK."),
}


class ParcelsForm(forms.Form):
    """A file of parcels, and what all of them have in common."""

    file = UploadField(
        label=gettext_lazy("Parcel file"),
        max_length=160,
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED}),
    )
    land_category = forms.ChoiceField(label=gettext_lazy("Land category"))
    tenure = forms.ChoiceField(label=gettext_lazy("Kind of tenure"))
    tenure_number = forms.CharField(
        label=gettext_lazy("Number of the certificate of tenure"),
        max_length=60,
        help_text=gettext_lazy("As printed on the certificate of immovable property, forest or grassland tenure."),
    )
    division = forms.ChoiceField(
        label=gettext_lazy("Banner or county of these parcels"),
        required=False,
        help_text=gettext_lazy("Only where it is another than the project's own."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["land_category"].choices = words.choices(words.LAND_CATEGORIES)  # type: ignore[attr-defined]
        self.fields["tenure"].choices = words.choices(words.TENURES)  # type: ignore[attr-defined]
        self.fields["division"].choices = choose_banner()  # type: ignore[attr-defined]
        self.fields["file"].help_text = _(
            "GeoJSON, or a shapefile zipped with .shp, .shx, .dbf and .prj; up to %(size)s MB and %(count)s parcels."
        ) % {"size": Limits().file_bytes // MIB, "count": Limits().parcels}


class LandPage(WizardPage):
    """The second step: the land of the case."""

    template_name = "registry/wizard_land.html"
    form_class = ParcelsForm
    step = "land"

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        # A chosen file is looked at at once; without JavaScript there is a button for it.
        address = reverse("registry-parcels-preview", args=[self.project.pk])
        form.fields["file"].widget.attrs |= {
            "hx-post": address,
            "hx-encoding": "multipart/form-data",
            "hx-trigger": "change",
            "hx-target": "#preview",
            "hx-swap": "innerHTML",
        }
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            parcels=parcels_shown(self.project),
            area_ha=queries.areas_of([self.project.pk]).get(self.project.pk),
        )

    def act(self, form: Any) -> str:
        typed = form.cleaned_data
        parcels = services.add_parcels(
            actor=self.actor,
            project_id=self.project.pk,
            name=typed["file"].name,
            content=typed["file"].read(),
            common=ParcelCommon(
                typed["land_category"], typed["tenure"], typed["tenure_number"], typed["division"] or None
            ),
            at=self.at,
        )
        messages.success(self.request, _("%(count)s parcels have been saved.") % {"count": len(parcels)})
        return reverse("registry-project-parcels", args=[self.project.pk])


class PreviewParcels(LandPage):
    """What a file would bring, with nothing stored: a part of the page, or the page with it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        file = request.FILES.get("file")
        nothing = {"refused": _("Please choose a file first.")}
        preview = self.preview(file) if isinstance(file, UploadedFile) else nothing
        if request.headers.get("HX-Request") == "true":
            return render(request, "registry/parcel_preview.html", {"preview": preview})
        form = ParcelsForm(initial=request.POST.dict())
        return self.render_to_response(self.get_context_data(form=form, preview=preview))

    def preview(self, file: UploadedFile) -> dict[str, Any]:
        try:
            refuse_large(file)
            found = services.preview_parcels(
                actor=self.actor, project_id=self.project.pk, name=file.name or "", content=file.read(), at=self.at
            )
        except Refusal as refusal:
            if isinstance(refusal, NotThere | Unavailable):
                raise
            return {"refused": words_of(refusal)}
        return preview_shown(found)


def preview_shown(found: SurveyPreview) -> dict[str, Any]:
    """Return a file's parcels, problems, overlaps and notes in words, and its shapes for the map."""
    taken = {one.parcel for one in found.overlaps}
    return {
        "parcels": [{"one": one, "overlaps": one.name in taken} for one in found.parcels],
        "area_ha": found.area_ha,
        "problems": [
            {"number": number, "reason": _(reason), "place": place, "remedy": words.remedy(code)}
            for code, number, reason, place in found.problems
        ],
        "overlaps": found.overlaps,
        "notes": [_(NOTES[note]) for note in found.notes if note in NOTES],
        "is_fit": not found.problems and not found.overlaps,
        "outside": [one for one in found.parcels if one.is_outside_banner],
        "shapes": {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": one.geometry,
                    "properties": {
                        "name": one.name,
                        "area": f"{ha(one.area_ha)} / {mu(one.area_ha)}",
                        "tone": "overlap" if one.name in taken else "",
                    },
                }
                for one in found.parcels
            ],
        },
    }


def _own_parcel(request: HttpRequest, project_id: int, parcel_id: int) -> Parcel:
    row = queries.parcel(request.actor, parcel_id)  # type: ignore[attr-defined]
    if row.project_id != project_id or row.is_removed:
        raise RecordNotThere
    return row


class RemoveParcel(View):
    """Takes a parcel out of a draft."""

    def post(self, request: HttpRequest, project_id: int, parcel_id: int) -> HttpResponseBase:
        row = _own_parcel(request, project_id, parcel_id)
        services.remove_parcel(actor=request.actor, parcel_id=row.pk, at=request.at)  # type: ignore[attr-defined]
        messages.success(request, _("Parcel %(name)s has been removed.") % {"name": row.name})
        return HttpResponseRedirect(reverse("registry-project-parcels", args=[project_id]))


class BorderForm(forms.Form):
    """Why a parcel across its banner's border may stay."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Name the map, survey or agreement between the bureaus that you rely on."),
    )


class BorderPage(OwnCaseFormPage):
    """A reviewer decides on a parcel that crosses the border of its banner."""

    template_name = "registry/border.html"
    form_class = BorderForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = _own_parcel(self.request, self.project.pk, self.kwargs["parcel_id"])
        return super().get_context_data(**kwargs, parcel=row, back=case_address(self.project.pk, "land"))

    def act(self, form: Any) -> str:
        row = _own_parcel(self.request, self.project.pk, self.kwargs["parcel_id"])
        services.decide_border(actor=self.actor, parcel_id=row.pk, reason=form.cleaned_data["reason"], at=self.at)
        messages.success(self.request, _("The decision on parcel %(name)s has been noted.") % {"name": row.name})
        return case_address(self.project.pk, "land")
