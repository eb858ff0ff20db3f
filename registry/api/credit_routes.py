"""The registry's part of the API for monitoring, issuance and retirement, each verb with who may use it."""

from django.urls import URLPattern

from accounts.rules import PUBLIC, Role, roles, signed_in
from accounts.web.routes import route
from registry.api import credits, parameters, periods

READS = signed_in(scope="registry:read")
OWNER = roles(Role.OWNER, scope="registry:write")
MAKER = roles(Role.REGION_MAKER)
CHECKER = roles(Role.REGION_CHECKER)
RECORDER = roles(Role.ECOLOGY_RECORDER)
VERIFIER = roles(Role.VERIFIER)
RETURNS = roles(Role.REGION_MAKER, Role.REGION_CHECKER, Role.VERIFIER)
REJECTS = roles(Role.REGION_CHECKER, Role.VERIFIER)
HOLDER_READS = signed_in(scope="ledger:read")
RETIRES = roles(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER, scope="ledger:write")
CONFIRMS = roles(Role.FIRM_CONFIRMER, Role.OWNER)

CASE = "projects/<int:project_id>/"
PERIOD = "monitoring-periods/<int:period_id>/"

_periods = [
    route(
        f"{CASE}monitoring-periods/",
        periods.PeriodsOfProject.as_view(),
        name="api-project-periods",
        GET=READS,
        POST=OWNER,
    ),
    route("monitoring-periods/", periods.Periods.as_view(), name="api-periods", GET=READS),
    route(PERIOD, periods.OnePeriod.as_view(), name="api-period", GET=READS, PATCH=OWNER),
    route(
        f"{PERIOD}observations/", periods.Observations.as_view(), name="api-period-observations", GET=READS, POST=OWNER
    ),
    route(
        f"{PERIOD}calculations/", periods.Calculations.as_view(), name="api-period-calculations", GET=READS, POST=OWNER
    ),
    route(
        f"{PERIOD}calculations/<int:job_id>/",
        periods.OneCalculation.as_view(),
        name="api-period-calculation",
        GET=READS,
    ),
    route(f"{PERIOD}record/", periods.Record.as_view(), name="api-period-record", GET=READS),
    route(f"{PERIOD}submit/", periods.SubmitPeriod.as_view(), name="api-period-submit", POST=OWNER),
    route(f"{PERIOD}publish/", periods.PublishPeriod.as_view(), name="api-period-publish", POST=MAKER),
    route(f"{PERIOD}return/", periods.ReturnPeriod.as_view(), name="api-period-return", POST=RETURNS),
    route(f"{PERIOD}reject/", periods.RejectPeriod.as_view(), name="api-period-reject", POST=REJECTS),
    route(f"{PERIOD}checks/", periods.Checks.as_view(), name="api-period-checks", GET=READS),
    route(f"{PERIOD}findings/", periods.Findings.as_view(), name="api-period-findings", GET=READS, POST=VERIFIER),
    route("findings/<int:finding_id>/answer/", periods.AnswerFinding.as_view(), name="api-finding-answer", POST=OWNER),
    route("findings/<int:finding_id>/close/", periods.CloseFinding.as_view(), name="api-finding-close", POST=VERIFIER),
    route(
        f"{PERIOD}verification/",
        periods.SignVerification.as_view(),
        name="api-period-verification",
        GET=READS,
        POST=VERIFIER,
    ),
    route("verifications/", periods.Verifications.as_view(), name="api-verifications", GET=READS),
    route(
        "verifications/<int:verification_id>/", periods.OneVerification.as_view(), name="api-verification", GET=READS
    ),
]

_credits = [
    route("certificates/<str:number>/", credits.Certificate.as_view(), name="api-certificate", GET=PUBLIC),
    route("certificates/<str:number>/pdf/", credits.CertificatePdf.as_view(), name="api-certificate-pdf", GET=PUBLIC),
    route(
        "parameter-sets/<str:set_id>/confirmations/",
        parameters.ConfirmParameters.as_view(),
        name="api-parameter-confirmations",
        POST=CHECKER,
    ),
    route(f"{PERIOD}issuance/", credits.ProposeIssuance.as_view(), name="api-period-issuance", POST=MAKER),
    route("issuances/", credits.Issuances.as_view(), name="api-issuances", GET=READS),
    route("issuances/<int:issuance_id>/", credits.OneIssuance.as_view(), name="api-issuance", GET=READS),
    route(
        "issuances/<int:issuance_id>/decision/",
        credits.DecideIssuance.as_view(),
        name="api-issuance-decision",
        POST=CHECKER,
    ),
    route(
        "issuances/<int:issuance_id>/record/",
        credits.RecordIssuance.as_view(),
        name="api-issuance-record",
        POST=RECORDER,
    ),
    route("retirements/", credits.Retirements.as_view(), name="api-retirements", GET=HOLDER_READS, POST=RETIRES),
    route("retirements/<int:retirement_id>/", credits.OneRetirement.as_view(), name="api-retirement", GET=HOLDER_READS),
    route(
        "retirements/<int:retirement_id>/confirm/",
        credits.ConfirmRetirement.as_view(),
        name="api-retirement-confirm",
        POST=CONFIRMS,
    ),
    route(
        "retirements/<int:retirement_id>/cancel/",
        credits.CancelRetirement.as_view(),
        name="api-retirement-cancel",
        POST=RETIRES,
    ),
]

credit_routes: list[URLPattern] = [*_periods, *_credits]
