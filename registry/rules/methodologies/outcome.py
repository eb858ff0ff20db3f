"""What an operation answers: outputs, warnings and a trace, or errors. Source: conventions, section 2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """Why inputs are refused. Source: conventions, section 5."""

    REQUIRED = "E_REQUIRED"
    TYPE = "E_TYPE"
    RANGE = "E_RANGE"
    ENUM = "E_ENUM"
    UNKNOWN_SPECIES = "E_UNKNOWN_SPECIES"
    UNKNOWN_MODEL = "E_UNKNOWN_MODEL"
    MODEL_DOMAIN = "E_MODEL_DOMAIN"
    SAMPLE_SIZE = "E_SAMPLE_SIZE"
    ZERO_MEAN = "E_ZERO_MEAN"
    UNCERTAINTY = "E_UNCERTAINTY"
    PERIOD = "E_PERIOD"
    DUPLICATE = "E_DUPLICATE"
    NOT_APPLICABLE = "E_NOT_APPLICABLE"
    PARAM_MISSING = "E_PARAM_MISSING"
    SUM = "E_SUM"


class Warn(StrEnum):
    """What a reader of a result should know. Source: conventions, section 5; the last one is ours."""

    SMALL_SAMPLE = "W_SMALL_SAMPLE"
    DISCOUNT_APPLIED = "W_DISCOUNT_APPLIED"
    NEGATIVE_CHANGE = "W_NEGATIVE_CHANGE"
    EXTRAPOLATED = "W_EXTRAPOLATED"
    BELOW_MIN_DBH = "W_BELOW_MIN_DBH"
    PROVISIONAL_PARAMETER = "W_PROVISIONAL_PARAMETER"
    THRESHOLD_NOT_MET = "W_THRESHOLD_NOT_MET"
    CAPPED = "W_CAPPED"
    EX_ANTE = "W_EX_ANTE"
    FACTOR_YEAR = "W_FACTOR_YEAR"
    DEAD_TREE = "W_DEAD_TREE"
    REVERSAL = "W_REVERSAL"
    NO_CREDIT = "W_NO_CREDIT"
    UNKNOWN_FIELD = "W_UNKNOWN_FIELD"  # A field that no specification names was not used.


@dataclass(frozen=True)
class Problem:
    """One error: `field` as in the contract, without list positions; `path` with them, for people."""

    code: ErrorCode
    field: str
    path: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code.value, "field": self.field}


class Refused(Exception):
    """The inputs cannot be calculated; there are no outputs."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    @classmethod
    def because(cls, code: ErrorCode, field: str) -> Refused:
        """Return the refusal of one field."""
        return cls([Problem(code, field, field)])


@dataclass(frozen=True)
class Result:
    """The answer of `evaluate`. Either `errors` is empty, or `outputs` and `trace` are."""

    operation: str
    methodology_version: str
    outputs: Mapping[str, Any]
    warnings: tuple[str, ...]
    trace: tuple[Mapping[str, Any], ...]
    errors: tuple[Problem, ...] = ()

    @property
    def is_ok(self) -> bool:
        return not self.errors

    def as_json(self) -> dict[str, Any]:
        """Return the answer in the form of the call contract."""
        if self.errors:
            return {
                "status": "error",
                "errors": [problem.as_json() for problem in self.errors],
                "warnings": list(self.warnings),
            }
        return {
            "status": "ok",
            "outputs": dict(self.outputs),
            "warnings": list(self.warnings),
            "trace": [dict(line) for line in self.trace],
        }


USABLE_STATUSES = frozenset({"active", "confirmed"})


def provisional_values(result: Result | Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (set, version, key) of each value a calculation used that may not support issuance.

    result: a Result, or its stored JSON. Source: conventions, section 6.
    """
    trace = result.trace if isinstance(result, Result) else result.get("trace", ())
    found = {
        (line["source"]["set_id"], line["source"]["version"], line["source"]["key"])
        for line in trace
        if isinstance(line["source"], Mapping) and line["source"]["status"] not in USABLE_STATUSES
    }
    return sorted(found)
