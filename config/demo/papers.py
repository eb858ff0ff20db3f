"""Papers of the demonstration as PDF: each says on every page that it is invented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typst import Fonts

_LAYOUT = """
#let told = json(bytes(sys.inputs.told))
#set document(title: told.title)
#set page(
  paper: "a4", margin: (x: 2.4cm, y: 2.6cm),
  header: align(right, text(size: 9pt, fill: rgb("#8a4b12"))[演示用途，内容均为虚构]),
  footer: align(center, text(size: 9pt)[#context counter(page).display()]),
)
#set text(font: "Noto Sans CJK SC", size: 11pt, lang: "zh")
#set par(leading: 0.9em, justify: true)
#align(center, text(size: 18pt)[#told.title])
#v(0.4cm)
#for line in told.lines [#par(line)]
"""


def paper(title: str, lines: Sequence[str]) -> bytes:
    """Return a PDF with a title and paragraphs; equal words give equal bytes."""
    import typst

    told = json.dumps({"title": title, "lines": list(lines)}, ensure_ascii=False)
    written = typst.compile(
        _LAYOUT.encode(),
        sys_inputs={"told": told},
        font_paths=_fonts(),
        format="pdf",
        timestamp=0,
    )
    assert isinstance(written, bytes)
    return written


@cache
def _fonts() -> Fonts:
    """Return the one font of the papers, read once: what fonts a machine has changes nothing."""
    import typst

    found = find_spec("noto_cjk_sans_otc")
    assert found is not None
    assert found.origin is not None
    return typst.Fonts(include_system_fonts=False, font_paths=[str(Path(found.origin).parent)])
