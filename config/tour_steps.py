"""The steps of the guided tour 碳汇的一生, in the order of the story, with what each tells and who does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import gettext_noop

from accounts.rules import Role


@dataclass(frozen=True)
class Step:
    """One step of the story. Its role goes on at `url`; without a role it is the clock that must move."""

    key: str
    chapter: str
    label: str
    hint: str
    role: Role | None
    url: str = ""
    only_when_due: bool = False  # Such a step is no part of a smooth story.


PROJECT, MONITORING = gettext_noop("Registration of the project"), gettext_noop("Monitoring and verification")
ISSUANCE, MARKET, END = (
    gettext_noop("Issuing the credits"),
    gettext_noop("Trading on the market"),
    gettext_noop("Retirement and certificate"),
)
CASE, PERIOD = "/projects/{project}/", "/periods/{period}/"
STEPS: tuple[Step, ...] = (
    Step(
        "create",
        PROJECT,
        gettext_noop("Begin a project"),
        gettext_noop("Methodology: afforestation. Banner or county: 牙克石市. The name is yours."),
        Role.OWNER,
        "/projects/new/",
    ),
    Step(
        "parcels",
        PROJECT,
        gettext_noop("Upload the land"),
        gettext_noop(
            "Upload the sample land file; then choose land category and kind of tenure, and type a certificate number."
        ),
        Role.OWNER,
        CASE + "parcels/",
    ),
    Step(
        "method",
        PROJECT,
        gettext_noop("Choose the crediting period and who validates"),
        gettext_noop(
            "Take 2021-01-01 to 2040-12-31 and one of the two bodies (the other verifies later); the rest stays."
        ),
        Role.OWNER,
        CASE + "method/",
    ),
    Step(
        "papers",
        PROJECT,
        gettext_noop("Upload the papers"),
        gettext_noop("Choose the kind of each paper: upload the sample design paper and the sample proof of tenure."),
        Role.OWNER,
        CASE + "documents/",
    ),
    Step(
        "corrections",
        PROJECT,
        gettext_noop("Correct and submit again"),
        gettext_noop("The application came back: the opinion says what to correct."),
        Role.OWNER,
        CASE,
        only_when_due=True,
    ),
    Step(
        "submit",
        PROJECT,
        gettext_noop("Submit the application"),
        gettext_noop("With the submission the land is bound to this project."),
        Role.OWNER,
        CASE + "submit/",
    ),
    Step(
        "review-banner_clerk",
        PROJECT,
        gettext_noop("First review by the banner's bureau"),
        gettext_noop("Tick the checklist and pass the case on."),
        Role.BANNER_CLERK,
        CASE + "review/",
    ),
    Step(
        "review-league_reviewer",
        PROJECT,
        gettext_noop("Review by the league's bureau"),
        gettext_noop("Tick the checklist and pass the case on."),
        Role.LEAGUE_REVIEWER,
        CASE + "review/",
    ),
    Step(
        "review-region_maker",
        PROJECT,
        gettext_noop("Acceptance by the regional bureau"),
        gettext_noop("The last level accepts the application."),
        Role.REGION_MAKER,
        CASE + "review/",
    ),
    Step(
        "publish",
        PROJECT,
        gettext_noop("Publish the notice"),
        gettext_noop("The public has twenty working days to comment."),
        Role.REGION_MAKER,
        CASE,
    ),
    Step(
        "answer",
        PROJECT,
        gettext_noop("Answer the public's comments"),
        gettext_noop("The report can be signed only when every comment has its answer."),
        Role.OWNER,
        CASE + "comments/",
        only_when_due=True,
    ),
    Step(
        "notice",
        PROJECT,
        gettext_noop("Let the notice run out"),
        gettext_noop("Nobody can shorten it; here the business clock moves past it."),
        None,
    ),
    Step(
        "validate",
        PROJECT,
        gettext_noop("Sign the validation report"),
        gettext_noop("Type the conclusion of the validation; the report may be left out. Then sign."),
        Role.VALIDATOR,
        CASE + "validation/",
    ),
    Step(
        "propose",
        PROJECT,
        gettext_noop("Propose the registration"),
        gettext_noop("The maker proposes."),
        Role.REGION_MAKER,
        CASE + "registration/",
    ),
    Step(
        "decide",
        PROJECT,
        gettext_noop("Decide on the registration"),
        gettext_noop("Another person checks and decides."),
        Role.REGION_CHECKER,
        CASE + "registration/",
    ),
    Step(
        "record",
        PROJECT,
        gettext_noop("Record the registration"),
        gettext_noop("The ecology department enters the project in its records."),
        Role.ECOLOGY_RECORDER,
        CASE + "registration/",
    ),
    Step(
        "period",
        MONITORING,
        gettext_noop("Begin a monitoring period"),
        gettext_noop("Take 2021-01-01 to 2025-12-31: it must have ended."),
        Role.OWNER,
        CASE + "periods/new/",
    ),
    Step(
        "upload",
        MONITORING,
        gettext_noop("Upload the measurements"),
        gettext_noop("Two inventories of the same plots: first the earlier sample workbook, then the later one."),
        Role.OWNER,
        PERIOD + "upload/",
    ),
    Step(
        "calculate",
        MONITORING,
        gettext_noop("Calculate the removals"),
        gettext_noop("A job calculates from tree to tonne and keeps every figure."),
        Role.OWNER,
        PERIOD + "upload/",
    ),
    Step(
        "submit_period",
        MONITORING,
        gettext_noop("Submit the monitoring report"),
        gettext_noop("Choose a verifier other than the validator. The automatic checks begin."),
        Role.OWNER,
        PERIOD + "submit/",
    ),
    Step(
        "publish_period",
        MONITORING,
        gettext_noop("Publish the monitoring report"),
        gettext_noop("Again the public has twenty working days."),
        Role.REGION_MAKER,
        PERIOD + "review/",
    ),
    Step(
        "answer_period",
        MONITORING,
        gettext_noop("Answer the public's comments"),
        gettext_noop("The report can be signed only when every comment has its answer."),
        Role.OWNER,
        PERIOD + "comments/",
        only_when_due=True,
    ),
    Step(
        "notice_period",
        MONITORING,
        gettext_noop("Let the notice run out"),
        gettext_noop("Nobody can shorten it; here the business clock moves past it."),
        None,
    ),
    Step(
        "answer_findings",
        MONITORING,
        gettext_noop("Answer the verifier's findings"),
        gettext_noop("What the checks asked waits for an answer."),
        Role.OWNER,
        PERIOD + "findings/",
        only_when_due=True,
    ),
    Step(
        "close_findings",
        MONITORING,
        gettext_noop("Close the findings"),
        gettext_noop("The verifier accepts the answers or asks again."),
        Role.VERIFIER,
        PERIOD + "findings/",
        only_when_due=True,
    ),
    Step(
        "verify",
        MONITORING,
        gettext_noop("Sign the verification report"),
        gettext_noop(
            "Choose the conclusion and type an opinion; the report may be left out. The tonnes are confirmed."
        ),
        Role.VERIFIER,
        PERIOD + "verification/",
    ),
    Step(
        "propose_issuance",
        ISSUANCE,
        gettext_noop("Propose to issue the credits"),
        gettext_noop("The tonnes are spread over the years; a fifth goes to the buffer."),
        Role.REGION_MAKER,
        PERIOD + "issuance/",
    ),
    Step(
        "decide_issuance",
        ISSUANCE,
        gettext_noop("Decide on issuing the credits"),
        gettext_noop("Another person issues: serial numbers come into being."),
        Role.REGION_CHECKER,
        "/issuances/{issuance}/decision/",
    ),
    Step(
        "record_issuance",
        ISSUANCE,
        gettext_noop("Record the issuance"),
        gettext_noop("The ecology department enters the issuance in its records."),
        Role.ECOLOGY_RECORDER,
        "/issuances/{issuance}/record/",
    ),
    Step(
        "admit",
        MARKET,
        gettext_noop("Ask for the product to be admitted"),
        gettext_noop("The owner chooses one vintage of the project and its first price, for example 60.00."),
        Role.OWNER,
        "/admissions/new/",
    ),
    Step(
        "review_admission",
        MARKET,
        gettext_noop("Review the request for admission"),
        gettext_noop("An operator of the exchange looks whether it is in order."),
        Role.EXCHANGE_OPERATOR,
        "/admissions/{admission}/",
    ),
    Step(
        "approve_admission",
        MARKET,
        gettext_noop("Approve the request for admission"),
        gettext_noop("Another operator admits the product; it trades from the next trading day on."),
        Role.EXCHANGE_OPERATOR,
        "/admissions/{admission}/",
    ),
    Step(
        "open",
        MARKET,
        gettext_noop("Wait for the market to open"),
        gettext_noop("A product trades from the next trading day on; the business clock can go there."),
        None,
    ),
    Step(
        "offer",
        MARKET,
        gettext_noop("Offer credits for sale"),
        gettext_noop("The owner posts some tonnes at the base price."),
        Role.OWNER,
        "/market/{code}/order/?side=sell&kind=place",
    ),
    Step(
        "buy",
        MARKET,
        gettext_noop("Buy on the market"),
        gettext_noop("A firm takes some of the posted tonnes; a job matches and settles at once."),
        Role.FIRM_INITIATOR,
        "/market/{code}/order/?side=buy&kind=accept",
    ),
    Step(
        "retire",
        END,
        gettext_noop("Retire the credits"),
        gettext_noop("The firm retires what it bought, for a named purpose. This is final."),
        Role.FIRM_INITIATOR,
        "/retirements/new/?asset={asset}",
    ),
    Step(
        "certificate",
        END,
        gettext_noop("Check the certificate"),
        gettext_noop("Anyone can check it by its number or its code."),
        Role.FIRM_INITIATOR,
        "/certificates/{certificate}/",
    ),
)
TOLD = "certificate"  # With this step the story is told.
BY_KEY: Mapping[str, Step] = MappingProxyType({step.key: step for step in STEPS})
