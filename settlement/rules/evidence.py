"""Which files are taken as evidence, by what stands in them. Source: reliability.md, section 4.

The same limits and types as the registry's papers of a case, whose room stands above this one.
"""

from __future__ import annotations

MIB = 1024 * 1024
LIMIT_BYTES = 20 * MIB
NAME_LIMIT = 160

# First bytes -> content type. The name a browser sends says nothing.
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
CONTROLS = ((0x00, 0x20), (0x7F, 0xA0), (0x202A, 0x202F), (0x2066, 0x206A), (0xD800, 0xE000))


def content_type(content: bytes) -> str:
    """Return the type of a file by its content, "" for one that is not taken: a deed is a PDF or a picture."""
    return next((kind for signature, kind in SIGNATURES if content.startswith(signature)), "")


def is_clean(text: str) -> bool:
    """Return whether a text has no control characters, marks that turn its direction, or lone surrogates."""
    return not any(first <= ord(sign) < end for sign in text if sign not in "\t\n\r" for first, end in CONTROLS)


def file_name(name: str) -> str:
    """Return the last part of a path as browsers of any system send it, without what may not stand in a text."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign not in "\t\n\r" and is_clean(sign)).strip()[-NAME_LIMIT:]
