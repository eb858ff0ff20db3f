"""Where a case stands: which step of its way it has reached, and which role has it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.rules import Role
from registry.rules.states import FINAL_PROJECT, ProjectState

S = ProjectState
# After the levels of review, in order: the states that follow each other on the way to the register.
LATER = (S.ACCEPTED, S.NOTICE, S.REVIEW, S.REGISTERED)
ENDED_WELL = frozenset({S.REGISTERED, S.COMPLETED})


@dataclass(frozen=True)
class Standing:
    """One step of a case's way: "draft", a role that reviews, or a later state; and whether it is done."""

    step: str
    state: str  # "done", "current", "failed" or "open", as components/steps.html shows them.


def handler(state: str, level: int, levels: Sequence[str], *, is_proposed: bool, is_decided: bool) -> Role | None:
    """Return the role that has the case now, None where nobody has to do anything."""
    if state in (S.DRAFT, S.RETURNED):
        return Role.OWNER
    if state == S.SUBMITTED:
        return Role(levels[level]) if level < len(levels) else None
    if state == S.ACCEPTED:
        return Role.REGION_MAKER
    if state == S.NOTICE:
        return Role.VALIDATOR
    if state == S.REVIEW:
        if is_decided:
            return Role.ECOLOGY_RECORDER
        return Role.REGION_CHECKER if is_proposed else Role.REGION_MAKER
    if state == S.SUSPENDED:  # What is proposed then is its end.
        return Role.REGION_CHECKER if is_proposed else Role.REGION_MAKER
    return Role.OWNER if state == S.REGISTERED else None


def way(state: str, level: int, levels: Sequence[str]) -> list[Standing]:
    """Return the steps of a case from the draft to the register, each done, current, failed or still open.

    level: of the review, also where a case was returned or ended: the step it failed at.
    """
    steps = [S.DRAFT.value, *levels, *(one.value for one in LATER)]
    failed = state == S.RETURNED or state in FINAL_PROJECT - {S.DEREGISTERED}
    if state in (S.DRAFT, S.WITHDRAWN):
        here = 0
    elif state in (S.SUBMITTED, S.RETURNED, S.REJECTED, S.LAPSED):
        here = 1 + min(level, max(len(levels) - 1, 0))
    elif state in LATER:
        here = 1 + len(levels) + LATER.index(ProjectState(state))
    else:
        here = len(steps) - 1
    if state in ENDED_WELL:
        here = len(steps)
    return [
        Standing(
            step,
            "done" if number < here else ("failed" if failed else "current") if number == here else "open",
        )
        for number, step in enumerate(steps)
    ]
