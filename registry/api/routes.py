"""The registry's part of the API, each verb with who may use it.

What an office decides is decided by a named person: those rows have no scope, so no API client passes them.
"""

from django.urls import URLPattern

from accounts.rules import PUBLIC, Role, roles, signed_in
from accounts.web.routes import route
from registry.api import credit_routes, land, methodologies, projects, register, standing

READS = signed_in(scope="registry:read")
OWNER = roles(Role.OWNER, scope="registry:write")
ENTERS = roles(Role.OWNER, Role.BANNER_CLERK, scope="registry:write")
FILES = roles(
    Role.OWNER,
    Role.BANNER_CLERK,
    Role.LEAGUE_REVIEWER,
    Role.REGION_MAKER,
    Role.REGION_CHECKER,
    Role.ECOLOGY_RECORDER,
    Role.VALIDATOR,
    Role.VERIFIER,
    scope="registry:write",
)
REVIEWS = roles(Role.BANNER_CLERK, Role.LEAGUE_REVIEWER, Role.REGION_MAKER)
MAKER = roles(Role.REGION_MAKER)
CHECKER = roles(Role.REGION_CHECKER)
RECORDER = roles(Role.ECOLOGY_RECORDER)
VALIDATOR = roles(Role.VALIDATOR)

CASE = "projects/<int:project_id>/"

_public = [
    route("verification-bodies/", register.VerificationBodies.as_view(), name="api-verification-bodies", GET=PUBLIC),
    route("register/", register.Register.as_view(), name="api-register", GET=PUBLIC),
    route("register/<str:code>/", register.RegisterProject.as_view(), name="api-register-project", GET=PUBLIC),
    route(
        "register/<str:code>/comments/",
        register.RegisterComments.as_view(),
        name="api-register-comments",
        GET=PUBLIC,
        POST=PUBLIC,
    ),
    route("methodologies/", methodologies.Methodologies.as_view(), name="api-methodologies", GET=PUBLIC),
    route(
        "methodologies/<str:operation>/calculate/",
        methodologies.Calculate.as_view(),
        name="api-calculate",
        POST=READS,
    ),
    route("methodologies/<str:code>/", methodologies.OneMethodology.as_view(), name="api-methodology", GET=PUBLIC),
    route(
        "methodologies/<str:code>/versions/<str:version>/",
        methodologies.OneMethodology.as_view(),
        name="api-methodology-version",
        GET=PUBLIC,
    ),
    route("parameter-sets/", methodologies.ParameterSets.as_view(), name="api-parameter-sets", GET=PUBLIC),
    route(
        "parameter-sets/<str:set_id>/", methodologies.OneParameterSet.as_view(), name="api-parameter-set", GET=PUBLIC
    ),
]

_cases = [
    route("projects/", projects.Projects.as_view(), name="api-projects", GET=READS, POST=ENTERS),
    route(CASE, projects.OneProject.as_view(), name="api-project", GET=READS, PATCH=ENTERS),
    route(f"{CASE}submit/", projects.Submit.as_view(), name="api-project-submit", POST=ENTERS),
    route(f"{CASE}withdraw/", projects.Withdraw.as_view(), name="api-project-withdraw", POST=ENTERS),
    route(f"{CASE}reviews/", projects.Reviews.as_view(), name="api-project-reviews", GET=READS, POST=REVIEWS),
    route(f"{CASE}publish/", projects.Publish.as_view(), name="api-project-publish", POST=MAKER),
    route(f"{CASE}comments/", projects.Comments.as_view(), name="api-project-comments", GET=READS),
    route(
        f"{CASE}validation/",
        projects.SignValidation.as_view(),
        name="api-project-validation",
        GET=READS,
        POST=VALIDATOR,
    ),
    route(
        f"{CASE}validation/rejection/",
        projects.RejectValidation.as_view(),
        name="api-project-validation-rejection",
        POST=VALIDATOR,
    ),
    route(
        f"{CASE}registration/proposal/",
        projects.ProposeRegistration.as_view(),
        name="api-registration-proposal",
        POST=MAKER,
    ),
    route(
        f"{CASE}registration/decision/",
        projects.DecideRegistration.as_view(),
        name="api-registration-decision",
        POST=CHECKER,
    ),
    route(
        f"{CASE}registration/record/",
        projects.RecordRegistration.as_view(),
        name="api-registration-record",
        POST=RECORDER,
    ),
    route(f"{CASE}standing/", standing.Standing.as_view(), name="api-project-standing", GET=READS),
    route(f"{CASE}suspend/", standing.Suspend.as_view(), name="api-project-suspend", POST=CHECKER),
    route(
        f"{CASE}resumption/proposal/",
        standing.ProposeResumption.as_view(),
        name="api-resumption-proposal",
        POST=MAKER,
    ),
    route(
        f"{CASE}resumption/refusal/",
        standing.RefuseResumption.as_view(),
        name="api-resumption-refusal",
        POST=CHECKER,
    ),
    route(f"{CASE}resume/", standing.Resume.as_view(), name="api-project-resume", POST=CHECKER),
    route(f"{CASE}deregister/", standing.Deregister.as_view(), name="api-project-deregister", POST=CHECKER),
    route("comments/<int:comment_id>/answer/", projects.AnswerComment.as_view(), name="api-comment-answer", POST=OWNER),
    route(f"{CASE}parcels/", land.ParcelsOfProject.as_view(), name="api-project-parcels", GET=READS, POST=ENTERS),
    route(f"{CASE}parcels/preview/", land.PreviewParcels.as_view(), name="api-parcels-preview", POST=ENTERS),
    route(f"{CASE}shapes/", land.Shapes.as_view(), name="api-project-shapes", GET=READS),
    route("parcels/", land.Parcels.as_view(), name="api-parcels", GET=READS),
    route("parcels/<int:parcel_id>/", land.OneParcel.as_view(), name="api-parcel", GET=READS, DELETE=ENTERS),
    route(
        "parcels/<int:parcel_id>/border-decision/", land.DecideBorder.as_view(), name="api-parcel-border", POST=REVIEWS
    ),
    route(f"{CASE}documents/", land.DocumentsOfProject.as_view(), name="api-project-documents", GET=READS, POST=FILES),
    # Public papers are open; whose case is not the caller's finds no other.
    route("documents/<int:document_id>/", land.OneDocument.as_view(), name="api-document", GET=PUBLIC),
    route(
        "documents/<int:document_id>/content/", land.DocumentContent.as_view(), name="api-document-content", GET=PUBLIC
    ),
]

api_routes: list[URLPattern] = [*_public, *_cases, *credit_routes.credit_routes]
