"""The states of a project and of a monitoring period: which verb, by which role, leads where. One table each.

Source: design, section 3. A verb that is not in the table is not open; services ask here before they do anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from accounts.rules import Actor, Role, is_in_area


class ProjectState(StrEnum):
    """Where a project stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    NOTICE = "notice_and_validation"
    REVIEW = "registration_review"
    REGISTERED = "registered"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    DEREGISTERED = "deregistered"


class PeriodState(StrEnum):
    """Where a monitoring period stands."""

    DRAFT = "draft"
    CALCULATED = "calculated"
    SUBMITTED = "submitted"
    NOTICE = "notice_and_verification"
    REVIEW = "issuance_review"
    ISSUED = "issued"
    RETURNED = "returned"
    REJECTED = "rejected"


class Verb(StrEnum):
    """What can be done with a project or a period."""

    EDIT = "edit"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    PASS = "pass"  # noqa: S105 (a verb)
    RETURN = "return"
    REJECT = "reject"
    ACCEPT = "accept"
    PUBLISH = "publish"
    COMMENT = "comment"
    ANSWER = "answer"
    SIGN = "sign"
    PROPOSE = "propose"
    DECIDE = "decide"
    RECORD = "record"
    CALCULATE = "calculate"
    LAPSE = "lapse"
    SUSPEND = "suspend"
    RESUME = "resume"
    KEEP = "keep"
    COMPLETE = "complete"
    DEREGISTER = "deregister"


@dataclass(frozen=True)
class Parties:
    """Whose case it is and where: what a right to take a step depends on beside the role."""

    owner_id: int
    division_code: str
    validator_id: int | None = None
    verifier_id: int | None = None


@dataclass(frozen=True)
class Step:
    """In `state`, `verb` by one of `roles` leads to `to`. No roles: the clock itself, or (comment) anyone."""

    state: StrEnum
    verb: Verb
    roles: frozenset[Role]
    to: StrEnum


P, M = ProjectState, PeriodState
OWN = frozenset({Role.OWNER, Role.BANNER_CLERK})
OWNER = frozenset({Role.OWNER})
REVIEWERS = frozenset({Role.BANNER_CLERK, Role.LEAGUE_REVIEWER, Role.REGION_MAKER})
MAKER, CHECKER = frozenset({Role.REGION_MAKER}), frozenset({Role.REGION_CHECKER})
RECORDER = frozenset({Role.ECOLOGY_RECORDER})
VALIDATOR, VERIFIER = frozenset({Role.VALIDATOR}), frozenset({Role.VERIFIER})
CLOCK: frozenset[Role] = frozenset()
ANYONE: frozenset[Role] = frozenset()

PROJECT_STEPS: tuple[Step, ...] = (
    Step(P.DRAFT, Verb.EDIT, OWN, P.DRAFT),
    Step(P.DRAFT, Verb.SUBMIT, OWN, P.SUBMITTED),
    Step(P.DRAFT, Verb.WITHDRAW, OWN, P.WITHDRAWN),
    # Each level but the last passes on; the last accepts. Which levels there are is a rule value.
    Step(P.SUBMITTED, Verb.PASS, REVIEWERS, P.SUBMITTED),
    Step(P.SUBMITTED, Verb.ACCEPT, REVIEWERS, P.ACCEPTED),
    Step(P.SUBMITTED, Verb.RETURN, REVIEWERS, P.RETURNED),
    Step(P.SUBMITTED, Verb.REJECT, REVIEWERS, P.REJECTED),
    Step(P.SUBMITTED, Verb.WITHDRAW, OWN, P.WITHDRAWN),
    Step(P.RETURNED, Verb.EDIT, OWN, P.RETURNED),
    Step(P.RETURNED, Verb.SUBMIT, OWN, P.SUBMITTED),
    Step(P.RETURNED, Verb.WITHDRAW, OWN, P.WITHDRAWN),
    Step(P.RETURNED, Verb.LAPSE, CLOCK, P.LAPSED),
    Step(P.ACCEPTED, Verb.PUBLISH, MAKER, P.NOTICE),
    Step(P.ACCEPTED, Verb.WITHDRAW, OWN, P.WITHDRAWN),
    Step(P.NOTICE, Verb.COMMENT, ANYONE, P.NOTICE),
    Step(P.NOTICE, Verb.ANSWER, OWN, P.NOTICE),
    Step(P.NOTICE, Verb.SIGN, VALIDATOR, P.REVIEW),
    Step(P.NOTICE, Verb.REJECT, VALIDATOR, P.REJECTED),
    Step(P.NOTICE, Verb.WITHDRAW, OWN, P.WITHDRAWN),
    Step(P.NOTICE, Verb.LAPSE, CLOCK, P.LAPSED),
    Step(P.REVIEW, Verb.PROPOSE, MAKER, P.REVIEW),
    Step(P.REVIEW, Verb.DECIDE, CHECKER, P.REVIEW),
    Step(P.REVIEW, Verb.REJECT, CHECKER, P.REJECTED),
    Step(P.REVIEW, Verb.RECORD, RECORDER, P.REGISTERED),
    Step(P.REGISTERED, Verb.SUSPEND, CHECKER, P.SUSPENDED),
    Step(P.REGISTERED, Verb.COMPLETE, CLOCK, P.COMPLETED),
    Step(P.REGISTERED, Verb.DEREGISTER, CHECKER, P.DEREGISTERED),
    # Two persons lift a suspension, as they lift the freeze of its credits.
    Step(P.SUSPENDED, Verb.PROPOSE, MAKER, P.SUSPENDED),
    Step(P.SUSPENDED, Verb.RESUME, CHECKER, P.REGISTERED),
    Step(P.SUSPENDED, Verb.KEEP, CHECKER, P.SUSPENDED),
    Step(P.SUSPENDED, Verb.DEREGISTER, CHECKER, P.DEREGISTERED),
    # What a suspension froze outlives the project, and two persons free it then, too.
    Step(P.DEREGISTERED, Verb.PROPOSE, MAKER, P.DEREGISTERED),
    Step(P.DEREGISTERED, Verb.RESUME, CHECKER, P.DEREGISTERED),
    Step(P.DEREGISTERED, Verb.KEEP, CHECKER, P.DEREGISTERED),
    Step(P.COMPLETED, Verb.DEREGISTER, CHECKER, P.DEREGISTERED),
)

PERIOD_STEPS: tuple[Step, ...] = (
    Step(M.DRAFT, Verb.EDIT, OWNER, M.DRAFT),
    Step(M.DRAFT, Verb.CALCULATE, OWNER, M.CALCULATED),
    Step(M.CALCULATED, Verb.EDIT, OWNER, M.DRAFT),
    Step(M.CALCULATED, Verb.CALCULATE, OWNER, M.CALCULATED),
    Step(M.CALCULATED, Verb.SUBMIT, OWNER, M.SUBMITTED),
    Step(M.RETURNED, Verb.EDIT, OWNER, M.DRAFT),
    Step(M.RETURNED, Verb.CALCULATE, OWNER, M.CALCULATED),
    Step(M.SUBMITTED, Verb.PUBLISH, MAKER, M.NOTICE),
    Step(M.SUBMITTED, Verb.RETURN, MAKER, M.RETURNED),
    Step(M.NOTICE, Verb.COMMENT, ANYONE, M.NOTICE),
    Step(M.NOTICE, Verb.ANSWER, OWN, M.NOTICE),
    Step(M.NOTICE, Verb.SIGN, VERIFIER, M.REVIEW),
    Step(M.NOTICE, Verb.RETURN, VERIFIER, M.RETURNED),
    Step(M.NOTICE, Verb.REJECT, VERIFIER, M.REJECTED),
    Step(M.REVIEW, Verb.PROPOSE, MAKER, M.REVIEW),
    Step(M.REVIEW, Verb.DECIDE, CHECKER, M.ISSUED),
    # A signed amount is never signed again: what is wrong with it is rejected, and its days are monitored anew.
    Step(M.REVIEW, Verb.REJECT, CHECKER, M.REJECTED),
    Step(M.ISSUED, Verb.RECORD, RECORDER, M.ISSUED),
)

# No step leads out of these.
FINAL_PROJECT = frozenset({P.REJECTED, P.WITHDRAWN, P.LAPSED, P.DEREGISTERED})
# Land is bound from the submission on, until the project has ended for good.
BOUND_LAND = frozenset(ProjectState) - FINAL_PROJECT - {P.DRAFT}
# What the public register shows.
PUBLIC_PROJECT = frozenset({P.NOTICE, P.REVIEW, P.REGISTERED, P.SUSPENDED, P.COMPLETED, P.DEREGISTERED})

# What a reviewer ticks off, by the codes of the rulebook's list: English message ids.
CHECKLIST: Mapping[str, str] = {
    "owner": "qualification of the owner",
    "tenure": "tenure of the land",
    "boundary": "boundary of the land",
    "land_history": "history of the land",
    "methodology": "fitness of the methodology",
    "documents": "completeness of the documents",
}


def step(steps: tuple[Step, ...], state: str, verb: Verb) -> Step | None:
    """Return the step a verb takes from a state, None where it is not open."""
    return next((one for one in steps if one.state == state and one.verb is verb), None)


def open_verbs(steps: tuple[Step, ...], state: str, roles: frozenset[Role]) -> list[Verb]:
    """Return what someone in these roles could do in a state, in the order of the table."""
    return [one.verb for one in steps if one.state == state and one.roles & roles]


def role_for(roles: frozenset[Role], actor: Actor, parties: Parties) -> Role | None:
    """Return the role in which an actor takes a step of these roles in this case, None where it is for another.

    An owner acts in its own case, a validator or verifier in the one it was chosen for, an office in its area.
    """
    theirs = {
        Role.OWNER: actor.organisation_id == parties.owner_id,
        Role.VALIDATOR: actor.organisation_id == parties.validator_id,
        Role.VERIFIER: actor.organisation_id == parties.verifier_id,
    }
    for role in sorted(roles & actor.roles):
        if actor.organisation_id is not None and theirs.get(
            role, is_in_area(parties.division_code, actor.division_code)
        ):
            return role
    return None


def next_level(levels: list[str], level: int) -> int | None:
    """Return the level of review after this one, None after the last."""
    return level + 1 if level + 1 < len(levels) else None
