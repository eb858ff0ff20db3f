"""The routes of accounts, each with its access rows."""

from accounts.api.organisations import Me, OneOrganisation, Organisations
from accounts.rules import PUBLIC, SIGNED_IN, Role, roles, signed_in
from accounts.web import clients, organisations, people, signing, trail, work
from accounts.web.me import MePage
from accounts.web.routes import route

ADMINISTRATORS = roles(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)
PROPOSERS = roles(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
SYSTEM = roles(Role.SYSTEM_ADMIN)
SECURITY = roles(Role.SECURITY_ADMIN)
AUDIT = roles(Role.AUDIT_ADMIN, Role.AUDITOR)

api_routes = [
    route("me/", Me.as_view(), name="api-me", GET=signed_in(scope="organisations:read")),
    route(
        "organisations/",
        Organisations.as_view(),
        name="api-organisations",
        GET=signed_in(scope="organisations:read"),
    ),
    route(
        "organisations/<int:organisation_id>/",
        OneOrganisation.as_view(),
        name="api-organisation",
        GET=signed_in(scope="organisations:read"),
    ),
]

web_routes = [
    route("sign-in/", signing.SignInPage.as_view(), name="sign-in", GET=PUBLIC, POST=PUBLIC),
    route("sign-in/demonstration/", signing.demo_sign_in, name="demo-sign-in", POST=PUBLIC),
    route("sign-out/", signing.sign_out, name="sign-out", POST=SIGNED_IN),
    route("language/", signing.set_language, name="set-language", POST=PUBLIC),
    route("organisation/", signing.switch_organisation, name="switch-organisation", POST=SIGNED_IN),
    route("confirm/go-on/", signing.GoOnPage.as_view(), name="go-on", GET=SIGNED_IN),
    route("confirm/", signing.ConfirmPage.as_view(), name="confirm", GET=SIGNED_IN, POST=SIGNED_IN),
    route("account/", MePage.as_view(), name="accounts-me", GET=SIGNED_IN),
    route("work/<int:pk>/claim/", work.claim, name="accounts-claim", POST=SIGNED_IN),
    route(
        "work/<int:pk>/hand-over/",
        work.HandOverPage.as_view(),
        name="accounts-hand-over",
        GET=SIGNED_IN,
        POST=SIGNED_IN,
    ),
    route("audit/trail/", trail.TrailPage.as_view(), name="accounts-trail", GET=AUDIT),
    route("audit/trail/export/", trail.export, name="accounts-trail-export", GET=AUDIT),
    route(
        "system/organisations/",
        organisations.OrganisationsPage.as_view(),
        name="accounts-organisations",
        GET=SIGNED_IN,
    ),
    route("system/organisations/export/", organisations.export, name="accounts-organisations-export", GET=SIGNED_IN),
    route(
        "system/organisations/new/",
        organisations.RegisterOrganisationPage.as_view(),
        name="accounts-organisation-new",
        GET=SYSTEM,
        POST=SYSTEM,
    ),
    route(
        "system/organisations/<int:pk>/",
        organisations.OrganisationPage.as_view(),
        name="accounts-organisation",
        GET=SIGNED_IN,
        POST=SECURITY,
    ),
    route("system/people/", people.PeoplePage.as_view(), name="accounts-people", GET=ADMINISTRATORS),
    route("system/people/export/", people.export, name="accounts-people-export", GET=ADMINISTRATORS),
    route(
        "system/people/new/",
        people.RegisterPersonPage.as_view(),
        name="accounts-person-new",
        GET=SYSTEM,
        POST=SYSTEM,
    ),
    route(
        "system/people/<int:pk>/",
        people.PersonPage.as_view(),
        name="accounts-person",
        GET=ADMINISTRATORS,
        POST=PROPOSERS,
    ),
    route("system/grants/<int:pk>/approve/", people.approve, name="accounts-grant-approve", POST=SECURITY),
    route("system/grants/<int:pk>/refuse/", people.refuse, name="accounts-grant-refuse", POST=SECURITY),
    route("system/grants/<int:pk>/revoke/", people.revoke, name="accounts-grant-revoke", POST=SECURITY),
    route("system/clients/", clients.ClientsPage.as_view(), name="accounts-clients", GET=PROPOSERS),
    route("system/clients/new/", clients.NewClientPage.as_view(), name="accounts-client-new", GET=SYSTEM, POST=SYSTEM),
    route("system/clients/<int:pk>/approve/", clients.approve, name="accounts-client-approve", POST=SECURITY),
    route("system/clients/<int:pk>/rotate/", clients.rotate, name="accounts-client-rotate", POST=SYSTEM),
    route("system/clients/<int:pk>/close/", clients.close, name="accounts-client-close", POST=PROPOSERS),
]
