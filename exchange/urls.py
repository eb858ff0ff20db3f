"""The exchange's routes, each with who may use it."""

from accounts.rules import PUBLIC, Role, roles, signed_in
from accounts.web.routes import route
from exchange.api import admissions as admission_api
from exchange.api import auctions as auction_api
from exchange.api import baskets as basket_api
from exchange.api import blocks as block_api
from exchange.api import bulletins as bulletin_api
from exchange.api import freezes as freeze_api
from exchange.api import surveillance as surveillance_api
from exchange.api import views
from exchange.api.replay import Replay
from exchange.web import (
    admissions,
    approvals,
    auctions,
    bars,
    baskets,
    blocks,
    bulletins,
    cases,
    confirmations,
    desk,
    freezes,
    halts,
    large_holdings,
    market,
    orders,
    surveillance,
    ticket,
)
from exchange.web.replay import ReplayPage

READS = signed_in(scope="orders:read")
TRADES = roles(Role.FIRM_INITIATOR, Role.OWNER, scope="orders:write")

WATCHES = roles(Role.EXCHANGE_OPERATOR, Role.AUDITOR)
FREEZES = roles(Role.SETTLEMENT_OPERATOR, Role.ECOLOGY_RECORDER)

api_routes = [
    route("holds/", freeze_api.Holds.as_view(), name="api-holds", GET=signed_in(scope="ledger:read"), POST=FREEZES),
    route("instruments/", views.Instruments.as_view(), name="api-instruments", GET=PUBLIC),
    route("instruments/<str:code>/", views.OneInstrument.as_view(), name="api-instrument", GET=PUBLIC),
    route("instruments/<str:code>/book/", views.Book.as_view(), name="api-book", GET=PUBLIC),
    route("instruments/<str:code>/trades/", views.Tape.as_view(), name="api-tape", GET=PUBLIC),
    route("instruments/<str:code>/candles/", views.Candles.as_view(), name="api-candles", GET=PUBLIC),
    route("instruments/<str:code>/figures/", bulletin_api.Figures.as_view(), name="api-figures", GET=PUBLIC),
    route("reference-prices/", bulletin_api.References.as_view(), name="api-references", GET=PUBLIC),
    route("bulletins/", bulletin_api.Bulletins.as_view(), name="api-bulletins", GET=PUBLIC),
    route("bulletins/<str:day>/", bulletin_api.OneBulletin.as_view(), name="api-bulletin", GET=PUBLIC),
    route("instruments/<str:code>/replay/", Replay.as_view(), name="api-replay", GET=PUBLIC),
    route("instruments/<str:code>/accepts/", views.Accepts.as_view(), name="api-accepts", POST=TRADES),
    route("instruments/<str:code>/picks/", views.Picks.as_view(), name="api-picks", POST=TRADES),
    route("orders/", views.Orders.as_view(), name="api-orders", GET=READS, POST=TRADES),
    route("orders/bulk/", views.BulkOrders.as_view(), name="api-orders-bulk", POST=TRADES),
    route("orders/<int:order_id>/", views.OneOrder.as_view(), name="api-order", GET=READS, PATCH=TRADES),
    route("orders/<int:order_id>/cancel/", views.CancelOrder.as_view(), name="api-order-cancel", POST=TRADES),
    route("orders/<int:order_id>/trades/", views.TradesOfOrder.as_view(), name="api-order-trades", GET=READS),
    route("admissions/", admission_api.Admissions.as_view(), name="api-admissions", GET=READS, POST=TRADES),
    route("admissions/<int:admission_id>/", admission_api.OneAdmission.as_view(), name="api-admission", GET=READS),
    route("auctions/", auction_api.Auctions.as_view(), name="api-auctions", GET=PUBLIC, POST=TRADES),
    route("auctions/<int:auction_id>/", auction_api.OneAuction.as_view(), name="api-auction", GET=PUBLIC),
    route(
        "auctions/<int:auction_id>/applications/",
        auction_api.Applications.as_view(),
        name="api-auction-applications",
        GET=READS,
        POST=TRADES,
    ),
    route(
        "auctions/<int:auction_id>/bids/", auction_api.Bids.as_view(), name="api-auction-bids", GET=PUBLIC, POST=TRADES
    ),
    route("baskets/", basket_api.Baskets.as_view(), name="api-baskets", GET=READS, POST=TRADES),
    route("block-trades/", block_api.Blocks.as_view(), name="api-blocks", GET=READS, POST=TRADES),
    route("block-trades/<int:block_id>/", block_api.OneBlock.as_view(), name="api-block", GET=READS),
    *(
        route(f"block-trades/<int:block_id>/{verb}/", view.as_view(), name=f"api-block-{verb}", POST=TRADES)
        for verb, view in (
            ("accept", block_api.AcceptBlock),
            ("decline", block_api.DeclineBlock),
            ("withdraw", block_api.WithdrawBlock),
        )
    ),
    route("proposals/", views.Proposals.as_view(), name="api-proposals", GET=READS),
    route(
        "proposals/<int:proposal_id>/confirm/",
        views.ConfirmProposal.as_view(),
        name="api-proposal-confirm",
        POST=TRADES,
    ),
    route(
        "trades/<int:trade_id>/confirmation/",
        views.TradeConfirmation.as_view(),
        name="api-trade-confirmation",
        GET=READS,
    ),
    route("trades/", views.OwnTrades.as_view(), name="api-trades", GET=READS),
    route("surveillance/alerts/", surveillance_api.Alerts.as_view(), name="api-alerts", GET=WATCHES),
    route("surveillance/alerts/<int:alert_id>/", surveillance_api.OneAlert.as_view(), name="api-alert", GET=WATCHES),
]

TRADERS = roles(Role.FIRM_INITIATOR, Role.OWNER)
OWN = roles(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER, Role.EXCHANGE_OPERATOR, Role.AUDITOR)
OPERATOR = roles(Role.EXCHANGE_OPERATOR)
PARTIES = roles(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER)

surveillance_routes = [
    route("surveillance/", surveillance.SurveillancePage.as_view(), name="exchange-surveillance", GET=WATCHES),
    route("surveillance/alerts.xlsx", surveillance.AlertsExport.as_view(), name="exchange-alerts-export", GET=WATCHES),
    route("surveillance/alerts/<int:alert_id>/", surveillance.AlertPage.as_view(), name="exchange-alert", GET=WATCHES),
    route(
        "surveillance/alerts/<int:alert_id>/dismiss/",
        surveillance.DismissAlert.as_view(),
        name="exchange-alert-dismiss",
        GET=OPERATOR,
        POST=OPERATOR,
    ),
    route("surveillance/cases/new/", cases.OpenCase.as_view(), name="exchange-case-new", GET=OPERATOR, POST=OPERATOR),
    route(
        "surveillance/cases/<int:case_id>/",
        cases.CasePage.as_view(),
        name="exchange-case",
        GET=WATCHES,
        POST=OPERATOR,
    ),
    route(
        "surveillance/cases/<int:case_id>/close/",
        cases.CloseCase.as_view(),
        name="exchange-case-close",
        GET=OPERATOR,
        POST=OPERATOR,
    ),
    *(
        route(
            f"surveillance/cases/<int:case_id>/measures/<int:measure_id>/{verb}/",
            view.as_view(),
            name=f"exchange-restriction-{verb}",
            GET=OPERATOR,
            POST=OPERATOR,
        )
        for verb, view in (("approve", cases.ApproveRestriction), ("refuse", cases.RefuseRestriction))
    ),
    route("letters/", cases.LettersPage.as_view(), name="exchange-letters", GET=PARTIES),
    route("letters/<int:measure_id>/", cases.LetterPage.as_view(), name="exchange-letter", GET=PARTIES, POST=TRADERS),
    route("barred/", bars.BarsPage.as_view(), name="exchange-bars", GET=PUBLIC),
    route("barred.xlsx", bars.BarsExport.as_view(), name="exchange-bars-export", GET=PUBLIC),
    route("barred/new/", bars.NewBarPage.as_view(), name="exchange-bar-new", GET=OPERATOR, POST=OPERATOR),
    *(
        route(f"barred/<int:bar_id>/{verb}/", view.as_view(), name=f"exchange-bar-{verb}", GET=OPERATOR, POST=OPERATOR)
        for verb, view in (("approve", bars.ApproveBar), ("refuse", bars.RefuseBar), ("end", bars.EndBar))
    ),
    route("barred/<int:bar_id>/file/", bars.BarFile.as_view(), name="exchange-bar-file", GET=WATCHES),
]

web_routes = [
    route("holds/new/", freezes.NewFreeze.as_view(), name="exchange-freeze-new", GET=FREEZES, POST=FREEZES),
    route("market/", market.Market.as_view(), name="exchange-market", GET=PUBLIC),
    route("market/rows/", market.MarketRows.as_view(), name="exchange-market-rows", GET=PUBLIC),
    route("market/strip/", market.Strip.as_view(), name="exchange-strip", GET=PUBLIC),
    route("market/<str:code>/", market.InstrumentPage.as_view(), name="exchange-instrument", GET=PUBLIC),
    route("market/<str:code>/order/", ticket.TicketPage.as_view(), name="exchange-ticket", GET=TRADERS, POST=TRADERS),
    route("market/<str:code>/replay/", ReplayPage.as_view(), name="exchange-replay", GET=PUBLIC),
    route("market/<str:code>/parts/", market.Parts.as_view(), name="exchange-parts", GET=PUBLIC),
    route("orders/", orders.OrdersPage.as_view(), name="exchange-orders", GET=OWN),
    route("orders/<int:order_id>/", orders.OrderPage.as_view(), name="exchange-order", GET=OWN),
    route("orders.xlsx", orders.OrdersExport.as_view(), name="exchange-orders-export", GET=OWN),
    route("trades.xlsx", orders.TradesExport.as_view(), name="exchange-trades-export", GET=OWN),
    route("trades/<int:trade_id>/", confirmations.TradePage.as_view(), name="exchange-trade", GET=OWN),
    route("trades/<int:trade_id>.pdf", confirmations.TradePaper.as_view(), name="exchange-trade-paper", GET=OWN),
    route("orders/<int:order_id>/cancel/", ticket.CancelOrder.as_view(), name="exchange-cancel", POST=TRADERS),
    route(
        "proposals/<int:proposal_id>/confirm/",
        ticket.ConfirmProposal.as_view(),
        name="exchange-confirm-proposal",
        POST=TRADERS,
    ),
    route("large-holdings/", large_holdings.LargeHoldingsPage.as_view(), name="exchange-large-holdings", GET=OWN),
    route(
        "large-holdings.xlsx",
        large_holdings.LargeHoldingsExport.as_view(),
        name="exchange-large-holdings-export",
        GET=OWN,
    ),
    route(
        "large-holdings/<int:holding_id>/",
        large_holdings.LargeHoldingPage.as_view(),
        name="exchange-large-holding",
        GET=OWN,
        POST=TRADERS,
    ),
    route("admissions/", admissions.AdmissionsPage.as_view(), name="exchange-admissions", GET=OWN),
    route("admissions.xlsx", admissions.AdmissionsExport.as_view(), name="exchange-admissions-export", GET=OWN),
    route(
        "admissions/new/", admissions.NewAdmission.as_view(), name="exchange-admission-new", GET=TRADERS, POST=TRADERS
    ),
    route("admissions/<int:admission_id>/", admissions.AdmissionPage.as_view(), name="exchange-admission", GET=OWN),
    *(
        route(
            f"admissions/<int:admission_id>/{verb}/",
            view.as_view(),
            name=f"exchange-admission-{verb}",
            GET=who,
            POST=who,
        )
        for verb, view, who in (
            ("review", admissions.ReviewAdmission, OPERATOR),
            ("approve", admissions.ApproveAdmission, OPERATOR),
            ("refuse", admissions.RefuseAdmission, OPERATOR),
            ("withdraw", admissions.WithdrawAdmission, TRADERS),
        )
    ),
    route("auctions/", auctions.AuctionsPage.as_view(), name="exchange-auctions", GET=PUBLIC),
    route("auctions.xlsx", auctions.AuctionsExport.as_view(), name="exchange-auctions-export", GET=PUBLIC),
    route("auctions/new/", auctions.NewAuctionPage.as_view(), name="exchange-auction-new", GET=TRADERS, POST=TRADERS),
    route(
        "auctions/<int:auction_id>/",
        auctions.AuctionPage.as_view(),
        name="exchange-auction",
        GET=PUBLIC,
        POST=TRADERS,
    ),
    route(
        "auctions/<int:auction_id>/parts/",
        auctions.AuctionParts.as_view(),
        name="exchange-auction-parts",
        GET=PUBLIC,
    ),
    route(
        "auctions/<int:auction_id>/entrants/<int:entrant_id>/",
        auctions.DecideEntrant.as_view(),
        name="exchange-auction-entrant",
        GET=OPERATOR,
        POST=OPERATOR,
    ),
    *(
        route(f"auctions/<int:auction_id>/{verb}/", view.as_view(), name=f"exchange-auction-{verb}", GET=who, POST=who)
        for verb, view, who in (
            ("apply", auctions.ApplyToAuction, TRADERS),
            ("withdraw", auctions.WithdrawAuction, TRADERS),
            ("announce", auctions.AnnounceAuction, OPERATOR),
            ("refuse", auctions.RefuseAuction, OPERATOR),
            ("cancel", auctions.CancelAuction, OPERATOR),
        )
    ),
    route("bulletins/", bulletins.BulletinsPage.as_view(), name="exchange-bulletins", GET=PUBLIC),
    route("bulletins/history/<str:what>.<str:kind>", bulletins.History.as_view(), name="exchange-history", GET=PUBLIC),
    route("bulletins/<str:day>/", bulletins.BulletinPage.as_view(), name="exchange-bulletin", GET=PUBLIC),
    route("bulletins/<str:day>.xlsx", bulletins.BulletinExport.as_view(), name="exchange-bulletin-export", GET=PUBLIC),
    route("bulletins/<str:day>.pdf", bulletins.BulletinPaper.as_view(), name="exchange-bulletin-paper", GET=PUBLIC),
    route("basket/", baskets.BasketPage.as_view(), name="exchange-basket", GET=TRADERS, POST=TRADERS),
    route("blocks/", blocks.BlocksPage.as_view(), name="exchange-blocks", GET=OWN),
    route("blocks.xlsx", blocks.BlocksExport.as_view(), name="exchange-blocks-export", GET=OWN),
    route("blocks/new/", blocks.NewBlockPage.as_view(), name="exchange-block-new", GET=TRADERS, POST=TRADERS),
    route("blocks/<int:block_id>/", blocks.BlockPage.as_view(), name="exchange-block", GET=OWN),
    *(
        route(f"blocks/<int:block_id>/{verb}/", view.as_view(), name=f"exchange-block-{verb}", GET=who, POST=who)
        for verb, view, who in (
            ("accept", blocks.AcceptBlock, TRADERS),
            ("decline", blocks.DeclineBlock, TRADERS),
            ("withdraw", blocks.WithdrawBlock, TRADERS),
            ("confirm", blocks.ConfirmBlock, OPERATOR),
            ("refuse", blocks.RefuseBlock, OPERATOR),
        )
    ),
    route("desk/", desk.DeskPage.as_view(), name="exchange-desk", GET=OPERATOR),
    route("desk/halts/new/", halts.NewHalt.as_view(), name="exchange-halt-new", GET=OPERATOR, POST=OPERATOR),
    route("desk/halts/<int:halt_id>/lift/", halts.LiftHalt.as_view(), name="exchange-lift-halt", POST=OPERATOR),
    route(
        "desk/<str:code>/approval/",
        approvals.NewApprovalPage.as_view(),
        name="exchange-approval-new",
        GET=OPERATOR,
        POST=OPERATOR,
    ),
    *(
        route(
            f"desk/approvals/<int:approval_id>/{verb}/",
            view.as_view(),
            name=f"exchange-approval-{verb}",
            GET=OPERATOR,
            POST=OPERATOR,
        )
        for verb, view in (
            ("approve", approvals.ApproveApproval),
            ("refuse", approvals.RefuseApproval),
            ("end", approvals.EndApproval),
        )
    ),
    route(
        "desk/approvals/<int:approval_id>/file/",
        approvals.ApprovalFile.as_view(),
        name="exchange-approval-file",
        GET=roles(Role.EXCHANGE_OPERATOR, Role.AUDITOR),
    ),
    *surveillance_routes,
    route("stream/<path:rest>", market.Stream.as_view(), name="stream", GET=PUBLIC),
]
