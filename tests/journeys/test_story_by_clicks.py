"""The whole life of a credit by clicks in Chromium, led by the guided tour: no API, no typed password, no patched time.

Each step begins at the tour's bar, which names it and signs in whoever does it; waiting times pass with the bar's own
button for the clock. The trees are the test's own, and so are the tonnes that must come out.
"""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, expect

from tests.journeys import plain, trees

pytestmark = [pytest.mark.timeout(600), pytest.mark.browser]
NAME = "点击旅程造林碳汇项目"
SLOW_MS = 120_000
PRICE, OFFERED, BOUGHT, RETIRED = "60.00", 30, 12, 10
PDF = b"%PDF-1.4\n% journey\n%%EOF\n"


class Visitor:
    """Someone in front of the browser who follows the tour."""

    def __init__(self, page: Page, files: Path) -> None:
        self.page, self.files = page, files
        self.main = page.locator("main")

    def due(self, label: str) -> None:
        """Wait until the tour names a step, looking again as a person would."""
        named = self.page.locator(".tour-text b")
        for _ in range(60):
            if label in named.inner_text():
                return
            self.page.wait_for_timeout(500)
            with suppress(Error):  # The answer to a form may come in this moment and lead elsewhere.
                self.page.goto(self.page.url)
        expect(named).to_contain_text(label)

    def goes_on(self, label: str) -> None:
        """Take up the step the tour names, as whoever does it."""
        self.due(label)
        button = self.page.locator(".tour-bar .btn-primary")
        if button.count():
            button.click()
            self.page.wait_for_load_state()
        self.confirms()

    def confirms(self) -> None:
        """Pass the page that asks for the password again; a session of one click passes by one click."""
        if "/confirm/" in self.page.url:
            self.main.locator("form button.btn-primary").click()
            self.page.wait_for_load_state()

    def waits(self, label: str, then: str) -> None:
        """Move the business clock by the tour's button, and wait until the step after it is due."""
        self.due(label)
        self.page.locator(".tour-bar .btn-primary").click()
        expect(self.page.locator(".tour-text b")).to_contain_text(then, timeout=SLOW_MS)

    def fills(self, **fields: str) -> None:
        for name, value in fields.items():
            field = self.main.locator(f"[name={name}]").first
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def gives(self, name: str, content: bytes, field: str = "file") -> None:
        path = self.files / name
        path.write_bytes(content)
        self.main.locator(f"input[name={field}]").set_input_files(path)

    def presses(self, button: str) -> None:
        """Press a button of the page, and say yes if it asks."""
        self.main.locator(button).first.click()
        yes = self.page.locator("dialog.confirm .btn-primary")
        self.page.wait_for_timeout(150)
        if yes.count():
            yes.click()
        self.page.wait_for_load_state()

    def ticks_every_item(self) -> None:
        for choice in self.main.locator("input[type=radio][value=passed]").all():
            choice.check()


@pytest.fixture
def visitor(region, page, tmp_path):
    page.goto(f"{region.url}/")
    page.get_by_role("button", name="开始导览").click()
    return Visitor(page, tmp_path)


def applies(visitor: Visitor) -> None:
    """From the empty draft to the submission."""
    visitor.goes_on("新建项目")
    visitor.fills(name=NAME, methodology="F1", division="150782")
    visitor.presses("button[name=do][value=next]")
    visitor.goes_on("上传地块")
    visitor.gives("land.geojson", trees.parcels(east_by=0.2))
    expect(visitor.page.locator("#preview table")).to_be_visible()
    visitor.fills(land_category="unused", tenure="use_right", tenure_number="点击权字第1号")
    visitor.presses("form[data-upload] .card-footer button[type=submit]")
    visitor.goes_on("填计入期、选审定机构")
    visitor.fills(crediting_first="2021-01-01", crediting_last="2040-12-31")
    visitor.main.locator("[name=validator]").select_option(label="北疆审定认证有限公司（演示）")
    visitor.presses("button[name=do][value=next]")
    visitor.goes_on("上传材料")
    for kind in ("design", "tenure"):
        visitor.fills(kind=kind)
        visitor.gives(f"{kind}.pdf", PDF)
        visitor.presses("form[data-upload] .card-footer button[type=submit]")
        expect(visitor.main).to_contain_text(f"{kind}.pdf")
    visitor.goes_on("提交申请")
    visitor.presses("form[data-confirm] button.btn-primary")


def is_registered(visitor: Visitor) -> None:
    """Through three levels of review, the notice, the validation and two persons to the register."""
    for label in ("旗县林草局初审", "盟市林草局审核", "自治区林草局受理"):
        visitor.goes_on(label)
        visitor.ticks_every_item()
        visitor.presses("button[name=verb][value=pass]")
    visitor.goes_on("发布公示")
    visitor.presses("form[action$='/publish/'] button")
    visitor.waits("等待公示期满", then="签署审定报告")
    visitor.goes_on("签署审定报告")
    visitor.fills(opinion="项目设计符合方法学要求。")
    visitor.gives("validation.pdf", PDF, field="report")
    visitor.presses("button[name=verb][value=sign]")
    for label, verb in (("提出登记意见", "propose"), ("复核登记", "approve"), ("登记备案", "record")):
        visitor.goes_on(label)
        visitor.presses(f"button[name=verb][value={verb}]")
        visitor.confirms()


def is_measured(visitor: Visitor, told: plain.Tonnes) -> None:
    """Two inventories, the calculation, the report."""
    forest = trees.forest()
    visitor.goes_on("新建监测期")
    visitor.fills(first=trees.FIRST.isoformat(), last=trees.LAST.isoformat())
    visitor.presses("form button.btn-primary")
    visitor.goes_on("上传监测数据")
    for date_of, standing, day in (("earlier", forest.earlier, trees.EARLIER), ("later", forest.later, trees.LATER)):
        visitor.fills(slot=f"forest_plots:{date_of}")
        visitor.gives(f"{date_of}.xlsx", trees.workbook(forest, standing, day))
        visitor.presses("form[enctype] button[type=submit]")
        expect(visitor.main).to_contain_text(f"{date_of}.xlsx")
    visitor.goes_on("核算减排量")
    visitor.presses("form[action$='/calculate/'] button")
    visitor.due("提交监测报告")
    expect(visitor.main).to_contain_text(f"{told.credits:,}")
    visitor.goes_on("提交监测报告")
    visitor.main.locator("[name=verifier]").select_option(label="青城核查技术有限公司（演示）")
    visitor.presses("form button.btn-primary")


def is_verified_and_issued(visitor: Visitor, told: plain.Tonnes) -> None:
    """The automatic checks, the notice, the other body's word, and the credits by two persons."""
    for _ in range(5):  # Until the checks have run, the report cannot be published.
        visitor.goes_on("公示监测报告")
        visitor.main.locator("input[name=verb][value=publish]").check()
        visitor.presses("form button.btn-primary")
        if "公示监测报告" not in visitor.page.locator(".tour-text b").inner_text():
            break
        visitor.page.wait_for_timeout(2000)
    visitor.waits("等待公示期满", then="签署核查报告")
    visitor.goes_on("签署核查报告")
    visitor.main.locator("input[name=verb][value=sign]").check()
    visitor.fills(opinion="减排量属实，予以确认。")
    visitor.presses("form button.btn-primary")
    visitor.goes_on("提出签发意见")
    for figure in (told.credits, told.buffer):
        expect(visitor.main).to_contain_text(f"{figure:,}")
    for _year, tonnes, buffer in told.vintages:
        expect(visitor.main).to_contain_text(f"{tonnes:,}")
        expect(visitor.main).to_contain_text(f"{buffer:,}")
    visitor.presses("form[data-confirm] button.btn-primary")
    visitor.goes_on("复核签发")
    visitor.main.locator("input[name=verb][value=issue]").check()
    visitor.presses("form button.btn-primary")
    visitor.goes_on("签发备案")
    visitor.presses("form button.btn-primary")


def orders(visitor: Visitor, label: str, quantity: int) -> None:
    visitor.goes_on(label)
    visitor.page.get_by_label("价格（元/吨）").fill(PRICE)
    visitor.page.get_by_label("数量（吨）").fill(str(quantity))
    visitor.page.get_by_role("button", name="核对").click()
    visitor.page.get_by_role("button", name="提交申报").click()
    expect(visitor.page.get_by_text(re.compile("申报 \\d+ 已受理"))).to_be_visible()


def is_traded_and_retired(visitor: Visitor) -> None:
    """Admitted, offered, bought, and out of circulation."""
    visitor.goes_on("申请标的上市")
    label = visitor.main.locator("[name=asset] option", has_text=f"{NAME} 2025").text_content()
    visitor.main.locator("[name=asset]").select_option(label=(label or "").strip())
    visitor.fills(price=PRICE)
    visitor.presses("form:has([name=asset]) button.btn-primary")
    visitor.goes_on("初审上市申请")
    visitor.fills(opinion="材料齐全。")
    visitor.presses("form:has([name=opinion]) button.btn-primary")
    visitor.goes_on("复核上市申请")
    visitor.presses("form[data-confirm] button.btn-primary")
    visitor.confirms()
    visitor.waits("等待开市", then="挂牌卖出")
    orders(visitor, "挂牌卖出", OFFERED)
    orders(visitor, "买入", BOUGHT)
    visitor.goes_on("注销减排量")
    visitor.fills(tonnes=str(RETIRED), beneficiary="点击旅程受益人", purpose="voluntary")
    visitor.presses("form button.btn-primary")
    visitor.presses("form button.btn-primary")
    visitor.confirms()


def test_a_newcomer_is_led_from_the_land_to_the_certificate(region, visitor):
    told = plain.expected(trees.forest(), trees.FIRST, trees.LAST)
    applies(visitor)
    is_registered(visitor)
    is_measured(visitor, told)
    is_verified_and_issued(visitor, told)
    is_traded_and_retired(visitor)

    visitor.goes_on("的一生已讲完")
    expect(visitor.page).to_have_url(re.compile(r"/certificates/NMZX-\d{4}-\d{6}/"))
    number = visitor.page.url.rstrip("/").rpartition("/")[2]
    for words in (number, "点击旅程受益人", NAME, f"{RETIRED} tCO₂e"):
        expect(visitor.main).to_contain_text(words)
    expect(visitor.main).to_contain_text(re.compile(r"NM-CS-150782-F-\d{6}-2025-\d{10}-\d{10}-\d{2}"))
    paper = visitor.page.request.get(f"{region.url}/certificates/{number}/pdf/")
    assert paper.body().startswith(b"%PDF")

    visitor.page.get_by_role("button", name="结束导览").click()
    expect(visitor.page.locator(".tour-bar")).to_have_count(0)

    answer = region.invariants()
    assert answer["status"] == "ok", answer["broken"]
