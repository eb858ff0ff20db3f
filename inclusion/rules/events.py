"""What an event's footprint is typed as, and how it is handed to I1.event. Source: I1-inclusion-events, section 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REGIONS = ("inner_mongolia", "northeast_grid", "north_grid", "national")
FUELS = ("gasoline", "diesel")
ENERGY = ("electricity_kwh", "green_power_kwh", "heat_gj")


@dataclass(frozen=True)
class Group:
    """A category of the footprint with its items, as the form shows them."""

    category: str
    items: tuple[str, ...]


GROUPS = (
    Group(
        "travel",
        (
            "flight_economy_pkm",
            "rail_pkm",
            "bus_pkm",
            "metro_pkm",
            "car_gasoline_vkm",
            "car_ev_vkm",
            "taxi_vkm",
            "walk_bike_pkm",
        ),
    ),
    Group("hotel", ("hotel_room_night",)),
    Group("catering", ("meal", "meal_vegetarian", "food_waste_kg")),
    Group("waste", ("waste_landfill_kg", "waste_incineration_kg", "waste_recycled_kg")),
    Group("material", ("paper_kg", "road_freight_tkm")),
)
CATEGORIES = ("electricity", "heat", "fuel", *(group.category for group in GROUPS), "other")


def inputs_of(*, year: int, region: str, quantities: Mapping[str, float]) -> dict[str, Any]:
    """Return the inputs of I1.event; what is 0 or not given is left out, so that it is named as not counted.

    quantities: by item, by field of ENERGY, or by "fuel_" and the fuel in tonnes.
    """
    given = {name: value for name, value in quantities.items() if value}
    inputs: dict[str, Any] = {"year": year, "region": region}
    inputs.update((name, given[name]) for name in ENERGY if name in given)
    fuels = [{"fuel": fuel, "tonnes": given[f"fuel_{fuel}"]} for fuel in FUELS if f"fuel_{fuel}" in given]
    if fuels:
        inputs["fuels"] = fuels
    inputs["activities"] = [
        {"category": group.category, "item": item, "quantity": given[item]}
        for group in GROUPS
        for item in group.items
        if item in given
    ]
    return inputs


def field_of(path: str, inputs: Mapping[str, Any]) -> str:
    """Return the typed field that a problem of I1.event is about ("activities[2].quantity" → "bus_pkm")."""
    head, bracket, rest = path.partition("[")
    if not bracket:
        return path
    number = int(rest.partition("]")[0])
    if head == "activities":
        return str(inputs["activities"][number]["item"])
    return f"fuel_{inputs['fuels'][number]['fuel']}" if head == "fuels" else path


@dataclass(frozen=True)
class Line:
    """One source of a footprint: what was typed, on which factor, and what it comes to.

    factor: key of the factor ("item:meal", "grid:national", "heat", "fuel:diesel").
    """

    category: str
    name: str
    quantity: float
    factor: str
    tco2e: float


def lines_of(inputs: Mapping[str, Any], outputs: Mapping[str, Any], fuel_factors: Mapping[str, float]) -> list[Line]:
    """Return the sources of a footprint, energy first. fuel_factors: t CO2 per tonne by fuel."""
    by_category = outputs["by_category"]
    lines = []
    if by_category.get("electricity"):
        bought = inputs.get("electricity_kwh", 0) - inputs.get("green_power_kwh", 0)
        grid = f"grid:{inputs.get('region', REGIONS[0])}"
        lines.append(Line("electricity", "electricity_kwh", bought, grid, by_category["electricity"]))
    if by_category.get("heat"):
        lines.append(Line("heat", "heat_gj", inputs["heat_gj"], "heat", by_category["heat"]))
    for fuel in inputs.get("fuels", ()):
        name, tonnes = fuel["fuel"], fuel["tonnes"]
        lines.append(Line("fuel", f"fuel_{name}", tonnes, f"fuel:{name}", tonnes * fuel_factors[name]))
    for activity, line in zip(inputs.get("activities", ()), outputs["lines"], strict=True):
        item = activity["item"]
        lines.append(Line(activity.get("category", "other"), item, activity["quantity"], f"item:{item}", line["tco2e"]))
    return lines


def not_counted(inputs: Mapping[str, Any]) -> list[str]:
    """Return the sources of the form that a footprint leaves out: an offset statement names them."""
    typed = {activity["item"] for activity in inputs.get("activities", ())}
    typed |= {f"fuel_{fuel['fuel']}" for fuel in inputs.get("fuels", ())}
    typed |= {name for name in ENERGY if inputs.get(name)}
    known = ["electricity_kwh", "heat_gj", *(f"fuel_{fuel}" for fuel in FUELS)]
    known += [item for group in GROUPS for item in group.items if item != "walk_bike_pkm"]
    return [name for name in known if name not in typed]
