"""Pages of monitoring, verification, issuance and retirement."""

from django.urls import URLPattern

from accounts.rules import PUBLIC, SIGNED_IN, Role, roles
from accounts.web.routes import route
from registry.rules.packs import PackScope
from registry.web import (
    calculations,
    certificates,
    issuances,
    packs,
    parameters,
    periods,
    retirements,
    verifications,
)

OWNER = roles(Role.OWNER)
VERIFIER = roles(Role.VERIFIER)
MAKER = roles(Role.REGION_MAKER)
CHECKER = roles(Role.REGION_CHECKER)
RECORDER = roles(Role.ECOLOGY_RECORDER)
# Who sees the retirements of all.
WATCHERS = roles(
    Role.REGION_MAKER,
    Role.REGION_CHECKER,
    Role.ECOLOGY_RECORDER,
    Role.AUDITOR,
    Role.EXCHANGE_OPERATOR,
    Role.SETTLEMENT_OPERATOR,
)
HOLDERS = roles(*retirements.MAY_RETIRE)
AUDITOR = roles(Role.AUDITOR)
CONFIRMER = roles(*retirements.MAY_CONFIRM)

_PERIOD = "periods/<int:period_id>/"

pack_routes: list[URLPattern] = [
    route("evidence/", packs.PacksPage.as_view(), name="registry-packs", GET=AUDITOR, POST=AUDITOR),
    *(
        route(
            f"evidence/new/{scope}/<int:subject_id>/",
            packs.NewPack.as_view(scope=scope),
            name=f"registry-pack-new-{scope}",
            GET=AUDITOR,
            POST=AUDITOR,
        )
        for scope in PackScope
    ),
    route("evidence/<int:pack_id>/", packs.PackPage.as_view(), name="registry-pack", GET=AUDITOR),
    route("evidence/<int:pack_id>/progress/", packs.PackProgress.as_view(), name="registry-pack-progress", GET=AUDITOR),
    route("evidence/<int:pack_id>/file/", packs.PackFile.as_view(), name="registry-pack-file", GET=AUDITOR),
]

web_routes: list[URLPattern] = [
    *pack_routes,
    route(
        "projects/<int:project_id>/periods/new/",
        periods.NewPeriod.as_view(),
        name="registry-period-new",
        GET=OWNER,
        POST=OWNER,
    ),
    # What a person may not see is not there (404), whoever asks: queries.period begins with visible_to.
    route(_PERIOD, periods.PeriodPage.as_view(), name="registry-period", GET=SIGNED_IN),
    route(f"{_PERIOD}upload/", periods.UploadPage.as_view(), name="registry-period-upload", GET=SIGNED_IN, POST=OWNER),
    route(f"{_PERIOD}stated/", periods.StatedPage.as_view(), name="registry-period-stated", GET=SIGNED_IN, POST=OWNER),
    route("templates/<str:kind>.xlsx", periods.UploadTemplate.as_view(), name="registry-upload-template", GET=PUBLIC),
    route(f"{_PERIOD}calculate/", periods.Calculate.as_view(), name="registry-period-calculate", POST=OWNER),
    route(
        f"{_PERIOD}calculation/",
        calculations.CalculationPage.as_view(),
        name="registry-period-calculation",
        GET=SIGNED_IN,
    ),
    route(
        f"{_PERIOD}calculation.xlsx",
        calculations.CalculationExport.as_view(),
        name="registry-period-calculation-export",
        GET=SIGNED_IN,
    ),
    route(
        f"{_PERIOD}progress/",
        calculations.CalculationProgress.as_view(),
        name="registry-period-progress",
        GET=SIGNED_IN,
    ),
    route(f"{_PERIOD}submit/", periods.SubmitPage.as_view(), name="registry-period-submit", GET=OWNER, POST=OWNER),
    route(f"{_PERIOD}checks/", verifications.ChecksPage.as_view(), name="registry-period-checks", GET=SIGNED_IN),
    route(
        f"{_PERIOD}checks/progress/",
        verifications.ChecksProgress.as_view(),
        name="registry-period-checks-progress",
        GET=SIGNED_IN,
    ),
    route(
        f"{_PERIOD}review/", verifications.ReviewPage.as_view(), name="registry-period-review", GET=MAKER, POST=MAKER
    ),
    route(f"{_PERIOD}comments/", verifications.CommentsPage.as_view(), name="registry-period-comments", GET=SIGNED_IN),
    route(
        f"{_PERIOD}comments/<int:comment_id>/answer/",
        verifications.AnswerComment.as_view(),
        name="registry-period-comment-answer",
        GET=OWNER,
        POST=OWNER,
    ),
    route(
        f"{_PERIOD}findings/",
        verifications.FindingsPage.as_view(),
        name="registry-period-findings",
        GET=SIGNED_IN,
        POST=VERIFIER,
    ),
    route(
        f"{_PERIOD}findings/<int:finding_id>/answer/",
        verifications.AnswerFinding.as_view(),
        name="registry-finding-answer",
        GET=OWNER,
        POST=OWNER,
    ),
    route(
        f"{_PERIOD}findings/<int:finding_id>/close/",
        verifications.CloseFinding.as_view(),
        name="registry-finding-close",
        POST=VERIFIER,
    ),
    route(
        f"{_PERIOD}verification/",
        verifications.VerificationPage.as_view(),
        name="registry-period-verification",
        GET=VERIFIER,
        POST=VERIFIER,
    ),
    route(
        f"{_PERIOD}issuance/",
        issuances.PeriodIssuancePage.as_view(),
        name="registry-period-issuance",
        GET=SIGNED_IN,
        POST=MAKER,
    ),
    route(
        "register/<str:code>/periods/<int:period_id>/",
        verifications.PublicPeriodPage.as_view(),
        name="registry-public-period",
        GET=PUBLIC,
        POST=PUBLIC,
    ),
    route("issuances/<int:issuance_id>/", issuances.IssuancePage.as_view(), name="registry-issuance", GET=PUBLIC),
    route(
        "issuances/<int:issuance_id>/decision/",
        issuances.DecideIssuance.as_view(),
        name="registry-issuance-decision",
        GET=CHECKER,
        POST=CHECKER,
    ),
    route(
        "issuances/<int:issuance_id>/record/",
        issuances.RecordIssuance.as_view(),
        name="registry-issuance-record",
        GET=RECORDER,
        POST=RECORDER,
    ),
    route("batches/", issuances.BatchesPage.as_view(), name="registry-batches", GET=PUBLIC),
    route("batches.xlsx", issuances.BatchesExport.as_view(), name="registry-batches-export", GET=PUBLIC),
    route("parameters/", parameters.ParametersPage.as_view(), name="registry-parameters", GET=PUBLIC),
    route("parameters/<str:set_id>/", parameters.ParameterSetPage.as_view(), name="registry-parameter-set", GET=PUBLIC),
    route(
        "parameters/<str:set_id>/confirm/",
        parameters.ConfirmParameters.as_view(),
        name="registry-parameter-confirm",
        GET=CHECKER,
        POST=CHECKER,
    ),
    route("retirements/", retirements.RetirementsPage.as_view(), name="registry-retirements", GET=SIGNED_IN),
    route(
        "retirements.xlsx", retirements.RetirementsExport.as_view(), name="registry-retirements-export", GET=SIGNED_IN
    ),
    route(
        "retirements/new/",
        retirements.NewRetirement.as_view(),
        name="registry-retirement-new",
        GET=HOLDERS,
        POST=HOLDERS,
    ),
    route(
        "retirements/<int:retirement_id>/",
        retirements.RetirementPage.as_view(),
        name="registry-retirement",
        GET=SIGNED_IN,
    ),
    route(
        "retirements/<int:retirement_id>/beneficiary/",
        retirements.ReadBeneficiary.as_view(),
        name="registry-retirement-beneficiary",
        POST=WATCHERS,
    ),
    route(
        "retirements/<int:retirement_id>/confirm/",
        retirements.ConfirmRetirement.as_view(),
        name="registry-retirement-confirm",
        GET=CONFIRMER,
        POST=CONFIRMER,
    ),
    route(
        "retirements/<int:retirement_id>/cancel/",
        retirements.CancelRetirement.as_view(),
        name="registry-retirement-cancel",
        POST=HOLDERS,
    ),
    route("certificates/", certificates.CertificateCheck.as_view(), name="registry-certificate-check", GET=PUBLIC),
    route(
        "certificates/<str:number>/", certificates.CertificatePage.as_view(), name="registry-certificate", GET=PUBLIC
    ),
    route(
        "certificates/<str:number>/pdf/",
        certificates.CertificatePdf.as_view(),
        name="registry-certificate-pdf",
        GET=PUBLIC,
    ),
]
