"""Texts people enter: which characters may stand in one."""

TAB_AND_LINES = "\t\n\r"
CONTROLS = ((0x00, 0x20), (0x7F, 0xA0), (0x202A, 0x202F), (0x2066, 0x206A), (0xD800, 0xE000))


def is_clean(text: str) -> bool:
    """Return whether a text has no control characters, marks that turn its direction, or lone surrogates."""
    return not any(first <= ord(sign) < end for sign in text if sign not in TAB_AND_LINES for first, end in CONTROLS)


def file_name(name: str) -> str:
    """Return the last part of a path as browsers of any system send it, without what may not stand in a text."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign not in TAB_AND_LINES and is_clean(sign)).strip()


def one_line(text: str) -> str:
    """Return a name from a file as it can be kept: in one line, without what may not stand in a text."""
    return " ".join("".join(sign if is_clean(sign) else " " for sign in text).split())
