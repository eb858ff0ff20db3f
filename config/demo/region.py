"""The demonstration region: projects of three ecosystems as far as each has come, their market, who trades there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from config.demo import cases, market
from config.demo.cases import Period, Plan
from config.demo.land import Patch
from config.demo.people import Cast, assemble
from config.demo.telling import desk_of, tell
from rulebook.rules import BEIJING

FOUNDED = datetime(2025, 1, 6, 9, 0, tzinfo=BEIJING)


def _pair(longitude: float, latitude: float, wide: float, high: float, apart: float) -> tuple[Patch, Patch]:
    """Return two parcels of one size beside each other."""
    return (
        Patch("一号地块", longitude, latitude, wide, high),
        Patch("二号地块", round(longitude + apart, 4), latitude, wide, high),
    )


# The first three have issued; the others stand where some office, body or owner goes on today.
PLANS: tuple[Plan, ...] = (
    Plan(
        "大兴安岭乌尔旗汉造林碳汇项目（演示）",
        "F1",
        "forest-owner",
        "150782",
        _pair(121.55, 49.56, 0.12, 0.09, 0.14),
        date(2025, 1, 8),
        periods=(
            Period(date(2021, 1, 1), date(2024, 12, 31), date(2025, 6, 3)),
            Period(date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 12), "verification"),
        ),
        growth=2.6,
        comment="请说明项目区内原有放牧通道是否保留。",
    ),
    Plan(
        "浑善达克退化草原修复碳汇项目（演示）",
        "G1",
        "grass-owner",
        "152531",
        _pair(116.30, 42.22, 0.13, 0.10, 0.15),
        date(2025, 1, 9),
        periods=(
            Period(date(2022, 1, 1), date(2024, 12, 31), date(2025, 6, 4)),
            Period(date(2025, 1, 1), date(2025, 12, 31), date(2026, 2, 26), "checked"),
        ),
        growth=1.9,
    ),
    Plan(
        "乌梁素海湖滨湿地恢复碳汇项目（演示）",
        "W1",
        "wetland-owner",
        "150823",
        _pair(108.93, 40.86, 0.08, 0.07, 0.10),
        date(2025, 1, 10),
        periods=(Period(date(2022, 1, 1), date(2024, 12, 31), date(2025, 6, 5)),),
    ),
    Plan(
        "呼伦湖西岸湿地补水碳汇项目（演示）",
        "W1",
        "lake-owner",
        "150727",
        _pair(116.80, 48.75, 0.06, 0.05, 0.08),
        date(2025, 12, 23),
        "decided",
    ),
    Plan(
        "库布其沙地造林碳汇项目（演示）",
        "F1",
        "sand-owner",
        "150625",
        _pair(107.98, 40.13, 0.07, 0.05, 0.09),
        date(2026, 1, 20),
        "notice",
        comment="项目区与村集体草场的界线请在公示期内公布。",
    ),
    Plan(
        "科尔沁沙地草原恢复碳汇项目（演示）",
        "G1",
        "horqin-owner",
        "150525",
        _pair(120.80, 42.89, 0.07, 0.05, 0.09),
        date(2026, 2, 25),
        "banner",
    ),
    Plan(
        "敖汉治沙林场造林碳汇项目（演示）",
        "F1",
        "aohan-owner",
        "150430",
        _pair(120.10, 42.36, 0.06, 0.05, 0.08),
        date(2026, 2, 5),
        "league",
    ),
    Plan(
        "库都尔低产林地造林碳汇项目（演示）",
        "F1",
        "forest-owner",
        "150782",
        _pair(121.10, 49.72, 0.07, 0.05, 0.09),
        date(2026, 2, 2),
        "region",
    ),
    Plan(
        "多伦榆树疏林造林碳汇项目（演示）",
        "F1",
        "grass-owner",
        "152531",
        _pair(116.40, 42.08, 0.07, 0.05, 0.09),
        date(2026, 1, 26),
        "accepted",
    ),
    Plan(
        "库布其北缘锁边林碳汇项目（演示）",
        "F1",
        "sand-owner",
        "150625",
        _pair(108.20, 40.22, 0.07, 0.05, 0.09),
        date(2025, 12, 26),
        "proposed",
    ),
    Plan(
        "乌梁素海西岸退耕还湿碳汇项目（演示）",
        "W1",
        "wetland-owner",
        "150823",
        _pair(109.05, 40.98, 0.06, 0.05, 0.08),
        date(2026, 1, 22),
        "returned",
    ),
    Plan(
        "图里河天然更新补植碳汇项目（演示）",
        "F1",
        "forest-owner",
        "150782",
        _pair(121.40, 49.90, 0.07, 0.05, 0.09),
        date(2026, 2, 27),
        "draft",
    ),
)
ISSUING = PLANS[:3]


def build(*, say: Callable[[str], object]) -> Cast:
    """Build everything by the services, in business time from 2025 on, and return the cast."""
    cast = assemble(at=FOUNDED)
    say("People and organisations are registered.")
    desk = desk_of(cast)
    owner_of = {f"NM-CS-{number:06d}": plan.owner for number, plan in enumerate(ISSUING, start=1)}
    tell(
        [
            market.confirm_values(desk),
            *(cases.life(desk, plan) for plan in PLANS),
            market.pay_in(desk, [plan.owner for plan in ISSUING]),
            market.admit(desk, owner_of),
            market.trade(desk, owner_of),
            market.retire(desk),
            market.propose_a_stand_in(desk),
        ],
        say=say,
    )
    return cast
