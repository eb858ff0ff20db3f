"""Pages of projects: land, papers, review, notice, registration."""

from django.urls import URLPattern

from accounts.rules import PUBLIC, Role, roles
from accounts.web.routes import route
from registry.web import cases, land, papers, public, register, review, standing, wizard

STAFF = (Role.BANNER_CLERK, Role.LEAGUE_REVIEWER, Role.REGION_MAKER, Role.REGION_CHECKER, Role.ECOLOGY_RECORDER)
# Who works on cases or reads them; which cases each sees is decided where they are read.
INSIDERS = roles(Role.OWNER, *STAFF, Role.VALIDATOR, Role.VERIFIER, Role.AUDITOR)
APPLICANTS = roles(Role.OWNER, Role.BANNER_CLERK)
REVIEWERS = roles(Role.BANNER_CLERK, Role.LEAGUE_REVIEWER, Role.REGION_MAKER)
OFFICES = roles(*STAFF)
OWNERS = roles(Role.OWNER)
CHECKERS = roles(Role.REGION_CHECKER)
BUREAU = roles(Role.REGION_MAKER, Role.REGION_CHECKER)

web_routes: list[URLPattern] = [
    route("register/", register.Register.as_view(), name="registry-projects", GET=PUBLIC),
    route("register/export/", register.RegisterExport.as_view(), name="registry-projects-export", GET=PUBLIC),
    route(
        "register/<str:code>/", public.PublicProject.as_view(), name="registry-public-project", GET=PUBLIC, POST=PUBLIC
    ),
    route("register/<str:code>/shapes/", register.PublicShapes.as_view(), name="registry-public-shapes", GET=PUBLIC),
    route("documents/<int:document_id>/", papers.Download.as_view(), name="registry-document", GET=PUBLIC),
    route("projects/", cases.MyProjects.as_view(), name="registry-my-projects", GET=INSIDERS),
    route("projects/export/", cases.MyProjectsExport.as_view(), name="registry-my-projects-export", GET=INSIDERS),
    route(
        "projects/new/", wizard.NewProjectPage.as_view(), name="registry-project-new", GET=APPLICANTS, POST=APPLICANTS
    ),
    route("projects/<int:project_id>/", cases.ProjectPage.as_view(), name="registry-project", GET=INSIDERS),
    route(
        "projects/<int:project_id>/shapes/", cases.CaseShapes.as_view(), name="registry-project-shapes", GET=INSIDERS
    ),
    route(
        "projects/<int:project_id>/edit/",
        wizard.EditPage.as_view(),
        name="registry-project-edit",
        GET=APPLICANTS,
        POST=APPLICANTS,
    ),
    route(
        "projects/<int:project_id>/parcels/",
        land.LandPage.as_view(),
        name="registry-project-parcels",
        GET=APPLICANTS,
        POST=APPLICANTS,
    ),
    route(
        "projects/<int:project_id>/parcels/preview/",
        land.PreviewParcels.as_view(),
        name="registry-parcels-preview",
        POST=APPLICANTS,
    ),
    route(
        "projects/<int:project_id>/parcels/<int:parcel_id>/remove/",
        land.RemoveParcel.as_view(),
        name="registry-parcel-remove",
        POST=APPLICANTS,
    ),
    route(
        "projects/<int:project_id>/parcels/<int:parcel_id>/border/",
        land.BorderPage.as_view(),
        name="registry-parcel-border",
        GET=REVIEWERS,
        POST=REVIEWERS,
    ),
    route(
        "projects/<int:project_id>/method/",
        wizard.MethodPage.as_view(),
        name="registry-project-method",
        GET=APPLICANTS,
        POST=APPLICANTS,
    ),
    route(
        "projects/<int:project_id>/documents/",
        papers.DocumentsPage.as_view(),
        name="registry-project-documents",
        GET=APPLICANTS,
        POST=APPLICANTS,
    ),
    route(
        "projects/<int:project_id>/submit/",
        review.Submit.as_view(),
        name="registry-project-submit",
        GET=APPLICANTS,
        POST=APPLICANTS,
    ),
    route(
        "projects/<int:project_id>/withdraw/",
        review.Withdraw.as_view(),
        name="registry-project-withdraw",
        GET=APPLICANTS,
        POST=APPLICANTS,
    ),
    route("reviews/", review.Reviews.as_view(), name="registry-reviews", GET=OFFICES),
    route(
        "projects/<int:project_id>/review/",
        review.ReviewPage.as_view(),
        name="registry-project-review",
        GET=REVIEWERS,
        POST=REVIEWERS,
    ),
    route(
        "projects/<int:project_id>/publish/",
        review.Publish.as_view(),
        name="registry-project-publish",
        POST=roles(Role.REGION_MAKER),
    ),
    route(
        "projects/<int:project_id>/comments/",
        review.CommentsPage.as_view(),
        name="registry-project-comments",
        GET=INSIDERS,
        POST=OWNERS,
    ),
    route(
        "projects/<int:project_id>/validation/",
        review.ValidationPage.as_view(),
        name="registry-project-validation",
        GET=roles(Role.VALIDATOR),
        POST=roles(Role.VALIDATOR),
    ),
    route(
        "projects/<int:project_id>/registration/",
        review.RegistrationPage.as_view(),
        name="registry-project-registration",
        GET=OFFICES,
        POST=OFFICES,
    ),
    route(
        "projects/<int:project_id>/suspension/",
        standing.SuspensionPage.as_view(),
        name="registry-project-suspension",
        GET=CHECKERS,
        POST=CHECKERS,
    ),
    route(
        "projects/<int:project_id>/resumption/",
        standing.ResumptionPage.as_view(),
        name="registry-project-resumption",
        GET=BUREAU,
        POST=BUREAU,
    ),
    route(
        "projects/<int:project_id>/deregistration/",
        standing.DeregistrationPage.as_view(),
        name="registry-project-deregistration",
        GET=CHECKERS,
        POST=CHECKERS,
    ),
    route(
        "projects/<int:project_id>/standing/read/",
        standing.NoteStanding.as_view(),
        name="registry-project-standing-read",
        POST=APPLICANTS,
    ),
]
