"""A small firm pays in, buys at the best offer and sees what it holds: by clicks, in Chromium, without the API."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.accessibility import barriers

pytestmark = [pytest.mark.timeout(600), pytest.mark.browser]
LISTED = "W000003-24"
DESK, PHONE = {"width": 1366, "height": 900}, {"width": 390, "height": 844}


def sign_in(page: Page, url: str, username: str) -> None:
    page.goto(f"{url}/sign-in/")
    page.locator(f"form:has(input[value='{username}']) button").click()
    expect(page).to_have_url(re.compile("/workbench/"))


def test_a_firm_pays_in_buys_and_holds(region, page):
    seller = region.client(8)
    price = seller.get(f"/instruments/{LISTED}/")["base_price"]
    seller.post("/orders/?wait=5", {"instrument": LISTED, "side": "sell", "price": price, "quantity": 25})

    sign_in(page, region.url, "qiye")
    page.get_by_role("link", name="资金账户").click()
    page.get_by_label("金额（元）").first.fill("5000")
    page.get_by_role("button", name="生成入金编号").click()
    expect(page.get_by_text("请在付款附言中填写入金编号")).to_be_visible()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="去银行付款").first.click()
    bank = opened.value
    bank.get_by_role("button", name="付款").click()
    expect(bank.get_by_text("平台已收到入账通知")).to_be_visible()
    bank.close()
    page.reload()
    expect(page.get_by_text("¥5,000.00").first).to_be_visible()

    page.get_by_role("link", name="行情").click()
    page.get_by_role("link", name=LISTED).click()
    page.get_by_role("link", name="买入").click()
    page.get_by_label("价格（元/吨）").fill(price)
    page.get_by_label("数量（吨）").fill("12")
    page.get_by_role("button", name="核对").click()
    expect(page.get_by_text("元", exact=False).first).to_be_visible()
    expect(page.get_by_text("冻结资金上限")).to_be_visible()
    page.get_by_role("button", name="提交申报").click()
    expect(page.get_by_text(re.compile("申报 \\d+ 已受理"))).to_be_visible()
    for _ in range(12):  # The page hears of the trade by itself; a machine under load may take longer than its words.
        if page.locator(".status-badge", has_text="已成交").count():
            break
        page.wait_for_timeout(5_000)
        page.reload()
    expect(page.locator(".status-badge", has_text="已成交").first).to_be_visible()

    page.get_by_role("link", name="持仓").click()
    expect(page.get_by_text("12 tCO₂e").first).to_be_visible()
    bought = page.locator("section.card").filter(has=page.locator("a.font-monospace", has_text="-W-000003-"))
    bought.get_by_text("序列号", exact=True).first.click()
    bought.locator("a.font-monospace").first.click()
    expect(page.get_by_role("heading", name=re.compile("NM-CS-150823-W-000003"))).to_be_visible()
    expect(page.get_by_role("cell", name="成交").first).to_be_visible()
    assert region.invariants()["status"] == "ok"


ROLES = ("qiye", "linchang", "hecha", "jiaoyi", "jiesuan", "xitong", "anquan", "shenji", "shenjiyuan", "qujingban")


def test_every_page_of_a_menu_opens_for_everyone_on_desk_and_phone(region, page):
    """Each page answers 200, gives axe-core nothing serious to say, and is no wider than a phone."""
    seen: set[str] = set()
    complaints: list[str] = []
    for username in ROLES:
        sign_in(page, region.url, username)
        for address in page.locator(".side-link").evaluate_all("links => links.map(one => one.href)"):
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
            if address in seen:
                continue
            seen.add(address)
            complaints += [f"{username} {address} {one}" for one in barriers(page)]
            page.set_viewport_size(PHONE)
            if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
                complaints.append(f"{username} {address} is wider than a phone")
            page.set_viewport_size(DESK)
        page.locator(".account-menu summary").click()
        page.get_by_role("button", name="退出登录").click()
    assert complaints == []


def test_a_phone_shows_no_public_page_wider_than_itself(region, page):
    page.set_viewport_size(PHONE)
    for address in ("/", "/market/", f"/market/{LISTED}/", "/rules/", "/serials/", "/sign-in/"):
        page.goto(region.url + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        assert barriers(page) == []
