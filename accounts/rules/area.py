"""Whose area a place lies in, by division code (GB/T 2260: two digits each for province, prefecture, county)."""


def area_prefix(division_code: str) -> str:
    """Return the digits that all codes under this division begin with.

    "150000" gives "15", "150400" gives "1504", "150430" itself; "" (no area) gives "".
    """
    code = division_code
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def is_in_area(division_code: str, office_code: str) -> bool:
    """Return whether a place lies in the area of an office; an office without an area has none."""
    return bool(office_code) and division_code.startswith(area_prefix(office_code))
