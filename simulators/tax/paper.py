"""An invoice as a PDF, set by typst: the same invoice always gives the same bytes."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import typst

from simulators.tax.books import Issued

SOURCE = (Path(__file__).parent / "invoice.typ").read_bytes()


def invoice_pdf(issued: Issued) -> bytes:
    """Return the PDF of an invoice."""
    shown = {
        **{name: str(issued.order[name]) for name in ("name", "taxpayer_id", "corrects", "kind", "vat_rate")},
        **{name: f"{issued.order[f'{name}_fen'] / 100:,.2f}" for name in ("amount", "net", "tax")},
        "number": issued.number,
        "day": issued.day,
    }
    written = typst.compile(
        SOURCE, sys_inputs={"data": json.dumps(shown)}, font_paths=_fonts(), format="pdf", timestamp=0
    )
    assert isinstance(written, bytes)
    return written


@cache
def _fonts() -> typst.Fonts:
    """Return the one font, read once: what fonts a machine has changes nothing."""
    found = find_spec("noto_cjk_sans_otc")
    assert found is not None
    assert found.origin is not None
    return typst.Fonts(include_system_fonts=False, font_paths=[str(Path(found.origin).parent)])
