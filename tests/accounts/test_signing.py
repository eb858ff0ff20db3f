"""Sign-in, lock-out, sessions, language, organisation and the password asked for again."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from accounts import queries, services
from accounts.errors import PasswordNeeded, SignInLocked, WrongCredentials
from accounts.models import SignIn
from accounts.rules import NOBODY, Role
from tests.accounts import makers
from tests.concurrency import started_and_waiting


def attempt(username, password, at):
    return services.sign_in(username=username, password=password, address="10.0.0.1", browser="test", at=at)


@pytest.mark.django_db
class TestLockOut:
    def test_the_right_password_signs_in_and_is_logged(self, at):
        user_id = makers.a_user(at=at, username="aili")

        assert attempt("aili", makers.PASSWORD, at) == user_id
        assert list(SignIn.objects.values_list("user_id", "outcome")) == [(user_id, "succeeded")]

    def test_failures_are_kept_and_lock_the_name_even_for_the_right_password(self, at):
        makers.a_user(at=at, username="aili")

        for _ in range(5):
            with pytest.raises(WrongCredentials):
                attempt("aili", "guess", at)
        with pytest.raises(SignInLocked) as refusal:
            attempt("aili", makers.PASSWORD, at)

        assert refusal.value.rule.key == "sign_in.failure_limit"
        assert list(SignIn.objects.order_by("pk").values_list("outcome", flat=True)) == ["failed"] * 5 + ["locked"]

    def test_a_success_begins_the_count_anew_and_other_names_stay_free(self, at):
        makers.a_user(at=at, username="aili")
        other = makers.a_user(at=at, username="bao")

        for _ in range(4):
            with pytest.raises(WrongCredentials):
                attempt("aili", "guess", at)
        attempt("aili", makers.PASSWORD, at)
        for _ in range(4):
            with pytest.raises(WrongCredentials):
                attempt("aili", "guess", at)
        attempt("aili", makers.PASSWORD, at)

        assert attempt("bao", makers.PASSWORD, at) == other

    def test_the_business_clock_does_not_open_the_lock(self, at):
        makers.a_user(at=at, username="aili")
        for _ in range(5):
            with pytest.raises(WrongCredentials):
                attempt("aili", "guess", at)

        with pytest.raises(SignInLocked):
            attempt("aili", makers.PASSWORD, at + timedelta(days=30))

    def test_an_unknown_name_is_answered_like_a_wrong_password(self, at):
        with pytest.raises(WrongCredentials):
            attempt("nobody-of-that-name", "guess", at)
        assert SignIn.objects.get().user_id is None


def test_guesses_at_once_are_counted_one_by_one(committed, at):
    makers.a_user(at=at, username="aili")

    with transaction.atomic():
        with pytest.raises(WrongCredentials):
            attempt("aili", "guess", at)
        second = started_and_waiting(lambda: attempt("aili", "guess", at))
    second.join()

    assert isinstance(second.error, WrongCredentials)
    assert SignIn.objects.filter(outcome="failed").count() == 2


@pytest.mark.django_db
class TestPassword:
    def test_an_irreversible_step_needs_it_within_the_minutes(self, at):
        person = makers.a_person(Role.OWNER, at=at)
        confirmed = queries.actor_of(person.user_id, person.organisation_id, at, confirmed_at=at)

        with pytest.raises(PasswordNeeded) as refusal:
            services.require_confirmed(person, at)
        services.require_confirmed(confirmed, at + timedelta(minutes=10))
        with pytest.raises(PasswordNeeded):
            services.require_confirmed(confirmed, at + timedelta(minutes=11))

        assert refusal.value.rule.key == "password.confirmation_minutes"


def signed_in(person):
    client = Client()
    client.post(reverse("sign-in"), {"username": makers.username_of(person), "password": makers.PASSWORD})
    return client


@pytest.mark.django_db
class TestSession:
    def test_sign_in_leads_to_where_one_wanted_to_go_and_never_elsewhere(self, at):
        person = makers.a_person(Role.OWNER, at=at)
        values = {"username": makers.username_of(person), "password": makers.PASSWORD}

        inside = Client().post(reverse("sign-in"), {**values, "next": "/account/"})
        outside = Client().post(reverse("sign-in"), {**values, "next": "https://elsewhere.example/"})

        assert inside["Location"] == "/account/"
        assert outside["Location"] == reverse("workbench")
        assert Session.objects.count() == 2  # In PostgreSQL: nothing else is needed to stay signed in.

    def test_the_session_knows_person_organisation_and_roles(self, at):
        person = makers.a_person(Role.OWNER, at=at)
        client = signed_in(person)

        actor = client.get(reverse("accounts-me")).wsgi_request.actor

        assert (actor.user_id, actor.organisation_id, actor.roles) == (
            person.user_id,
            person.organisation_id,
            {Role.OWNER},
        )

    def test_sign_out_ends_it_and_is_logged(self, at):
        person = makers.a_person(Role.OWNER, at=at)
        client = signed_in(person)

        client.post(reverse("sign-out"))

        assert client.get(reverse("accounts-me")).status_code == 302
        assert SignIn.objects.order_by("-pk").values_list("outcome", flat=True)[0] == "signed_out"

    def test_switching_goes_to_own_organisations_only(self, at):
        person = makers.a_person(Role.OWNER, at=at)
        second, foreign = makers.an_organisation(at=at), makers.an_organisation(at=at)
        services.add_member(user_id=person.user_id, organisation_id=second, at=at)
        client = signed_in(person)

        assert client.post(reverse("switch-organisation"), {"organisation": second}).status_code == 302
        assert client.get(reverse("accounts-me")).wsgi_request.actor.organisation_id == second
        assert client.post(reverse("switch-organisation"), {"organisation": foreign}).status_code == 404
        assert client.get(reverse("accounts-me")).wsgi_request.actor.organisation_id == second

    def test_a_person_put_out_is_nobody_at_the_next_request(self, at):
        person = makers.a_person(Role.OWNER, at=at)
        client = signed_in(person)

        makers.User.objects.filter(pk=person.user_id).update(is_active=False)

        assert client.get(reverse("accounts-me")).status_code == 302

    def test_confirming_goes_on_to_the_step(self, at):
        person = makers.a_person(Role.OWNER, at=at)
        client = signed_in(person)

        wrong = client.post(reverse("confirm"), {"password": "guess", "next": "/account/"})
        right = client.post(reverse("confirm"), {"password": makers.PASSWORD, "next": "/account/"})

        assert wrong.status_code == 422
        assert right["Location"] == "/account/"
        assert client.get(reverse("accounts-me")).wsgi_request.actor.confirmed_at is not None

    def test_the_language_is_kept_in_a_cookie(self, at):
        client = Client()

        assert "登录" in client.get(reverse("sign-in")).content.decode()
        client.post(reverse("set-language"), {"language": "en", "next": reverse("sign-in")})
        assert "Sign in" in client.get(reverse("sign-in")).content.decode()
        client.post(reverse("set-language"), {"language": "xx"})
        assert "Sign in" in client.get(reverse("sign-in")).content.decode()


@pytest.mark.django_db
class TestOneClick:
    def test_without_the_demonstration_there_is_no_such_page(self, at):
        person = makers.a_person(Role.OWNER, at=at)

        with override_settings(DEMO=False):
            answer = Client().post(reverse("demo-sign-in"), {"username": makers.username_of(person)})

        assert answer.status_code == 404
        assert answer.wsgi_request.actor == NOBODY

    def test_in_the_demonstration_one_click_signs_in_and_confirms(self, at):
        person = makers.a_person(Role.OWNER, at=at)
        client = Client()

        with override_settings(DEMO=True):
            page = client.get(reverse("sign-in")).content.decode()
            client.post(reverse("demo-sign-in"), {"username": makers.username_of(person)})
            client.post(reverse("confirm"), {"next": "/account/"})
            actor = client.get(reverse("accounts-me")).wsgi_request.actor

        assert makers.username_of(person) in page
        assert actor.user_id == person.user_id
        assert actor.confirmed_at is not None


def through_the_server(trusted):
    """Return a client whose requests come the way config/wsgi.py takes them behind a proxy."""
    client = Client()
    inner = client.handler
    wrapped = wrap_wsgi_with_proxy_headers(lambda environ, _start: inner(environ), trusted_hosts=trusted)
    client.handler = lambda environ: wrapped(environ, None)
    return client


@pytest.mark.django_db
class TestAddresses:
    """Whose address the sign-in log holds. A caller may write any header; a trusted proxy adds what it saw."""

    PROXY = "172.30.77.5"

    def logged(self, client, *, peer, **headers):
        answer = client.post(
            reverse("sign-in"), {"username": "aili", "password": makers.PASSWORD}, headers=headers, REMOTE_ADDR=peer
        )
        assert answer.status_code == 302
        return SignIn.objects.latest("pk").address

    @pytest.fixture(autouse=True)
    def _aili(self, at):
        makers.a_user(at=at, username="aili")

    @pytest.mark.parametrize(
        ("peer", "forwarded", "expected"),
        [
            (PROXY, "203.0.113.7", "203.0.113.7"),
            (PROXY, "6.6.6.6, 203.0.113.7", "203.0.113.7"),  # The first is the caller's own word.
            (PROXY, "6.6.6.6, 203.0.113.7, 172.30.77.9", "203.0.113.7"),  # Two proxies of ours.
            (PROXY, None, PROXY),
            ("198.51.100.9", "1.2.3.4", "198.51.100.9"),  # Not by way of the proxy.
        ],
    )
    def test_a_trusted_proxy_alone_is_believed_and_of_it_the_last_word(self, peer, forwarded, expected):
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        client = through_the_server(["172.30.77.0/24"])
        assert self.logged(client, peer=peer, **headers, X_Real_IP="9.9.9.9") == expected

    def test_without_a_proxy_no_header_is_believed(self):
        assert self.logged(Client(), peer="198.51.100.9", **{"X-Forwarded-For": "1.2.3.4"}) == "198.51.100.9"

    def test_the_server_is_told_whom_to_trust(self):
        code = (
            "import config.wsgi as w, inspect; c = inspect.getclosurevars(w.application).nonlocals['forwarders'];"
            "print(c.always_trust, '172.30.77.5' in c, '203.0.113.7' in c)"
        )
        environment = {**os.environ, "BEHIND_PROXY": "1", "TRUSTED_PROXIES": "172.30.77.0/24, 10.1.1.1"}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.split()[-3:] == ["False", "True", "False"]


@pytest.mark.django_db
def test_what_was_asked_before_a_sign_in_does_not_sign_out_again(at):
    """A live page's question arrives with the session that the sign-in has just ended: the cookie is the new one's."""
    client = makers.signed_in_as(makers.a_person(Role.FIRM_INITIATOR, at=at))
    before = client.cookies["sessionid"].value
    other = makers.a_person(Role.FIRM_INITIATOR, at=at)
    client.post("/sign-in/", {"username": makers.username_of(other), "password": makers.PASSWORD})
    after = client.cookies["sessionid"].value
    assert before != after

    late = Client()
    late.cookies["sessionid"] = before
    answer = late.get("/market/")
    assert answer.status_code == 200
    assert "sessionid" not in answer.cookies
    assert "Cookie" in answer["Vary"]
    assert client.get("/orders/").status_code == 200

    # Who signs out has his cookie taken.
    assert client.post(reverse("sign-out")).cookies["sessionid"].value == ""
    late.cookies["sessionid"] = after
    assert late.get("/orders/").status_code == 302
