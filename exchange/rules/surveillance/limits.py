"""The rule values that patterns compare with."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from exchange.rules.profile import Profile
from exchange.rules.surveillance.records import Figure


class Limits:
    """The rule values of surveillance, by their names behind “surveillance.”; what has none is not looked for."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def hold(self, *names: str) -> bool:
        """Tell whether all of these values are in force."""
        return all(self.profile.value(f"surveillance.{name}") is not None for name in names)

    def whole(self, name: str) -> int:
        return int(self.profile.value(f"surveillance.{name}"))

    def share(self, name: str) -> Decimal:
        return Decimal(self.profile.value(f"surveillance.{name}"))

    def reaches_share(self, name: str, part: int, whole: int) -> bool:
        """Tell whether `part` is at least that share of `whole`; nothing is a share of nothing."""
        return whole > 0 and part >= self.share(name) * whole

    def figure(self, name: str, found: int) -> Figure:
        return Figure(f"surveillance.{name}", found, self.whole(name))

    def figure_of_share(self, name: str, part: int, whole: int) -> Figure:
        """Return a share beside its rule value, rounded down so that none seems to reach what it does not."""
        found = (Decimal(part) / whole).quantize(Decimal("0.0001"), rounding=ROUND_DOWN) if whole else Decimal(0)
        return Figure(f"surveillance.{name}", str(found), str(self.share(name)))
