"""What each person may do with a transfer outside the market, one step each."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.web.pages import Act
from rulebook.errors import NotThere
from settlement import queries, services
from settlement.rules import ReversalReason


class _Act(Act):
    """One step of one person with a transfer; told on its page."""

    def back(self) -> str:
        return reverse("settlement-transfer", args=[self.kwargs["transfer_id"]])

    @property
    def asked(self) -> dict[str, Any]:
        return {"actor": self.actor, "transfer_id": self.kwargs["transfer_id"], "at": self.at}


class ConfirmTransfer(_Act):
    """The holder's second person confirms."""

    needs_password = True
    done = gettext_lazy("The transfer is confirmed. A settlement operator reviews the evidence now.")

    def call(self) -> None:
        services.confirm_transfer(**self.asked, digest=self.request.POST.get("digest", ""))


class ApproveTransfer(_Act):
    """The settlement operator approves on the evidence."""

    needs_password = True
    done = gettext_lazy("The transfer is approved.")

    def call(self) -> None:
        services.approve_transfer(**self.asked, digest=self.request.POST.get("digest", ""))


class RefuseTransfer(_Act):
    """The settlement operator refuses."""

    done = gettext_lazy("The transfer is refused.")

    def call(self) -> None:
        services.refuse_transfer(**self.asked, note=self.request.POST.get("note", ""))


class StopTransfer(_Act):
    """One of its persons, or the holder, stops it."""

    done = gettext_lazy("The transfer is stopped.")

    def call(self) -> None:
        services.stop_transfer(**self.asked, note=self.request.POST.get("note", ""))


class ProposeReversal(_Act):
    """A settlement operator proposes to undo an executed transfer."""

    done = gettext_lazy("The reversal is proposed. Another settlement operator decides on it.")

    def call(self) -> None:
        asked = self.asked
        try:
            reason = ReversalReason(self.request.POST.get("reason", ""))
        except ValueError as error:
            raise NotThere from error
        services.propose_reversal_of_transfer(**asked, reason=reason, note=self.request.POST.get("note", ""))


class DecideReversal(_Act):
    """Another operator posts the reversal, or lets the entry stand."""

    needs_password = True
    done = gettext_lazy("The reversal is decided.")

    def call(self) -> None:
        actor, at = self.actor, self.at
        row = queries.transfer(actor, self.kwargs["transfer_id"])
        asked = queries.reversals_visible_to(actor, row.end_entry_id or 0)
        if not asked:
            raise NotThere
        if self.request.POST.get("decision") == "approve":
            digest = self.request.POST.get("digest", "")
            services.approve_reversal(actor=actor, reversal_id=asked[0].id, digest=digest, at=at)
        else:
            services.refuse_reversal(actor=actor, reversal_id=asked[0].id, at=at)
