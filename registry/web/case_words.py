"""What the codes of a case are called, and in which tone they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts.web.refusals import role_name
from registry.rules.states import PeriodState, ProjectState, Verb

S, M = ProjectState, PeriodState

# Code -> words, tone of the badge.
STATES: Mapping[str, tuple[str, str]] = {
    S.DRAFT: (_("A draft"), "neutral"),
    S.SUBMITTED: (_("Under review"), "info"),
    S.ACCEPTED: (_("Accepted, to be published"), "info"),
    S.NOTICE: (_("Public notice and validation"), "info"),
    S.REVIEW: (_("Registration review"), "info"),
    S.REGISTERED: (_("In the register"), "success"),
    S.RETURNED: (_("Returned for correction"), "warning"),
    S.REJECTED: (_("Turned down"), "danger"),
    S.WITHDRAWN: (_("Withdrawn"), "neutral"),
    S.LAPSED: (_("Lapsed"), "danger"),
    S.SUSPENDED: (_("Suspended"), "danger"),
    S.COMPLETED: (_("Crediting period over"), "success"),
    S.DEREGISTERED: (_("Deregistered"), "danger"),
}
PERIOD_STATES: Mapping[str, tuple[str, str]] = {
    M.DRAFT: (_("A draft"), "neutral"),
    M.CALCULATED: (_("Calculated"), "neutral"),
    M.SUBMITTED: (_("Submitted"), "info"),
    M.NOTICE: (_("Public notice and verification"), "info"),
    M.REVIEW: (_("Issuance review"), "info"),
    M.ISSUED: (_("Issued"), "success"),
    M.RETURNED: (_("Returned for correction"), "warning"),
    M.REJECTED: (_("Turned down"), "danger"),
}
# What the step bar calls the steps that are no level of review.
STEPS: Mapping[str, str] = {
    S.DRAFT: _("Prepare"),
    S.ACCEPTED: _("To be published"),
    S.NOTICE: _("Notice and validation"),
    S.REVIEW: _("Decide and record"),
    S.REGISTERED: _("In the register"),
}
LEVELS: Mapping[str, str] = {
    "banner_clerk": _("Banner bureau: first review"),
    "league_reviewer": _("League bureau: review"),
    "region_maker": _("Regional bureau: acceptance"),
}
ACTS: Mapping[str, str] = {
    "create": _("Draft begun"),
    Verb.EDIT: _("Edited"),
    Verb.SUBMIT: _("Submitted"),
    Verb.WITHDRAW: _("Withdrawn"),
    Verb.PASS: _("Passed"),
    Verb.RETURN: _("Returned for correction"),
    Verb.REJECT: _("Turned down"),
    Verb.ACCEPT: _("Accepted"),
    Verb.PUBLISH: _("Published"),
    Verb.COMMENT: _("Commented"),
    Verb.ANSWER: _("Answered"),
    Verb.SIGN: _("Report signed"),
    Verb.PROPOSE: _("Registration proposed"),
    Verb.DECIDE: _("Registration decided"),
    Verb.RECORD: _("Registration recorded"),
    Verb.CALCULATE: _("Calculated"),
    Verb.LAPSE: _("Lapsed"),
    Verb.SUSPEND: _("Suspended"),
    Verb.RESUME: _("Resumed"),
    Verb.KEEP: _("Suspension kept"),
    Verb.COMPLETE: _("Crediting period over"),
    Verb.DEREGISTER: _("Deregistered"),
}
# What the same verb is called of a suspended project.
PROPOSED_END = _("End of the suspension proposed")
# Code -> name, letter of the ecosystem (its colour).
METHODOLOGIES: Mapping[str, tuple[str, str]] = {
    "F1": (_("Afforestation"), "F"),
    "G1": (_("Restoration of degraded grassland"), "G"),
    "W1": (_("Restoration of wetland"), "W"),
}
DOCUMENT_KINDS: Mapping[str, str] = {
    "design": _("Project design document"),
    "tenure": _("Proof of tenure"),
    "photo": _("Photographs of the site"),
    "evidence": _("Other evidence"),
    "monitoring": _("Monitoring report"),
    "validation": _("Validation report"),
    "verification": _("Verification report"),
    "certificate": _("Certificate"),
    "parcels": _("Parcel file"),
    "other": _("Other paper"),
}
LAND_CATEGORIES: Mapping[str, str] = {
    "forest": _("Forest land"),
    "shrub": _("Shrub land"),
    "grassland": _("Grassland"),
    "wetland": _("Wetland"),
    "sandland": _("Sandy land"),
    "cropland": _("Cropland"),
    "unused": _("Unused land"),
}
TENURES: Mapping[str, str] = {
    "ownership": _("Ownership"),
    "contract": _("Contracted management right"),
    "use_right": _("Right of use"),
    "operation_right": _("Right of operation (transferred)"),
    "lease": _("Lease"),
}
# Item of a review's checklist -> its question, what the reviewer looks at, the step of the wizard that mends it.
CHECKS: Mapping[str, tuple[str, str, str]] = {
    "owner": (
        _("The owner"),
        _("Name and unified social credit code are right, and the owner may apply."),
        "owner",
    ),
    "tenure": (
        _("Tenure"),
        _("Each parcel has a certificate of tenure that covers the crediting period, and no dispute is known."),
        "land",
    ),
    "boundary": (
        _("Boundary"),
        _("Parcels and area agree with the map, no land is claimed twice, borders were decided on."),
        "land",
    ),
    "land_history": (
        _("History of the land"),
        _("The land meets the methodology's conditions on its former use."),
        "land",
    ),
    "methodology": (
        _("Methodology"),
        _("The methodology fits, and its parameters and crediting period are right."),
        "method",
    ),
    "documents": (
        _("Papers"),
        _("Design document and proofs are complete, legible and stamped."),
        "papers",
    ),
}


def state_shown(code: str) -> dict[str, str]:
    """Return a project's state as a badge: its words and tone."""
    words, tone = STATES[code]
    return {"text": gettext(words), "tone": tone}


def period_state_shown(code: str) -> dict[str, str]:
    """Return a period's state as a badge."""
    words, tone = PERIOD_STATES[code]
    return {"text": gettext(words), "tone": tone}


def named(words: Mapping[str, str], code: str) -> str:
    """Return what a code is called; the code itself where it has no name."""
    return gettext(words[code]) if code in words else code


def methodology_shown(code: str) -> dict[str, str]:
    """Return a methodology's name and the letter of its ecosystem."""
    name, letter = METHODOLOGIES.get(code, (code, "P"))
    return {"code": code, "name": gettext(name), "letter": letter}


def step_name(code: str) -> str:
    """Return what the step bar calls a step: a level of review by its office, any other by its state."""
    if code in LEVELS:
        return gettext(LEVELS[code])
    return gettext(STEPS[code]) if code in STEPS else role_name(code)


def choices(words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return codes and names for a field of choice, "" first."""
    return [("", gettext("Please choose")), *((code, gettext(name)) for code, name in words.items())]


# What to do about a refusal, by its code.
REMEDIES: Mapping[str, str] = {
    "state_forbids": _("Open the case again to see where it stands now."),
    "role_forbids": _("The case's page says which office has it now."),
    "took_part": _("Hand the task to a colleague who had no part in the case."),
    "same_person": _("Ask a colleague with the second role."),
    "land_overlap": _("Correct the boundary, or have the bureau of the banner settle whose land it is."),
    "geometry_invalid": _("Correct the parcel at the place named in your mapping program and export the file again."),
    "shapefile_incomplete": _("Put .shp, .shx, .dbf and .prj of one name into one zip."),
    "border_undecided": _("Decide on it on the tab Land of the case."),
    "stale_version": _("Read the case again before you decide."),
    "notice_over": _("Write to the owner or the bureau named above."),
    "comments_open": _("Every comment needs the owner's answer first."),
}


def remedy(code: str) -> str:
    """Return what to do about a refusal, "" where nothing is known."""
    return gettext(REMEDIES[code]) if code in REMEDIES else ""
