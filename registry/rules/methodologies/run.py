"""One evaluation at work: where constants come from, what is traced, what is warned of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.rules.methodologies.outcome import USABLE_STATUSES, ErrorCode, Refused, Warn
from registry.rules.methodologies.parameters import ParameterSets


class Run:
    """Collects the trace and the warnings of one operation and hands out constants, each traced once."""

    def __init__(self, parameters: ParameterSets) -> None:
        self.parameters = parameters
        self.trace: list[Mapping[str, Any]] = []
        self._warnings: set[Warn] = set()
        self._traced: set[tuple[str, ...]] = set()

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings so far, in alphabetical order."""
        return tuple(sorted(warning.value for warning in self._warnings))

    def warn(self, warning: Warn) -> None:
        self._warnings.add(warning)

    def note(self, symbol: str, value: Any, unit: str, source: str) -> None:
        """Trace an intermediate figure. source: the equation it comes from."""
        self._write(symbol, value, unit, source)

    def options(self, set_id: str, *key: str) -> Mapping[str, Any]:
        """Return a part of a set to choose from; choosing needs no trace, the chosen value gets one.

        Raises Refused when the version in use has no such part.
        """
        try:
            found = self.parameters.get(set_id).value(*key)
        except KeyError:
            found = None
        if not isinstance(found, Mapping):
            raise Refused.because(ErrorCode.PARAM_MISSING, f"parameter_versions.{set_id}")
        return found

    def constant(self, symbol: str, unit: str, set_id: str, *key: str) -> Any:
        """Return a value of a parameter set, traced with set, version, key and status.

        Raises Refused when the version in use has no such value.
        """
        chosen = self.parameters.get(set_id)
        try:
            value = chosen.value(*key)
        except KeyError:
            raise Refused.because(ErrorCode.PARAM_MISSING, f"parameter_versions.{set_id}") from None
        if (symbol, set_id, *key) not in self._traced:
            self._traced.add((symbol, set_id, *key))
            status = chosen.status(*key)
            if status not in USABLE_STATUSES:
                self.warn(Warn.PROVISIONAL_PARAMETER)
            source = {"set_id": set_id, "version": chosen.version, "key": ".".join(key), "status": status}
            self._write(symbol, value, unit, source)
        return value

    def _write(self, symbol: str, value: Any, unit: str, source: Any) -> None:
        self.trace.append(
            {"step": len(self.trace) + 1, "symbol": symbol, "value": value, "unit": unit, "source": source}
        )
