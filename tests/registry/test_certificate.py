"""The certificate: equal content gives equal bytes, everything on it, a QR code that leads to the check page."""

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from django.utils.translation import gettext, override
from pypdf import PdfReader

from accounts.rules.paper import in_words
from inclusion.web import words as inclusion_words
from registry.rules.certificate import PURPOSES, Certificate, certificate_pdf, masked_name, shown
from registry.web import credit_words

ONE = Certificate(
    number="NMZX-2026-000001",
    venue="内蒙古林草湿碳汇交易平台",
    holder="呼和浩特市青城会展服务有限公司",
    beneficiary="2026年草原那达慕大会组委会",
    purpose="event",
    period_first=date(2026, 7, 18),
    period_last=date(2026, 7, 22),
    note="",
    tonnes=1234,
    project_name="敖汉旗大黑山林场樟子松造林碳汇项目",
    project_code="NM-CS-000123",
    place="敖汉旗",
    methodology="F1",
    vintage_year=2024,
    serials=(
        "NM-CS-150430-F-000123-2024-0000000001-0000001000-50",
        "NM-CS-150430-F-000123-2024-0000002001-0000002234-12",
    ),
    retired_on=date(2026, 3, 2),
    check_url="http://127.0.0.1:8000/certificates/NMZX-2026-000001/",
)


def test_equal_content_gives_equal_bytes():
    first, second = certificate_pdf(ONE), certificate_pdf(replace(ONE))

    assert first == second
    assert first.startswith(b"%PDF-")
    assert certificate_pdf(replace(ONE, tonnes=1235)) != first


@pytest.mark.parametrize(
    ("tonnes", "words"),
    [
        (1, "壹"),
        (10, "壹拾"),
        (1234, "壹仟贰佰叁拾肆"),
        (100_020, "壹拾万零贰拾"),
        (123_456_789, "壹亿贰仟叁佰肆拾伍万陆仟柒佰捌拾玖"),
    ],
)
def test_tonnes_in_chinese_capitals(tonnes, words):
    assert in_words(tonnes) == words


def test_everything_it_says_is_printed():
    texts = shown(ONE)

    assert texts["purpose"] == ["大型活动碳中和注销", "Event neutrality retirement"]
    assert texts["period"] == ["2026年7月18日至2026年7月22日", "18 July 2026 – 22 July 2026"]
    assert texts["date"] == ["2026年3月2日", "2 March 2026"]
    assert (texts["tonnes"], texts["words"]) == ("1,234", "壹仟贰佰叁拾肆")
    assert shown(replace(ONE, period_first=None, period_last=None))["period"] is None


def test_hostile_text_is_text():
    """Whatever a beneficiary is called is printed, and is no code of the template."""
    hostile = replace(ONE, beneficiary='#panic("x") $a$ *b* <c> \\ "引号"', note="#sys.inputs // [")

    assert certificate_pdf(hostile).startswith(b"%PDF-")


def test_one_page_unless_the_serials_need_more():
    def pages(certificate):
        read = PdfReader(BytesIO(certificate_pdf(certificate))).pages
        return len(read), "\n".join(page.extract_text() for page in read)

    count, text = pages(ONE)
    assert count == 1
    for needed in (*ONE.serials, ONE.number, "1,234", "吨二氧化碳当量", "NM-CS-000123", "Certificate of Retirement"):
        assert needed in text
    longest = replace(
        ONE,
        beneficiary="长" * 120,
        note="注" * 200,
        project_name="名" * 120,
        tonnes=10**12,
        serials=ONE.serials[:1] * 3,
    )
    assert pages(longest)[0] == 1
    count, text = pages(replace(ONE, serials=ONE.serials[:1] * 300))
    assert count > 1
    assert text.count(ONE.serials[0]) == 300


def test_a_persons_name_is_masked_for_the_public():
    assert [masked_name(name) for name in ("巴特尔", "张三", "乌日娜其其格", "李")] == ["巴**", "张*", "乌**", "李*"]


def test_the_purposes_have_one_name_on_form_page_and_certificate():
    with override("zh-hans"):
        named = {purpose: (gettext(words), words) for purpose, words in credit_words.PURPOSES.items()}
    assert named == PURPOSES
    assert {purpose: named[purpose][1] for purpose in inclusion_words.PURPOSES} == inclusion_words.PURPOSES
