"""Decisions of accounts that a reader can check by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.errors import ClientsNotHere, NotSignedIn, RoleMissing, ScopeMissing
from accounts.rules import (
    NOBODY,
    PUBLIC,
    SIGNED_IN,
    Actor,
    Role,
    area_prefix,
    days_left,
    is_confirmed,
    is_in_area,
    is_valid_uscc,
    role_class,
    roles,
    signed_in,
    with_check_digit,
)

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def actor(**given: object) -> Actor:
    values = {**NOBODY.__dict__, "user_id": 1, **given}
    return Actor(**values)


@pytest.mark.parametrize("code", ["91110000600037341L", " 91 110000 600037341l ", "N2150430MF0000001"])
def test_published_codes_and_collectives_are_taken(code: str) -> None:
    whole = with_check_digit(code) if len(code) == 17 else code

    assert is_valid_uscc(whole)


@pytest.mark.parametrize(
    "code",
    [
        "91110000600037341M",  # Another check digit.
        "9111000060003734",  # Too short.
        "A1110000600037341L",  # Neither a digit nor N in front.
        "N21504I0MF0000001X",  # I is not in the alphabet.
        "N２150430MF0000001",  # A full-width digit.
        "",
    ],
)
def test_other_codes_are_refused(code: str) -> None:
    assert not is_valid_uscc(code)


def test_each_wrong_check_digit_of_a_collective_is_refused() -> None:
    right = with_check_digit("N2150430MF0000001")

    wrong = [right[:-1] + sign for sign in "0123456789ABCDEFGHJKLMNPQRTUWXY" if sign != right[-1]]

    assert not any(is_valid_uscc(code) for code in wrong)


def test_an_office_sees_the_places_under_its_code() -> None:
    assert (area_prefix("150000"), area_prefix("150400"), area_prefix("150430"), area_prefix("")) == (
        "15",
        "1504",
        "150430",
        "",
    )
    assert is_in_area("150430", "150400")
    assert not is_in_area("150430", "150700")
    assert not is_in_area("150430", "")  # No area is not every area.


def test_days_left_count_calendar_days_and_go_below_zero() -> None:
    assert [days_left(date(2026, 3, day), date(2026, 3, 2)) for day in (4, 2, 1)] == [2, 0, -1]


def test_a_password_counts_for_its_minutes_and_not_for_later_clocks() -> None:
    assert is_confirmed(AT - timedelta(minutes=10), at=AT, minutes=10)
    assert not is_confirmed(AT - timedelta(minutes=10, seconds=1), at=AT, minutes=10)
    assert not is_confirmed(AT + timedelta(seconds=1), at=AT, minutes=10)
    assert not is_confirmed(None, at=AT, minutes=10)


def test_the_administrator_roles_are_classes_of_their_own() -> None:
    classes = {role: role_class(role) for role in Role}

    assert len({classes[Role.SYSTEM_ADMIN], classes[Role.SECURITY_ADMIN], classes[Role.AUDIT_ADMIN]}) == 3
    assert {classes[role] for role in Role if not role.endswith("_admin")} == {"business"}


def test_access_rows_let_pass_what_they_state_and_nothing_else() -> None:
    clerk = actor(roles=frozenset({Role.BANNER_CLERK}))
    client = actor(user_id=None, client_id=7, scopes=frozenset({"orders:read"}), roles=frozenset({Role.OWNER}))

    PUBLIC.check(NOBODY)
    SIGNED_IN.check(clerk)
    roles(Role.BANNER_CLERK, Role.OWNER).check(clerk)
    signed_in(scope="orders:read").check(client)

    with pytest.raises(NotSignedIn):
        SIGNED_IN.check(NOBODY)
    with pytest.raises(RoleMissing):
        roles(Role.REGION_MAKER).check(clerk)
    with pytest.raises(ScopeMissing):  # Another scope.
        signed_in(scope="orders:write").check(client)
    with pytest.raises(ClientsNotHere):  # No scope stated: no client, whatever its roles.
        roles(Role.OWNER).check(client)
    with pytest.raises(ClientsNotHere):
        SIGNED_IN.check(client)
