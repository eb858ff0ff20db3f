"""Who calls the API in a journey: a person by a session with the password typed, an organisation by its API client."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import pytest
import requests

from simulators.counterparties.api import Refused

TIMEOUT_SECONDS = 60


class Person:
    """A person who signed in at the sign-in page, and calls the API with the session's cookie."""

    def __init__(self, url: str, login: dict) -> None:
        self.url, self.login, self.http = url, login, requests.Session()
        self.form("/sign-in/", {"username": login["username"], "password": login["password"]})
        assert "sessionid" in self.http.cookies

    def form(self, path: str, fields: dict[str, Any]) -> requests.Response:
        """Fill in the form of a page and send it, as a browser does."""
        page = self.http.get(f"{self.url}{path}", timeout=TIMEOUT_SECONDS)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token, page.text[:500]
        sent = {**fields, "csrfmiddlewaretoken": token[1]}
        answer = self.http.post(
            f"{self.url}{path}", data=sent, headers={"Referer": f"{self.url}{path}"}, timeout=TIMEOUT_SECONDS
        )
        assert answer.status_code == 200, answer.text[:2000]
        return answer

    def confirm(self) -> None:
        """Enter the password once more, as every step that cannot be undone asks."""
        self.form("/confirm/", {"password": self.login["password"]})

    def get(self, path: str) -> Any:
        return _answer(self.http.get(f"{self.url}/api/v1{path}", timeout=TIMEOUT_SECONDS))

    def post(self, path: str, body: dict | None = None, files: dict | None = None) -> Any:
        headers = {
            "X-CSRFToken": self.http.cookies["csrftoken"],
            "Referer": self.url,
            "Idempotency-Key": uuid.uuid4().hex,
        }
        how = {"data": body, "files": files} if files else {"json": body or {}}
        return _answer(self.http.post(f"{self.url}/api/v1{path}", headers=headers, timeout=TIMEOUT_SECONDS, **how))


def _answer(answer: requests.Response) -> Any:
    if answer.status_code >= 400:
        problem = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
        raise Refused(answer.status_code, problem.get("code", ""), answer.text[:2000], 0)
    return answer.json()


def refused(act: Any) -> str:
    """Return the code with which a call is refused; fail if it is not."""
    with pytest.raises(Refused) as caught:
        act()
    assert caught.value.status < 500, caught.value
    return caught.value.code


def until(ask: Any, *, seconds: float = 60) -> Any:
    """Ask again and again until the answer is not empty, and return it."""
    ends = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < ends, f"not within {seconds} s"
        time.sleep(0.2)
    return answer
