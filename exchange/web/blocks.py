"""Block agreements: the list, the form of a proposal, one agreement with what its reader may do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views import View

from accounts.rules import Role
from accounts.web.export import workbook_response
from accounts.web.pages import Act, Page
from accounts.web.refusals import message_of
from exchange import queries, services
from exchange.models import BlockTrade
from exchange.queries.schedule import SCHEME
from exchange.rules import Side, TradingMode
from exchange.services import NewBlock, NewOrder
from exchange.web.market import ticket_context
from exchange.web.orders import SIDE_NAMES
from exchange.web.ticket import summary_of
from rulebook.errors import Refusal
from rulebook.queries import business_date

FEN = 100
ROWS = 200
TRADERS = (Role.FIRM_INITIATOR, Role.OWNER)
STATE_NAMES = {
    "proposed": gettext_noop("Waits for the counterparty"),
    "accepted": gettext_noop("Waits for the exchange"),
    "confirmed": gettext_noop("Confirmed and settled"),
    "declined": gettext_noop("Declined"),
    "withdrawn": gettext_noop("Withdrawn"),
    "refused": gettext_noop("Refused by the exchange"),
    "lapsed": gettext_noop("Lapsed"),
}


class BlockForm(forms.Form):
    """What is typed for a block agreement."""

    instrument = forms.ChoiceField(label=gettext_lazy("Product"))
    side = forms.ChoiceField(
        label=gettext_lazy("Side"), choices=(("sell", gettext_lazy("Sell")), ("buy", gettext_lazy("Buy")))
    )
    counterparty = forms.CharField(label=gettext_lazy("Unified social credit code of the counterparty"), max_length=40)
    price = forms.DecimalField(
        label=gettext_lazy("Price (yuan per tonne)"),
        decimal_places=2,
        max_digits=12,
        min_value=Decimal("0.01"),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    quantity = forms.IntegerField(
        label=gettext_lazy("Quantity (tonnes)"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    note = forms.CharField(label=gettext_lazy("Note to the counterparty"), max_length=200, required=False)

    def block(self) -> NewBlock:
        """Return the agreement as typed."""
        typed = self.cleaned_data
        return NewBlock(
            typed["instrument"],
            Side(typed["side"]),
            typed["quantity"],
            int(typed["price"] * FEN),
            typed["counterparty"].strip(),
            typed["note"].strip(),
        )


class BlocksPage(Page):
    """The own block agreements, for the exchange all of them; and what was traded by block today."""

    template_name = "exchange/blocks.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            rows=[shown(row) for row in queries.blocks_visible_to(self.actor)[:ROWS]],
            today=queries.blocks_of_day(business_date(self.at)),
            may_propose=self.actor.has(*TRADERS),
            least=queries.profile(self.at, SCHEME).least_tonnes_of(TradingMode.BLOCK),
        )


class BlocksExport(View):
    """The same agreements as an Excel file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        head = [
            _("Number"),
            _("Time"),
            _("Product"),
            _("Proposed by"),
            _("Counterparty"),
            _("Side of who proposed"),
            _("Price"),
            _("Quantity"),
            _("State"),
            _("Reason"),
        ]
        rows = queries.blocks_visible_to(request.actor)  # type: ignore[attr-defined]
        return workbook_response(
            "blocks",
            head,
            (
                (
                    row.pk,
                    row.at,
                    row.instrument.code,
                    row.proposer.name,
                    row.counterparty.name,
                    _(SIDE_NAMES[row.side]),
                    row.price_fen / FEN,
                    row.quantity,
                    _(STATE_NAMES[row.state]),
                    row.reason,
                )
                for row in rows.iterator(chunk_size=2000)
            ),
        )


class NewBlockPage(Page):
    """The form of a proposal: its first button shows what it comes to, its second proposes it."""

    template_name = "exchange/block_new.html"

    def _form(self, typed: Any = None) -> BlockForm:
        form = BlockForm(typed, initial={"instrument": self.request.GET.get("instrument", "")})
        form.fields["instrument"].choices = [  # type: ignore[attr-defined]
            (one.code, f"{one.code} {one.project_name} {one.vintage_year}") for one in queries.instruments(self.at)
        ]
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", self._form())
        return super().get_context_data(**kwargs)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = self._form(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        new = form.block()
        if request.POST.get("confirmed") != "1":
            scheme = queries.instrument_by_code(new.instrument_code).rule_scheme
            order = NewOrder(new.instrument_code, new.side, new.quantity, new.price_fen)
            summary = summary_of(order, scheme, self.at)
            return self.render_to_response(self.get_context_data(form=form, summary=summary))
        try:
            row = services.propose_block(actor=self.actor, new=new, at=self.at)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, message_of(refusal))
            return self.render_to_response(self.get_context_data(form=form), status=422)
        messages.success(request, _("Proposed. What it needs is held until it is confirmed or ends."))
        return HttpResponseRedirect(reverse("exchange-block", args=[row.pk]))


class BlockPage(Page):
    """One agreement, and what the reader may do with it."""

    template_name = "exchange/block.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.block(self.actor, self.kwargs["block_id"])
        own, trades = self.actor.organisation_id, self.actor.has(*TRADERS)
        side = Side(row.side) if own != row.counterparty_id else Side(row.side).other
        order = NewOrder(row.instrument.code, side, row.quantity, row.price_fen)
        one = queries.instruments(self.at, code=row.instrument.code)[0]
        return super().get_context_data(
            **kwargs,
            **shown(row),
            may_answer=row.state == "proposed" and trades and own == row.counterparty_id,
            may_withdraw=row.state == "proposed" and trades and own == row.proposer_id,
            may_decide=self.actor.has(Role.EXCHANGE_OPERATOR),
            summary=summary_of(order, row.instrument.rule_scheme, self.at),
            **ticket_context(one, own if own in (row.proposer_id, row.counterparty_id) else None),
        )


class _BlockAct(Act):
    def back(self) -> str:
        return reverse("exchange-block", args=[self.kwargs["block_id"]])

    @property
    def said(self) -> dict[str, Any]:
        """Which agreement, who acts and when: what every service takes."""
        return {"actor": self.actor, "block_id": self.kwargs["block_id"], "at": self.at}


class AcceptBlock(_BlockAct):
    """Accepts a proposal."""

    done = gettext_lazy("Accepted. The exchange is asked to confirm.")

    def call(self) -> None:
        services.accept_block(**self.said)


class DeclineBlock(_BlockAct):
    """Declines a proposal."""

    done = gettext_lazy("The proposal was declined.")

    def call(self) -> None:
        services.decline_block(**self.said, reason=self.request.POST.get("reason", ""))


class WithdrawBlock(_BlockAct):
    """Takes the own proposal back."""

    done = gettext_lazy("The proposal was withdrawn; nothing is held for it any more.")

    def call(self) -> None:
        services.withdraw_block(**self.said)


class ConfirmBlock(_BlockAct):
    """Confirms an agreement as the exchange."""

    needs_password = True

    def call(self) -> None:
        row = services.confirm_block(**self.said, digest=self.request.POST.get("digest", ""))
        self.done = (
            _("Confirmed and settled.")
            if row.trade_id
            else _("The agreement could not be traded any more: it has lapsed, and both have back what was held.")
        )


class RefuseBlock(_BlockAct):
    """Refuses an agreement as the exchange."""

    done = gettext_lazy("Refused; both parties have back what was held.")

    def call(self) -> None:
        services.refuse_block(**self.said, reason=self.request.POST.get("reason", ""))


def shown(row: BlockTrade) -> dict[str, Any]:
    """Return an agreement with the words for its state."""
    return {"row": row, "state": _(STATE_NAMES[row.state]), "mode": TradingMode.BLOCK.value}
