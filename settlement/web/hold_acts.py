"""What each person may do with a freeze or a pledge, one step each."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.web.pages import Act
from settlement import queries, services
from settlement.errors import HoldNotThere


class _Act(Act):
    """One step of one person with a hold; told on its page."""

    def back(self) -> str:
        return reverse("settlement-hold", args=[self.kwargs["hold_id"]])

    @property
    def asked(self) -> dict[str, Any]:
        return {"actor": self.actor, "hold_id": self.kwargs["hold_id"], "at": self.at}

    def lift_id(self) -> int:
        """Return the release that waits to be decided."""
        found = queries.lift_asked(queries.hold(self.actor, self.kwargs["hold_id"]))
        if found is None:
            raise HoldNotThere
        return found.pk


class ConfirmPledge(_Act):
    """The holder's second person confirms a pledge."""

    needs_password = True
    done = gettext_lazy("The pledge is confirmed. A settlement operator registers it.")

    def call(self) -> None:
        services.confirm_pledge(**self.asked, digest=self.request.POST.get("digest", ""))


class RegisterPledge(_Act):
    """A settlement operator registers a confirmed pledge."""

    needs_password = True
    done = gettext_lazy("The pledge is registered.")

    def call(self) -> None:
        services.register_pledge(**self.asked, digest=self.request.POST.get("digest", ""))


class RefusePledge(_Act):
    """A pledge that is not registered is refused, or taken back."""

    done = gettext_lazy("The pledge is not registered.")

    def call(self) -> None:
        services.refuse_pledge(**self.asked)


class LiftHold(_Act):
    """The second person releases what was asked for."""

    needs_password = True
    done = gettext_lazy("The units are released.")

    def call(self) -> None:
        services.lift_hold(
            actor=self.actor,
            lift_id=self.lift_id(),
            digest=self.request.POST.get("digest", ""),
            at=self.at,
        )


class RefuseLift(_Act):
    """A release is refused, or taken back."""

    done = gettext_lazy("The release does not take place. Everything stays as it is.")

    def call(self) -> None:
        services.refuse_lift(
            actor=self.actor,
            lift_id=self.lift_id(),
            at=self.at,
        )
