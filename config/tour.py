"""The guided tour 碳汇的一生: where a project stands in one credit's life, and who goes on.

It keeps no state of its own: where the story stands is read from the rooms, so it is right whoever did a step, in
whichever order, by pages or by the API. It is the same story as the journeys of the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from accounts.queries import sign_in_organisation_id, users_with_role
from accounts.rules import NOBODY, Actor, Role, UserView
from config.tour_steps import BY_KEY, STEPS, Step
from exchange.queries import admissions_visible_to, book, instruments, is_in_session, profile
from registry.queries import CaseProgress, PeriodProgress, progress_of, retirements_visible_to
from registry.rules.states import PeriodState, ProjectState
from rulebook.queries import business_date, clock_targets
from rulebook.rules import BEIJING
from settlement.queries import holdings_visible_to
from settlement.rules import Purpose

# The tour shows to anyone in the demonstration how far a case has come, so it looks with an auditor's eyes.
ONLOOKER: Actor = replace(NOBODY, roles=frozenset({Role.AUDITOR, Role.EXCHANGE_OPERATOR}))
OFFICE_OPENS = time(9, 0)
P, M = ProjectState, PeriodState
ENDED = frozenset({P.REJECTED, P.WITHDRAWN, P.LAPSED, P.DEREGISTERED, P.SUSPENDED})
FOREST_FILES = frozenset({("forest_plots", "earlier"), ("forest_plots", "later")})
PAPERS = frozenset({"design", "tenure"})


@dataclass(frozen=True)
class Market:
    """How far the credits of a case have come on the market, seen by the firm of the story."""

    instrument_code: str
    trades_later: bool  # It was admitted, and its first day is still to come.
    may_trade: bool  # Its day is open, and the market is in session.
    is_offered: bool
    held_asset_id: int | None  # What the firm has bought and not yet retired.
    certificate_number: str
    admission_id: int | None = None  # The open request to admit one of its products.
    reviewed_by: int | None = None  # Who found that request in order; somebody else approves it.


@dataclass(frozen=True)
class Place:
    """Where a story stands: the step that is due, who does it, where, and until when the clock must go."""

    step: Step
    number: int
    count: int
    who: UserView | None
    url: str
    move_to: datetime | None


def stand(project_id: int | None, *, at: datetime) -> tuple[CaseProgress | None, Market | None]:
    """Return how far the story of a project has come: its case, and once credits exist its market."""
    case = progress_of(ONLOOKER, project_id, at=at) if project_id else None
    market = _market(case, at) if case and case.asset_ids else None
    return case, market


def place_of(case: CaseProgress | None, market: Market | None, *, at: datetime) -> Place | None:
    """Return where a story stands, None where its project has ended without a credit."""
    key = due_step(case, market, today=business_date(at))
    if key is None:
        return None
    step = BY_KEY[key]
    shown = shown_steps(key)
    return Place(
        step=step,
        number=shown.index(step) + 1,
        count=len(shown),
        who=_who(step, case, market, at),
        url=_url(step, case, market),
        move_to=_move_to(key, case, market, at) if step.role is None else None,
    )


def shown_steps(due: str | None) -> list[Step]:
    """Return the steps of a smooth story, and the one that is due."""
    return [step for step in STEPS if not step.only_when_due or step.key == due]


def due_step(case: CaseProgress | None, market: Market | None, *, today: date) -> str | None:
    """Return the key of the step that is due, None where nothing can follow."""
    if case is None:
        return "create"
    if case.state in ENDED:
        return None
    if case.state in (P.DRAFT, P.RETURNED):
        if case.state == P.RETURNED:
            return "corrections"
        return _missing(case) or "submit"
    if case.state == P.SUBMITTED:
        return f"review-{case.level_roles[case.level]}"
    if case.state == P.ACCEPTED:
        return "publish"
    if case.state == P.NOTICE:
        return _at_notice(case.notice_until, case.open_comments, today, "answer", "notice") or "validate"
    if case.state == P.REVIEW:
        return "record" if case.is_decided else "decide" if case.is_proposed else "propose"
    return _after_registration(case, market, today)


def _missing(case: CaseProgress) -> str | None:
    if not case.areas_ha:
        return "parcels"
    if not case.has_method:
        return "method"
    return None if case.papers >= PAPERS else "papers"


def _at_notice(until: date | None, comments: int, today: date, answer: str, wait: str) -> str | None:
    if comments:
        return answer
    return wait if until is not None and today <= until else None


def _after_registration(case: CaseProgress, market: Market | None, today: date) -> str:
    period = case.period
    if period is None:
        return "period"
    if period.state in (M.DRAFT, M.RETURNED):
        needed = FOREST_FILES if case.methodology == "F1" else None
        is_ready = period.files >= needed if needed else bool(period.files)
        return "calculate" if is_ready else "upload"
    if period.state == M.CALCULATED:
        return "submit_period"
    if period.state == M.SUBMITTED:
        return "publish_period"
    if period.state == M.NOTICE:
        waits = _at_notice(period.notice_until, period.open_comments, today, "answer_period", "notice_period")
        return _findings(period) or waits or "verify"
    if period.state == M.REVIEW:
        return "decide_issuance" if period.issuance_id else "propose_issuance"
    if not period.is_entered:
        return "record_issuance"
    return _on_the_market(market)


def _findings(period: PeriodProgress) -> str | None:
    if period.unanswered_findings:
        return "answer_findings"
    return "close_findings" if period.answered_findings else None


def _on_the_market(market: Market | None) -> str:
    if market is None or not market.instrument_code:
        if market is None or market.admission_id is None:
            return "admit"
        return "approve_admission" if market.reviewed_by else "review_admission"
    if market.certificate_number:
        return "certificate"
    if market.held_asset_id:
        return "retire"
    if not market.may_trade:
        return "open"
    return "buy" if market.is_offered else "offer"


def _market(case: CaseProgress, at: datetime) -> Market:
    listed = [one for one in instruments(at) if one.project_code == case.code]
    # The product that was admitted last is the one of the story.
    product = max(listed, key=lambda one: one.id, default=None)
    in_session = is_in_session(at, profile(at, "nm_regional"))
    buyer = replace(NOBODY, organisation_id=_firm_of_the_story(at))
    free = [one.asset_id for one in holdings_visible_to(buyer) if one.purpose is Purpose.AVAILABLE]
    held = [asset_id for asset_id in free if asset_id in case.asset_ids]
    asked = admissions_visible_to(ONLOOKER).filter(project_code=case.code, ended_at=None).first()
    retired = retirements_visible_to(buyer).filter(asset_id__in=case.asset_ids, state="retired").first()
    return Market(
        instrument_code=product.code if product else "",
        trades_later=bool(product and product.tradable_from > business_date(at)),
        may_trade=bool(product and product.is_open and in_session),
        is_offered=bool(product and book(product.id).asks),
        held_asset_id=held[0] if held else None,
        certificate_number=retired.number if retired else "",
        admission_id=asked.pk if asked else None,
        reviewed_by=asked.reviewed_by_id if asked else None,
    )


def _firm_of_the_story(at: datetime) -> int | None:
    people = users_with_role(Role.FIRM_INITIATOR, at=at)
    return sign_in_organisation_id(people[0].id, at) if people else None


def _who(step: Step, case: CaseProgress | None, market: Market | None, at: datetime) -> UserView | None:
    """Return the person who does a step: in the right office or organisation, and not who took part before."""
    if step.role is None:
        return None
    where: dict[str, int | str | None] = {}
    if case is not None:
        where = _office(step.role, case)
    people: Sequence[UserView] = users_with_role(step.role, at=at, **where)  # type: ignore[arg-type]
    if case is not None and step.key.startswith("review-"):
        people = [one for one in people if one.id not in case.contributors]
    if step.key == "approve_admission" and market is not None:
        people = [one for one in people if one.id != market.reviewed_by]
    if step.role is Role.VERIFIER and case is not None and not where:
        people = [one for one in people if sign_in_organisation_id(one.id, at) != case.validator_id]
    return people[0] if people else None


def _office(role: Role, case: CaseProgress) -> dict[str, int | str | None]:
    if role is Role.OWNER:
        return {"organisation_id": case.owner_id}
    if role is Role.VALIDATOR:
        return {"organisation_id": case.validator_id}
    if role is Role.VERIFIER and case.period and case.period.verifier_id:
        return {"organisation_id": case.period.verifier_id}
    if role is Role.BANNER_CLERK:
        return {"division_code": case.division_code}
    if role is Role.LEAGUE_REVIEWER:
        return {"division_code": f"{case.division_code[:4]}00"}
    return {}


def _url(step: Step, case: CaseProgress | None, market: Market | None) -> str:
    period = case.period if case else None
    return step.url.format(
        project=case.id if case else 0,
        period=period.id if period else 0,
        issuance=(period.issuance_id if period else None) or 0,
        code=market.instrument_code if market else "",
        admission=(market.admission_id if market else None) or 0,
        asset=(market.held_asset_id if market else None) or "",
        certificate=market.certificate_number if market else "",
    )


def _move_to(key: str, case: CaseProgress | None, market: Market | None, at: datetime) -> datetime | None:
    """Return where the clock must go for the story to go on."""
    if key == "open":
        wanted = "next_trading_day" if market and market.trades_later else "next_session"
        return next((one.at for one in clock_targets(at) if one.name == wanted), None)
    until = None
    if case is not None:
        until = case.notice_until if key == "notice" else case.period and case.period.notice_until
    return datetime.combine(until + timedelta(days=1), OFFICE_OPENS, BEIJING) if until else None
