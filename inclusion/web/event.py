"""The calculator of an event's footprint: typed by anyone, in the address, so that it can be kept and sent on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

import exchange.queries
from accounts.rules import Role
from accounts.templatetags.shown import bracketed
from accounts.web.pages import Page
from inclusion import queries
from inclusion.errors import FootprintRefused
from inclusion.queries import FootprintView
from inclusion.rules import ENERGY, FUELS, GROUPS, Offer, Wanted, best_shares, field_of
from inclusion.web import words
from inclusion.web.forms import QUANTITIES, EventForm, WantedForm
from registry.queries.footprints import Factor
from rulebook.queries import business_date, divisions

BUYERS = (Role.FIRM_INITIATOR, Role.OWNER)
PARTS_IN_BAR = 1000
FIRST_SHOWN_YEAR = 2023  # Whose factors stand beside the fields while no year has been typed.


@dataclass(frozen=True)
class TypedField:
    """A quantity of the form, with its unit and the factor it is multiplied by."""

    field: Any
    suffix: str
    factor: Factor | None
    factor_text: str


@dataclass(frozen=True)
class TypedGroup:
    """A card of the form."""

    name: str
    icon: str
    fields: list[TypedField]
    is_open: bool


@dataclass(frozen=True)
class Part:
    """A category of a result with its share of the whole in thousandths."""

    name: str
    tco2e: float
    per_mille: int


ICONS = {
    "energy": "bolt",
    "travel": "train",
    "hotel": "bed",
    "catering": "tools-kitchen-2",
    "waste": "trash",
    "material": "package",
}


class EventPage(Page):
    """Sources in, tonnes out, each factor with its source; then what offsetting them costs now."""

    template_name = "inclusion/event.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.pop("form", None)
        if form is None:
            asked = {name: value for name, value in self.request.GET.items() if name in (*QUANTITIES, "event", "year")}
            form = EventForm(self.request.GET) if asked else EventForm(initial=self._initial())
        footprint = kwargs.pop("footprint", None) or footprint_typed(form)
        offers = queries.offers(self.actor.organisation_id if self.actor.has(*BUYERS) else None, self.at)
        wanted_form = kwargs.pop("wanted_form", None) or wanted_form_of(offers, units=self.request.GET.get("units", ""))
        return super().get_context_data(
            **kwargs,
            form=form,
            groups=groups_of(form),
            footprint=shown_footprint(footprint) if footprint else None,
            price=self._price(offers, footprint),
            wanted_form=wanted_form,
            may_buy=self.actor.has(*BUYERS),
            sign_in=f"{reverse('sign-in')}?{urlencode({'next': self.request.get_full_path()})}",
            two_persons_from=int(queries.two_persons_from(self.at).value),
        )

    def _initial(self) -> dict[str, Any]:
        return {"year": business_date(self.at).year, "region": "inner_mongolia"}

    def _price(self, offers: list[Offer], footprint: FootprintView | None) -> dict[str, Any]:
        """Return what the footprint's units would cost now, how much is on offer, and when the market opens if not."""
        if not exchange.queries.is_market_open(self.at):
            profile = exchange.queries.profile(self.at, "nm_regional")
            return {"opens_at": exchange.queries.next_opening(self.at, profile)}
        offered = sum(offer.quantity for offer in offers)
        units = footprint.units_required if footprint else 0
        shares = best_shares(offers, Wanted(units)) if 0 < units <= offered else ()
        return {"offered": offered, "total_fen": sum(share.total_fen for share in shares) if shares else None}


def footprint_typed(form: EventForm) -> FootprintView | None:
    """Return the footprint of what was typed; None, with each error at its field, where it cannot be calculated."""
    if not form.is_bound or not form.is_valid():
        return None
    inputs = form.inputs()
    try:
        return queries.calculated(inputs)
    except FootprintRefused as refused:
        for problem in refused.problems:
            field = field_of(problem.field, inputs)
            form.add_error(field if field in form.fields else None, _(problem.message))
        return None


def wanted_form_of(offers: list[Offer], data: Any = None, units: str = "") -> WantedForm:
    """Return the form of the credits wanted, with the vintages on offer and the leagues to choose from."""
    vintages = sorted({offer.vintage_year for offer in offers})
    places = [(one.code, one.name) for one in divisions() if one.code.endswith("00") and not one.code.endswith("0000")]
    return WantedForm(data, initial={"units": units[:12]}, vintages=vintages, places=places)


def groups_of(form: EventForm) -> list[TypedGroup]:
    """Return the cards of the form; those in which something is typed or wrong stand open."""
    year = _number(form["year"].value(), FIRST_SHOWN_YEAR)
    region = str(form["region"].value() or "inner_mongolia")
    factors = queries.factors(year)
    keys = {
        "electricity_kwh": f"grid:{region}",
        "heat_gj": "heat",
        **{f"fuel_{fuel}": f"fuel:{fuel}" for fuel in FUELS},
    }
    units = {
        "electricity_kwh": "kWh",
        "green_power_kwh": "kWh",
        "heat_gj": "GJ",
        **dict.fromkeys((f"fuel_{fuel}" for fuel in FUELS), "t"),
    }
    cards = [("energy", (*ENERGY, *(f"fuel_{fuel}" for fuel in FUELS)))]
    cards += [(group.category, group.items) for group in GROUPS]
    groups = []
    for number, (category, names) in enumerate(cards):
        fields = []
        for name in names:
            factor = factors.get(keys.get(name, f"item:{name}"))
            unit = units.get(name) or (factor.unit if factor else "")
            fields.append(TypedField(form[name], _(words.UNITS.get(unit, unit)), factor, factor_text(factor)))
        is_open = number < 2 or any(form[name].value() or form[name].errors for name in names)
        groups.append(TypedGroup(_(words.CATEGORIES[category]), ICONS[category], fields, is_open))
    return groups


def factor_text(factor: Factor | None) -> str:
    """Return a factor as people read it: 0.6479 kgCO₂e/kWh (2023)."""
    if factor is None:
        return ""
    unit = "tCO₂e" if factor.in_tonnes else "kgCO₂e"
    year = bracketed(factor.year) if factor.year else ""
    return f"{factor.value:g} {unit}/{_(words.UNITS.get(factor.unit, factor.unit))}{year}"


def shown_footprint(view: FootprintView) -> dict[str, Any]:
    """Return a footprint in the reader's words: parts by category, lines with factor and source, warnings."""
    whole = view.total_tco2e or 1
    parts = [
        Part(_(words.CATEGORIES.get(name, name)), value, round(PARTS_IN_BAR * value / whole))
        for name, value in sorted(view.by_category.items(), key=lambda part: -part[1])
    ]
    lines = [
        {
            "category": _(words.CATEGORIES.get(one.line.category, one.line.category)),
            "name": _(words.NET_OF_GREEN)
            if one.line.name == "electricity_kwh" and view.inputs.get("green_power_kwh")
            else _(words.ITEMS.get(one.line.name, one.line.name)),
            "quantity": f"{one.line.quantity:,.10g}",
            "unit": _(words.UNITS.get(one.factor.unit, one.factor.unit)) if one.factor else "",
            "factor": factor_text(one.factor),
            "source": _(one.factor.source) if one.factor else "",
            "confidence": _(words.CONFIDENCES.get(one.factor.confidence, "")) if one.factor else "",
            "tco2e": one.line.tco2e,
        }
        for one in view.lines
    ]
    return {
        "total": view.total_tco2e,
        "units": view.units_required,
        "parts": parts,
        "lines": lines,
        "warnings": [_(words.WARNINGS.get(one, one)) for one in view.warnings],
        "not_counted": _(", ").join(_(words.ITEMS[one]) for one in view.not_counted),
        "year": view.inputs["year"],
        "region": _(words.REGIONS[view.inputs["region"]]) if view.inputs.get("region") in words.REGIONS else "",
        "version": view.methodology_version,
    }


def refusal_text(problem: dict[str, Any]) -> str:
    """Return a stored problem of a purchase in the reader's language."""
    return _(problem["message"]).format(**problem["found"])


def _number(value: Any, otherwise: int) -> int:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else otherwise
