"""The worked examples of the specifications, and how an answer is compared with one."""

import copy
import json
import math
from pathlib import Path
from typing import Any

from registry.rules.methodologies import operations

RELATIVE = 1e-9
ALL: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "worked_examples.json").read_text(encoding="utf-8")
)
BUILT = {name: example for name, example in ALL.items() if example["operation"] in operations()}


def inputs_of(name: str) -> dict[str, Any]:
    """Return a copy of an example's inputs, to be changed at will."""
    return copy.deepcopy(ALL[name]["inputs"])


def differences(expected: Any, found: Any, path: str = "outputs") -> list[str]:
    """Return where `found` lacks or contradicts something expected; more than expected is allowed."""
    if isinstance(expected, dict):
        missing = [f"{path}.{name} is missing" for name in expected if name not in found]
        return missing + [
            line
            for name, value in expected.items()
            if name in found
            for line in differences(value, found[name], f"{path}.{name}")
        ]
    if isinstance(expected, list):
        if len(expected) != len(found):
            return [f"{path} has {len(found)} items, not {len(expected)}"]
        return [
            line
            for place, (one, other) in enumerate(zip(expected, found, strict=True))
            for line in differences(one, other, f"{path}[{place}]")
        ]
    if isinstance(expected, float) and isinstance(found, (int, float)) and not isinstance(found, bool):
        is_same = math.isclose(expected, found, rel_tol=RELATIVE, abs_tol=1e-12)
    else:
        is_same = expected == found and isinstance(expected, bool) == isinstance(found, bool)
    return [] if is_same else [f"{path} is {found!r}, not {expected!r}"]
