"""This room's routes, each with who may use it."""

from accounts.rules import PUBLIC, Role, roles
from accounts.web.routes import route
from inclusion.api import views
from inclusion.web import event, purchase, quote

READS = roles(
    Role.FIRM_INITIATOR,
    Role.FIRM_CONFIRMER,
    Role.OWNER,
    Role.EXCHANGE_OPERATOR,
    Role.AUDITOR,
    scope="orders:read",
)
BUYS = roles(Role.FIRM_INITIATOR, Role.OWNER, scope="orders:write")

api_routes = [
    route("footprints/event/", views.EventFootprint.as_view(), name="api-event-footprint", POST=PUBLIC),
    route("offsets/", views.Offsets.as_view(), name="api-offsets", GET=READS, POST=BUYS),
    route("offsets/quotes/", views.Quotes.as_view(), name="api-offset-quotes", POST=BUYS),
    route("offsets/quotes/<int:quote_id>/", views.OneQuote.as_view(), name="api-offset-quote", GET=READS),
    route("offsets/<int:purchase_id>/", views.OneOffset.as_view(), name="api-offset", GET=READS),
]

OWN = roles(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER, Role.EXCHANGE_OPERATOR, Role.AUDITOR)
BUYERS = roles(Role.FIRM_INITIATOR, Role.OWNER)

web_routes = [
    route("offset/", event.EventPage.as_view(), name="inclusion-event", GET=PUBLIC),
    route("offset/quotes/", quote.NewQuote.as_view(), name="inclusion-quote-new", POST=BUYERS),
    route("offset/quotes/<int:quote_id>/", quote.QuotePage.as_view(), name="inclusion-quote", GET=BUYERS),
    route(
        "offset/quotes/<int:quote_id>/confirm/",
        quote.ConfirmPage.as_view(),
        name="inclusion-buy",
        GET=BUYERS,
        POST=BUYERS,
    ),
    route("offset/purchases/", purchase.PurchasesPage.as_view(), name="inclusion-purchases", GET=OWN),
    route("offset/purchases.xlsx", purchase.PurchasesExport.as_view(), name="inclusion-purchases-export", GET=OWN),
    route("offset/<int:purchase_id>/", purchase.PurchasePage.as_view(), name="inclusion-purchase", GET=OWN),
    route("offset/<int:purchase_id>/progress/", purchase.Progress.as_view(), name="inclusion-progress", GET=OWN),
]
