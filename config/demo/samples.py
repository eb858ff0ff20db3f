"""Sample files for the guided tour, so that a newcomer tells the story without data of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from config.demo import land, papers, workbooks
from registry.queries import CaseProgress, overlaps_of

# Rows of free land in 牙克石市. The first pair of patches that meets no live project is the story's.
LATITUDES = (49.20, 49.15, 49.10, 49.05)
LONGITUDES = tuple(round(120.95 + 0.1 * place, 2) for place in range(10))
WIDE, HIGH = 0.034, 0.026
INVENTORIES = (date(2020, 10, 15), date(2025, 10, 15))
PLOTS = 8


def patches_at(longitude: float, latitude: float) -> list[land.Patch]:
    """Return two neighbouring parcels."""
    middles = (longitude, round(longitude + 0.045, 3))
    return [
        land.Patch(f"{number} 号小班", middle, latitude, WIDE, HIGH) for number, middle in enumerate(middles, start=1)
    ]


def story_land() -> list[land.Patch]:
    """Return two parcels in 牙克石市 that overlap no live project; the last ones where all are taken."""
    patches: list[land.Patch] = []
    for latitude in LATITUDES:
        for longitude in LONGITUDES:
            patches = patches_at(longitude, latitude)
            shapes = [(one.name, land.drawn(one)) for one in patches]
            if not overlaps_of(shapes, project_id=0, tolerance_ha=0):
                return patches
    return patches


def land_file(case: CaseProgress | None) -> bytes:
    return land.geojson(story_land())


def design_paper(case: CaseProgress | None) -> bytes:
    return papers.paper(
        "造林碳汇项目设计文件",
        [
            f"项目名称：{case.name if case else '牙克石落叶松白桦造林碳汇项目'}",
            "一、项目活动：在无林地上营造兴安落叶松与白桦混交林，采用 F1 造林碳汇方法学（1.0.0 版）。",
            "二、项目边界：位于牙克石市，边界以上传的地块文件为准，未与其他项目重叠。",
            "三、额外性与基线：项目开始前三年以上为无林地，基线情景下碳储量变化取零。",
            "四、监测：两个碳层各设八块固定样地，每五年复测一次；抽样误差按 90% 可靠性计算并保守扣减。",
            "五、非持久性：签发量的 20% 计入缓冲池。",
        ],
    )


def tenure_paper(case: CaseProgress | None) -> bytes:
    return papers.paper(
        "不动产权证书（样例）",
        [
            "权利类型：国有林地使用权、森林林木所有权",
            "坐落：牙克石市",
            "用途：林地",
            "本件为演示样例，不具有法律效力。",
        ],
    )


def validation_paper(case: CaseProgress | None) -> bytes:
    return papers.paper("审定报告", ["经现场走访和文件评审，项目设计符合方法学要求，同意登记。"])


def _inventories(case: CaseProgress | None) -> tuple[bytes, bytes]:
    areas = case.areas_ha if case and case.areas_ha else {"A": 320.0, "B": 240.0}
    strata = {chr(ord("A") + place): round(area, 2) for place, area in enumerate(areas.values())}
    # Each project has trees of its own: a file that stands in another case raises a question of the checks.
    earlier, later = workbooks.forest_inventories(
        f"story {case.code if case else ''}", strata, plots=PLOTS, surveyed=INVENTORIES
    )
    return earlier, later


def earlier_workbook(case: CaseProgress | None) -> bytes:
    return _inventories(case)[0]


def later_workbook(case: CaseProgress | None) -> bytes:
    return _inventories(case)[1]


# Name in the address -> (name of the file, what makes it).
FILES: Mapping[str, tuple[str, Callable[[CaseProgress | None], bytes]]] = {
    "land": ("地块.geojson", land_file),
    "design": ("项目设计文件.pdf", design_paper),
    "tenure": ("权属证明.pdf", tenure_paper),
    "validation": ("审定报告.pdf", validation_paper),
    "earlier": ("样地调查_2020.xlsx", earlier_workbook),
    "later": ("样地调查_2025.xlsx", later_workbook),
}
# Which of them a step of the tour needs.
FOR_STEP: Mapping[str, tuple[str, ...]] = {
    "parcels": ("land",),
    "papers": ("design", "tenure"),
    "validate": ("validation",),
    "upload": ("earlier", "later"),
}
