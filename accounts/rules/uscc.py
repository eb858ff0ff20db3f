"""Unified social credit codes (统一社会信用代码, GB 32100-2015), N-prefixed collectives included."""

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError


def compact_uscc(text: str) -> str:
    """Return the code without spaces and hyphens, in capitals."""
    return uscc.compact(text)


def is_valid_uscc(text: str) -> bool:
    """Return whether length, characters and check digit fit.

    Rural collective economic organisations (农村集体经济组织) have codes that begin with N and a digit for the kind,
    which `stdnum` does not know: the same alphabet, weights and check digit hold for them.
    """
    code = uscc.compact(text)
    if not code.startswith("N"):
        return bool(uscc.is_valid(code))
    try:
        return len(code) == 18 and code[1:8].isdecimal() and code.isascii() and code[-1] == uscc.calc_check_digit(code)
    except (ValidationError, ValueError):  # A character outside the alphabet.
        return False


def with_check_digit(first_seventeen: str) -> str:
    """Return the whole code for its first 17 characters."""
    assert len(first_seventeen) == 17
    return first_seventeen + str(uscc.calc_check_digit(first_seventeen))
