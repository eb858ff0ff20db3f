"""D1 1.0.0: fire, pests, and the reversal of issued units. Source: D1-disturbance.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from registry.rules.methodologies.g1_grassland import read_gwp_set
from registry.rules.methodologies.numeric import ceil_units, floor_units
from registry.rules.methodologies.outcome import Warn
from registry.rules.methodologies.reading import Fields, unique_ids
from registry.rules.methodologies.run import Run

CAUSES = ("unintentional", "intentional")


@dataclass(frozen=True)
class Fire:
    """One fire, with the stocks of the last verification."""

    id: str
    area_ha: float
    forest_type: str
    agb_t_ha: float
    tree_co2e_t_ha: float
    mortality: float
    dom_co2e_t_ha: float


def fire(inputs: Fields, run: Run) -> dict[str, Any]:
    """D1.fire: non-CO2 emissions and committed stock losses of fires (section 2)."""
    gwp_set = read_gwp_set(inputs, run)
    project_area = inputs.number("project_area_ha", above=0)
    applies_threshold = inputs.flag("apply_threshold", False)
    least_area = inputs.number("min_event_ha", 0.0, least=0)
    rows = inputs.items("events")
    fires = [_read_fire(one, row, project_area, run) for one, row in zip(unique_ids(rows), rows, strict=True)]
    inputs.refuse_problems()

    events: list[dict[str, Any]] = []
    for one in fires:
        tree, dom = _non_co2(one, gwp_set, run)
        loss = one.area_ha * one.tree_co2e_t_ha * one.mortality
        run.note(f"stock_loss[{one.id}]", loss, "tCO2e", "D1 2")
        counted = one.area_ha >= least_area
        events.append(
            {
                "id": one.id,
                "non_co2_tree_tco2e": tree,
                "non_co2_dom_tco2e": dom,
                "stock_loss_tco2e": loss,
                "counted": counted,
            }
        )
    burned = math.fsum(one.area_ha for one, row in zip(fires, events, strict=True) if row["counted"])
    share = run.constant("annual_threshold_share", "", "fire", "annual_threshold_share")
    # The house default does not apply the threshold: then there is none to miss.
    is_met = not applies_threshold or burned >= share * project_area
    non_co2 = math.fsum(row["non_co2_tree_tco2e"] + row["non_co2_dom_tco2e"] for row in events if row["counted"])
    if not is_met:
        run.warn(Warn.THRESHOLD_NOT_MET)
        non_co2 = 0.0
    lost = math.fsum(row["stock_loss_tco2e"] for row in events)
    run.note("burned", burned, "ha", "D1 2")
    run.note("non_co2", non_co2, "tCO2e", "D1 2")
    run.note("stock_loss", lost, "tCO2e", "D1 2")
    return {
        "events": events,
        "burned_ha": math.fsum(one.area_ha for one in fires),
        "threshold_met": is_met,
        "non_co2_tco2e": non_co2,
        "stock_loss_tco2e": lost,
        "total_loss_tco2e": non_co2 + lost,
    }


def pest(inputs: Fields, run: Run) -> dict[str, Any]:
    """D1.pest: stock losses by mortality (section 3); defoliation without death is no loss."""
    rows = inputs.items("events")
    severities = run.options("pest", "mortality_by_severity")
    read = []
    for one, row in zip(unique_ids(rows), rows, strict=True):
        area = row.number("area_affected_ha", least=0)
        stock = row.number("tree_co2e_t_ha", least=0, most=3000)
        severity = ""
        if row.has("severity"):
            severity = row.choice("severity", severities)
        mortality = None
        if row.has("mortality_fraction") or not row.has("severity"):
            mortality = row.number("mortality_fraction", least=0, most=1)
        read.append((one, area, stock, mortality, severity))
    inputs.refuse_problems()

    events: list[dict[str, Any]] = []
    for one, area, stock, mortality, severity in read:
        if mortality is None:
            key = ("mortality_by_severity", severity)
            mortality = float(run.constant(f"mortality[{severity}]", "", "pest", *key))
        loss = area * stock * mortality
        run.note(f"stock_loss[{one}]", loss, "tCO2e", "D1 3")
        events.append({"id": one, "mortality_fraction": mortality, "stock_loss_tco2e": loss})
    return {"events": events, "stock_loss_tco2e": math.fsum(row["stock_loss_tco2e"] for row in events)}


def reversal(inputs: Fields, run: Run) -> dict[str, Any]:
    """D1.reversal: units to cancel after a loss, from the buffer first where nobody meant it (section 4)."""
    period_net = inputs.number("period_net_tco2e")
    issued = inputs.number("issued_before", least=0)
    reversed_before = inputs.number("reversed_before", 0.0, least=0, most=issued if issued >= 0 else None)
    balance = inputs.number("buffer_balance", least=0)
    cause = inputs.choice("cause", CAUSES)
    inputs.refuse_problems()

    loss = max(0.0, -period_net)
    reversed_now = min(loss, issued - reversed_before)
    units = ceil_units(reversed_now)
    from_buffer = min(units, floor_units(balance)) if cause == "unintentional" else 0
    uncredited = loss - reversed_now
    if units > 0:
        run.warn(Warn.REVERSAL)
    if uncredited > 0:
        run.warn(Warn.CAPPED)
    run.note("reversal", reversed_now, "tCO2e", "D1 4")
    run.note("units_to_cancel", units, "tCO2e", "D1 4")
    run.note("buffer_cancelled", from_buffer, "tCO2e", "D1 4")
    return {
        "reversal_tco2e": reversed_now,
        "units_to_cancel": units,
        "buffer_cancelled": from_buffer,
        "owner_obligation": units - from_buffer,
        "buffer_after": balance - from_buffer,
        "issuance_blocked": units > 0,
        "uncredited_loss_tco2e": uncredited,
    }


def _read_fire(one: str, row: Fields, project_area: float, run: Run) -> Fire:
    return Fire(
        id=one,
        area_ha=row.number("area_burned_ha", least=0, most=project_area if project_area > 0 else None),
        forest_type=row.choice("forest_type", run.options("fire", "comf")),
        agb_t_ha=row.number("agb_t_ha", least=0, most=800),
        tree_co2e_t_ha=row.number("tree_co2e_t_ha", least=0, most=3000),
        mortality=row.number("mortality_fraction", least=0, most=1),
        dom_co2e_t_ha=row.number("dom_co2e_t_ha", 0.0, least=0, most=1000),
    )


def _non_co2(one: Fire, gwp_set: str, run: Run) -> tuple[float, float]:
    """Return the methane and nitrous oxide of burning trees, and of dead wood and litter, in tCO2e."""
    zone = "tropical" if one.forest_type.startswith("tropical") else "other"
    combustion = run.constant(f"COMF[{one.forest_type}]", "", "fire", "comf", one.forest_type)
    ef_ch4 = run.constant(f"EF_CH4[{zone}]", "g/kg", "fire", "ef_ch4_g_kg", zone)
    ef_n2o = run.constant(f"EF_N2O[{zone}]", "g/kg", "fire", "ef_n2o_g_kg", zone)
    gwp_ch4 = run.constant("GWP_CH4", "kg CO2e/kg", "gwp", "sets", gwp_set, "ch4")
    gwp_n2o = run.constant("GWP_N2O", "kg CO2e/kg", "gwp", "sets", gwp_set, "n2o")
    dom_ratio = run.constant("dom_ratio", "", "fire", "dom_ratio")
    warming = ef_ch4 * gwp_ch4 + ef_n2o * gwp_n2o
    tree = 0.001 * one.area_ha * one.agb_t_ha * combustion * warming
    dom = dom_ratio * one.area_ha * one.dom_co2e_t_ha
    run.note(f"EF_GWP[{one.id}]", warming, "g CO2e/kg", "D1 2")
    run.note(f"non_co2_tree[{one.id}]", tree, "tCO2e", "D1 2")
    run.note(f"non_co2_dom[{one.id}]", dom, "tCO2e", "D1 2")
    return tree, dom
