"""The routes of pages that span rooms, and of the rulebook, which stands below accounts and states none itself."""

from accounts.rules import PUBLIC, Role, roles
from accounts.web.routes import route
from config.api.regions import OneRegion, Regions
from config.api.serials import Serial
from config.web.clock import Clock
from config.web.day import RunDay
from config.web.home import Home
from config.web.rules import ApproveChange, CalendarPage, ChangePage, EndChange, RulePage, RulesPage, export
from config.web.search import Search
from config.web.serials import Passport, PassportExport
from config.web.tour import TourFile, TourPage
from config.web.worth import Worth

api_routes = [
    route("regions/", Regions.as_view(), name="api-regions", GET=PUBLIC),
    route("regions/<str:code>/", OneRegion.as_view(), name="api-region", GET=PUBLIC),
    route("serials/<str:serial>/", Serial.as_view(), name="api-serial", GET=PUBLIC),
]

RULE_MAKERS = roles(Role.EXCHANGE_OPERATOR, Role.SYSTEM_ADMIN)

web_routes = [
    route("", Home.as_view(), name="home", GET=PUBLIC),
    route("search/", Search.as_view(), name="search", GET=PUBLIC),
    route("serials/", Passport.as_view(), name="settlement-serial", GET=PUBLIC),
    route("serials.xlsx", PassportExport.as_view(), name="settlement-serial-export", GET=PUBLIC),
    route("worth/", Worth.as_view(), name="registry-worth", GET=PUBLIC),
    route("clock/", Clock.as_view(), name="clock", GET=PUBLIC, POST=PUBLIC),
    route(
        "settlement-days/<str:day>/run/",
        RunDay.as_view(),
        name="settlement-day-run",
        GET=roles(Role.SETTLEMENT_OPERATOR),
        POST=roles(Role.SETTLEMENT_OPERATOR),
    ),
    route("tour/", TourPage.as_view(), name="tour", GET=PUBLIC, POST=PUBLIC),
    route("tour/files/<str:name>/", TourFile.as_view(), name="tour-file", GET=PUBLIC),
    route("rules/", RulesPage.as_view(), name="rules", GET=PUBLIC),
    route("rules/export/", export, name="rules-export", GET=PUBLIC),
    route("rules/calendar/", CalendarPage.as_view(), name="calendar", GET=PUBLIC),
    route(
        "rules/changes/<int:change_id>/approve/",
        ApproveChange.as_view(),
        name="rule-change-approve",
        GET=RULE_MAKERS,
        POST=RULE_MAKERS,
    ),
    route("rules/changes/<int:change_id>/end/", EndChange.as_view(), name="rule-change-end", POST=RULE_MAKERS),
    route(
        "rules/<str:scheme>/<str:key>/change/",
        ChangePage.as_view(),
        name="rule-change",
        GET=RULE_MAKERS,
        POST=RULE_MAKERS,
    ),
    route("rules/<str:scheme>/<str:key>/", RulePage.as_view(), name="rule", GET=PUBLIC),
]
