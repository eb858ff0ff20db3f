"""What the items, units, categories, warnings and states of this room are called."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

ITEMS = {
    "electricity_kwh": _("Electricity"),
    "green_power_kwh": _("Of it green electricity with certificates"),
    "heat_gj": _("Bought heat"),
    "fuel_gasoline": _("Petrol"),
    "fuel_diesel": _("Diesel"),
    "flight_economy_pkm": _("Domestic flights, economy"),
    "rail_pkm": _("Rail"),
    "bus_pkm": _("Bus"),
    "metro_pkm": _("Metro"),
    "car_gasoline_vkm": _("Petrol car"),
    "car_ev_vkm": _("Electric car"),
    "taxi_vkm": _("Taxi"),
    "walk_bike_pkm": _("On foot or by bicycle"),
    "hotel_room_night": _("Hotel nights"),
    "meal": _("Meals"),
    "meal_vegetarian": _("Vegetarian meals"),
    "food_waste_kg": _("Wasted food"),
    "waste_landfill_kg": _("Waste to landfill"),
    "waste_incineration_kg": _("Waste to incineration"),
    "waste_recycled_kg": _("Waste recycled"),
    "paper_kg": _("Paper and printed matter"),
    "road_freight_tkm": _("Road freight"),
}
NET_OF_GREEN = _("Electricity, less the green electricity")
HINTS = {
    "flight_economy_pkm": _("People × kilometres, both ways."),
    "rail_pkm": _("People × kilometres, both ways."),
    "car_gasoline_vkm": _("Cars × kilometres, whoever rides along."),
    "hotel_room_night": _("Rooms × nights."),
    "road_freight_tkm": _("Tonnes × kilometres, of stands and equipment."),
}
UNITS = {
    "kWh": _("kWh"),
    "GJ": _("GJ"),
    "t": _("tonnes"),
    "passenger-km": _("passenger-km"),
    "vehicle-km": _("vehicle-km"),
    "tonne-km": _("tonne-km"),
    "room-night": _("room nights"),
    "meal": _("servings"),
    "kg": _("kg"),
    "kg food": _("kg"),
}
CATEGORIES = {
    "energy": _("Energy"),
    "electricity": _("Electricity"),
    "heat": _("Bought heat"),
    "fuel": _("Fuels"),
    "travel": _("Travel"),
    "hotel": _("Lodging"),
    "catering": _("Catering"),
    "waste": _("Waste"),
    "material": _("Materials and freight"),
    "other": _("Other sources"),
}
REGIONS = {
    "inner_mongolia": _("Inner Mongolia (whole region)"),
    "northeast_grid": _("North-east grid (Hulunbuir, Hinggan, Tongliao, Chifeng)"),
    "north_grid": _("North China grid"),
    "national": _("National average"),
}
WARNINGS = {
    "W_FACTOR_YEAR": _("No electricity factor has been published for the year; the latest one before it was used."),
    "W_PROVISIONAL_PARAMETER": _("Some factors are provisional: no domestic value has been confirmed for them yet."),
}
CONFIDENCES = {"high": _("high confidence"), "medium": _("medium confidence"), "low": _("low confidence")}
STATES = {
    "ordered": (_("With the matching job"), "info"),
    "bought": (_("Bought, being retired"), "info"),
    "retired": (_("Bought and retired"), "success"),
    "partly": (_("Retired in part"), "warning"),
    "failed": (_("Not retired"), "danger"),
}
TYPES = {"F": _("Forest"), "G": _("Grassland"), "W": _("Wetland"), "S": _("Sandland")}
PURPOSES = {
    "event": _("Event neutrality retirement"),
    "voluntary": _("Voluntary retirement"),
    "public_benefit": _("Public-benefit retirement"),
    "judicial": _("Judicial restoration retirement"),
}
# Sources of factors as the parameter sets name them, for the catalogue.
SOURCES = (
    _("China Products Carbon Footprint Database 2023 (life cycle, gasoline car)"),
    _("CPCD 2023 (life cycle)"),
    _("CPCD 2023"),
    _("UK DEFRA 2024 (regular taxi)"),
    _("UK DEFRA 2024 (national rail) as stand-in until a domestic factor is confirmed"),
    _("UK DEFRA 2024 (short-haul economy, with non-CO2 uplift)"),
    _("zero direct emission"),
    _("UK DEFRA hotel stay, China"),
    _("placeholder mixed meal"),
    _("placeholder"),
    _("FAO Food Wastage Footprint 2013, derived"),
    _("UK DEFRA commercial waste to landfill"),
    _("UK DEFRA (transport to plant only)"),
    _("UK DEFRA 2024 material use, rounded"),
    _("UK DEFRA 2024 (all HGV average)"),
    _("China provincial guideline defaults (heating value x carbon content x oxidation x 44/12)"),
    _(
        "MEE and NBS annual announcements of power CO2 emission factors "
        "(2021 data: April 2024; 2022 data: December 2024; 2023 data: announcement No.47 of 2025)"
    ),
)
