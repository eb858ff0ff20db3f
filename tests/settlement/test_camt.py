"""Bank messages, decoded as an independent reader has decoded them, and everything else refused with its place."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.rules.camt import minor_units, read_camt
from settlement.rules.statements import rows_of_csv, statement_of_rows, statements_of
from settlement.rules.xml import MOST_BYTES, MOST_ELEMENTS, Unreadable, read_xml
from simulators.bank.camt import Line, statement

MESSAGES = ("camt052.v2", "camt053.v2.minimal", "camt053.v2.multi.statement", "camt053.v8", "camt054.v2")
DAY = date(2026, 3, 2)
WRITTEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LINES = [
    Line("B1", 50_000, DAY, "青山会展", "6222", "TH0000000001"),
    Line("B2", -20_050, DAY, "林场", "6228", "", "7"),
]


def moment(value):
    """Return a time as the samples tell it: a date is its midnight in UTC."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value.isoformat()


def parties(transaction):
    """Return the parties of a sample's payment: the creditor comes first there."""
    return [
        (one.get("relatedPartyType", {}).get("name", ""), one.get("account", {}).get("identification", ""))
        for one in transaction["relatedParties"]
    ]


def remittance(transaction):
    return transaction.get("remittanceInformation", {}).get("message", "")


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_decoded_as_by_the_independent_reader(name, sample_data):
    folder = sample_data / "bank" / "camt"
    expected = json.loads((folder / f"{name}.expected.json").read_text())
    message = read_camt((folder / f"{name}.xml").read_bytes())

    header = expected["groupHeader"]
    assert (message.id, moment(message.created_at)) == (header["messageId"], header["createdOn"])
    assert message.recipient == header.get("messageRecipient", {}).get("name", "")
    assert len(message.reports) == len(expected["records"])
    record = expected["entries"][0]["record"]
    (report,) = (one for one in message.reports if one.id == record["id"])
    assert report.sequence == record.get("electronicSequenceNumber", "")
    assert report.account == record["account"]["identification"]
    assert report.information == record["additionalInformation"]
    assert [moment(one) for one in (report.created_at, report.begins, report.ends)] == [
        record.get(word) for word in ("createdOn", "fromDate", "toDate")
    ]
    assert [(one.kind, one.amount, one.currency, moment(one.on)) for one in report.balances] == [
        (one["type"], int(one["amount"]["minor_units"]), one["amount"]["currency"], one["date"])
        for one in record.get("balances", [])
    ]
    assert sum(len(one.entries) for one in message.reports) >= len(report.entries) == len(expected["entries"])
    for entry, one in zip(report.entries, expected["entries"], strict=True):
        assert entry.amount == int(one["amount"]["minor_units"])
        assert entry.currency == one["amount"]["currency"]
        assert (entry.reference, entry.status) == (one.get("accountServicerReference", ""), one["status"])
        assert (moment(entry.booked), moment(entry.valued)) == (one["bookingDate"], one["valueDate"])
        assert (entry.is_reversal, entry.information) == (one["reversalIndicator"], one["additionalInfo"])
        payments = [one["transactionDetail"], *one["transactionDetails"][1:]]
        assert [payment.end_to_end for payment in entry.payments] == [
            payment.get("reference", {}).get("endToEndId", "") for payment in payments
        ]
        assert [next(iter(payment.messages), "") for payment in entry.payments] == list(map(remittance, payments))
        assert [
            [(who.name, who.account) for who in (payment.creditor, payment.debtor) if who.name]
            for payment in entry.payments
        ] == list(map(parties, payments))


def test_our_banks_statement_comes_out_as_it_was_written():
    data = statement(number=3, account="62220001", opening_fen=100_000, lines=LINES, written_at=WRITTEN)
    (found,) = statements_of(read_camt(data))

    assert (found.account, found.id, found.opening_fen, found.closing_fen) == (
        "62220001",
        "STMT-000003",
        100_000,
        129_950,
    )
    assert [(one.bank_serial, one.fen, one.booked_on, one.name) for one in found.lines] == [
        ("B1", 50_000, DAY, "青山会展"),
        ("B2", -20_050, DAY, "林场"),
    ]
    assert (found.lines[0].reference, found.lines[1].end_to_end) == ("TH0000000001", "7")


HONEST = statement(number=1, account="6222", opening_fen=0, lines=LINES, written_at=WRITTEN)
BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>&b;</BkToCstmrStmt></Document>"""
OUTSIDE = BOMB.replace(b'<!ENTITY a "ha">', b'<!ENTITY a SYSTEM "file:///etc/passwd">')


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (BOMB, "document type"),
        (OUTSIDE, "document type"),
        (b"<!DOCTYPE Document><Document/>", "document type"),
        (b"<a>" + b"<b/>" * (MOST_ELEMENTS + 1) + b"</a>", "too many elements"),
        (b"", "well-formed"),
        (b"<a><b></a>", "well-formed"),
        (b"<a>" * 50 + b"</a>" * 50, "too deep"),
        (b" " * (MOST_BYTES + 1), "at most"),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', "encoding"),
        (HONEST.replace(b"camt.053.001.08", b"camt.029.001.09"), "none of"),
        (HONEST.replace(b"camt.053.001.08", b"camt.053.001.99"), "none of"),
        (HONEST.replace(b"<MsgId>", b"<Id>").replace(b"</MsgId>", b"</Id>"), "MsgId is missing"),
        (HONEST.replace(b">CRDT<", b">XXXX<", 1), "CRDT or DBIT"),
        (HONEST.replace(b">500.00<", b">500.001<"), "an amount"),
        (HONEST.replace(b">500.00<", b">1e400<"), "an amount"),
        (HONEST.replace(b">500.00<", b">NaN<"), "an amount"),
        (HONEST.replace(b">500.00<", b">-500.00<"), "an amount"),
        (HONEST.replace(b">500.00<", b">500.01<"), "give"),
        (HONEST.replace(b">500.00<", "＞５００".encode()), "well-formed"),
        (HONEST.replace(b'Ccy="CNY">500', b'Ccy="EUR">500'), "CNY is expected"),
        (HONEST.replace(b"OPBD", b"XXXX"), "opening balance"),
        (HONEST.replace(b"B2", b"B1"), "twice"),
        (HONEST.replace(b">B1<", b"><"), "reference"),
        (HONEST.replace(b"2026-03-02</Dt>", b"2026-02-30</Dt>"), "a date"),
    ],
)
def test_what_is_no_sound_statement_is_refused(data, said):
    with pytest.raises(Unreadable, match=said):
        statements_of(read_camt(data))


@given(data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    try:
        read_xml(data)
    except Unreadable:
        return


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("8.85", "EUR", 885), ("2700", "JPY", 2700), ("1.234", "KWD", 1234), ("0", "CNY", 0)],
)
def test_minor_units_are_those_of_the_currency(text, currency, minor):
    assert minor_units(text, currency) == minor


# -- exports of Chinese banks


def test_a_real_export_of_the_bank_of_china_follows_its_balances(sample_data):
    data = (sample_data / "bank" / "china" / "boc-records.csv").read_bytes()
    rows = rows_of_csv(data)
    found = statement_of_rows(rows, account="3167")

    assert len(found.lines) == sum(1 for row in rows if len(row) > 5 and row[0][:2] == "20")
    assert found.opening_fen + sum(line.fen for line in found.lines) == found.closing_fen == 324_028
    assert found.lines[-1].fen == -7_189
    assert statement_of_rows(rows_of_csv(data.decode().encode("gbk")), account="3167") == found


def test_an_export_whose_balances_were_struck_out_is_refused_with_its_row(sample_data):
    data = (sample_data / "bank" / "china" / "icbc-debit-v2-records.csv").read_bytes()
    with pytest.raises(Unreadable, match="an amount in yuan") as refused:
        statement_of_rows(rows_of_csv(data), account="1")
    assert refused.value.place == "row 8"


EXPORT = "招商银行流水\n交易日期,收入,支出,余额,对方户名,附言,流水号\n2026-03-02,,200.50,799.50,林场,货款,A2\n2026-03-01,1000.00,,1000.00,青山,TH1,A1\n"


def test_income_and_expense_in_two_columns_newest_first():
    found = statement_of_rows(rows_of_csv(EXPORT.encode("gbk")), account="1")
    assert [(one.bank_serial, one.fen) for one in found.lines] == [("A1", 100_000), ("A2", -20_050)]
    assert (found.opening_fen, found.closing_fen) == (0, 79_950)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("799.50", "799.51"), "do not follow"),
        (("2026-03-02", "2026-02-30"), "a date"),
        (("200.50", "=1+1"), "an amount"),
        (("200.50", ""), "nothing"),
        (("余额", "备注二"), "no row names"),
        (("A2", "A1"), "twice"),
    ],
)
def test_an_export_that_is_off_is_refused(change, said):
    with pytest.raises(Unreadable, match=said):
        statement_of_rows(rows_of_csv(EXPORT.replace(*change).encode()), account="1")


def test_a_text_in_no_known_encoding_is_refused():
    with pytest.raises(Unreadable, match="neither"):
        rows_of_csv(b"\xff\xfe\x00a,b")


def test_equal_movements_without_a_serial_get_one_each_and_the_same_again():
    text = "日期,金额,余额,附言\n2026-03-01,10,10,a\n2026-03-01,10,20,a\n"
    first, again = (statement_of_rows(rows_of_csv(text.encode()), account="1") for _ in range(2))
    assert first == again
    assert len({line.bank_serial for line in first.lines}) == 2
