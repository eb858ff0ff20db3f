"""Evidence packs: what they may be about, how their tables and their list of hashes are written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from accounts.rules.paper import chinese_day, english_day, paper
from rulebook.rules import beijing

FORMAT = "tanhui-pack/1"
TEMPLATE = Path(__file__).with_name("pack.typ")
SUMS = "SHA256SUMS"
# What spreadsheets take for the beginning of a formula.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
README = """证据包 · Evidence pack ({format})

{title}

本压缩包由平台按一名审计人员的请求制作，无须登录平台即可核验：
  1. SHA256SUMS 列出其余每个文件的 SHA-256；
  2. log/head.txt 是签名的透明日志树根，log/proofs.jsonl 证明每一项决定、每一笔分录都在这棵树里；
  3. ledger/entries.jsonl 是账本各表现在的记载，须与日志中的记录逐字相同；
  4. calculations/ 中每个文件的 SHA-256 就是其文件名，与核算记录所载一致。

核验（程序取自平台 /static/verify/tanhui_log.py，公钥须为您自己早先记下的）：
  python3 tanhui_log.py pack <本文件>.zip --key "<公钥>"

This archive was made at an auditor's request and can be checked without us, with the one-file verifier above and a
key that you took down yourself earlier. log/waiting.txt names what was not sealed yet when the pack was made,
log/before.txt what is older than the log. Tables (csv) are for people: a text that a spreadsheet would take for a
formula has an apostrophe before it. Persons are numbers; whose they are is asked of the platform, with a reason.
"""


class PackScope(StrEnum):
    """What an evidence pack is about."""

    BATCH = "batch"
    PROJECT = "project"
    PERIOD = "period"


class PackState(StrEnum):
    """Where the making of a pack stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class PackSummary:
    """What the paper on top of a pack says. `facts`: pairs of Chinese and English words with a value."""

    title: str
    venue: str
    made_on: date
    head_size: int
    root: str
    facts: tuple[tuple[str, str, str], ...]


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Give a table as CSV in UTF-8 with a mark that spreadsheets know, line by line."""
    yield "\ufeff".encode()
    yield _line(head)
    for row in rows:
        yield _line([_cell(value) for value in row])


def _line(row: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(row)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return beijing(value).isoformat(timespec="seconds")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def json_line(value: Any) -> bytes:
    """Return a JSON value as one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode() + b"\n"


def canonical_bytes(value: Any) -> bytes:
    """Return a JSON value in the form whose SHA-256 a calculation record states."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode()


def sums_bytes(hashes: Iterable[tuple[str, str]]) -> bytes:
    """Return the list of hashes, as `sha256sum -c` reads it, by name."""
    return "".join(f"{value}  {name}\n" for name, value in sorted(hashes)).encode()


def summary_pdf(summary: PackSummary, *, check_url: str) -> bytes:
    """Return the paper on top as PDF; byte-identical for equal content."""
    content = {
        "title": summary.title,
        "venue": summary.venue,
        "day": [chinese_day(summary.made_on), english_day(summary.made_on)],
        "head_size": f"{summary.head_size:,}",
        "root": summary.root,
        "facts": [list(fact) for fact in summary.facts],
        "sums": SUMS,
    }
    return paper(TEMPLATE, content, day=summary.made_on, qr=check_url)
