"""Parameter sets: versioned tables of constants, each value with its status. Source: conventions, section 6."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from registry.rules.methodologies.outcome import ErrorCode, Problem, Refused

SHIPPED = Path(__file__).resolve().parents[2] / "parameters"

# What the index of the conventions (6.1) says of a set whose file does not say it of each value.
STATUS_BY_INDEX = {
    "deadwood_litter": "active",
    "discount": "active",
    "grassland_soc": "active",
    "gwp": "active",
    "tree_allometry": "provisional",
    "risk": "provisional",
}


@dataclass(frozen=True)
class ParameterSet:
    """One published version of a set. `values` is the whole document as published, and never changes."""

    set_id: str
    version: str
    values: Mapping[str, Any]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ParameterSet:
        """Return the set of a document with `set_id` and `version`. Raises KeyError without them."""
        return cls(str(document["set_id"]), str(document["version"]), document)

    def value(self, *key: str) -> Any:
        """Return what stands under the key. Raises KeyError.

        A value that carries its own source is written as an object with `value`: then that is the value.
        """
        found: Any = self.values
        for part in key:
            if not isinstance(found, Mapping):
                raise KeyError(key)
            found = found[part]
        if isinstance(found, Mapping) and "value" in found:
            return found["value"]
        return found

    def status(self, *key: str) -> str:
        """Return the status of a value: a confirmation of it, or what the nearest part around it says.

        A part may also be spoken for beside it ("sheep_units_status"). A part with no status of its own is active
        when its confidence is high. What nothing speaks for has the status of the conventions' index.
        """
        confirmed = self.values.get("confirmed", {})
        if any(".".join(key[:length]) in confirmed for length in range(1, len(key) + 1)):
            return "confirmed"
        said: list[str | None] = [_own_status(self.values)]
        around: Any = self.values
        for part in key:
            if not isinstance(around, Mapping):
                break
            said.append(around.get(f"{part.removesuffix('_rate')}_status"))
            around = around.get(part)
            said.append(_own_status(around))
        for status in reversed(said):
            if status is not None:
                return status
        return STATUS_BY_INDEX.get(self.set_id, "provisional")

    def confirming(self, *, version: str, confirmations: Mapping[str, Mapping[str, str]]) -> ParameterSet:
        """Return the next version of the set, in which the named values are confirmed.

        confirmations: by key with dots ("species.LARIX"), who, on what day, on what evidence; the parts below
        a key are confirmed with it. Raises KeyError when a key is not in the set.
        """
        for key in confirmations:
            self.value(*key.split("."))
        already = self.values.get("confirmed", {})
        document = {**self.values, "version": version, "confirmed": {**already, **confirmations}}
        return ParameterSet(self.set_id, version, document)


def _own_status(part: Any) -> str | None:
    if not isinstance(part, Mapping):
        return None
    if isinstance(part.get("status"), str):
        return str(part["status"])
    if isinstance(part.get("confidence"), str):
        return "active" if part["confidence"] == "high" else "provisional"
    return None


class ParameterSets:
    """The versions at hand of every set, and which of each a calculation uses."""

    def __init__(self, available: Iterable[ParameterSet], chosen: Mapping[str, str]) -> None:
        self._available = {(one.set_id, one.version): one for one in available}
        self._chosen = dict(chosen)

    def get(self, set_id: str) -> ParameterSet:
        """Return the chosen version of a set. Raises KeyError."""
        return self._available[set_id, self._chosen[set_id]]

    @property
    def versions(self) -> dict[str, str]:
        """The version in use of each set, as stored with a calculation."""
        return dict(self._chosen)

    def adding(self, sets: Mapping[str, ParameterSet]) -> ParameterSets:
        """Return the same sets with these versions at hand and in use."""
        return ParameterSets(
            [*self._available.values(), *sets.values()],
            {**self._chosen, **{set_id: one.version for set_id, one in sets.items()}},
        )

    def choosing(self, versions: Mapping[str, Any]) -> ParameterSets:
        """Return the same sets with these versions in use. Raises Refused for a set or a version not at hand."""
        problems = []
        for set_id, version in versions.items():
            field = f"parameter_versions.{set_id}"
            if set_id not in self._chosen:
                problems.append(Problem(ErrorCode.ENUM, field, field))
            elif not isinstance(version, str):
                problems.append(Problem(ErrorCode.TYPE, field, field))
            elif (set_id, version) not in self._available:
                problems.append(Problem(ErrorCode.PARAM_MISSING, field, field))
        if problems:
            raise Refused(problems)
        return ParameterSets(self._available.values(), {**self._chosen, **versions})


@cache
def shipped() -> ParameterSets:
    """Return the sets of registry/parameters, the initial contents of the parameter tables."""
    documents = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.json")))
    sets = [ParameterSet.from_json(document) for document in documents]
    return ParameterSets(sets, {one.set_id: one.version for one in sets})
