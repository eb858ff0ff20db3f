"""The public API as a client sees it: tokens, request numbers, refusals as problem+json."""

from __future__ import annotations

import time
import uuid
from typing import Any

import requests

TIMEOUT_SECONDS = 15


class Refused(Exception):
    """The platform understood and refused; `code` says why."""

    def __init__(self, status: int, code: str, detail: str, retry_after: float) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.retry_after = status, code, retry_after


class Api:
    """One client of the platform with its token."""

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        self._url, self._id, self._secret = url.rstrip("/"), client_id, client_secret
        self._session = requests.Session()
        self._token, self._token_ends = "", 0.0

    def get(self, path: str, **params: Any) -> Any:
        """Return what stands at a path of the API."""
        return self._call("GET", path, params=params)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post once, under a request number of its own; what was not answered, or was put off, is asked again."""
        key = uuid.uuid4().hex
        for attempt in range(3):
            try:
                return self._call("POST", path, json=body, headers={"Idempotency-Key": key})
            except requests.ConnectionError:
                time.sleep(1 + attempt)
            except Refused as refused:
                if refused.status != requests.codes.service_unavailable:
                    raise
                time.sleep(refused.retry_after or 1 + attempt)
        return self._call("POST", path, json=body, headers={"Idempotency-Key": key})

    def _call(self, method: str, path: str, **how: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._fresh_token()}", **how.pop("headers", {})}
        answer = self._session.request(
            method, f"{self._url}/api/v1{path}", headers=headers, timeout=TIMEOUT_SECONDS, **how
        )
        if answer.status_code == 401:
            self._token = ""
        if answer.status_code >= 400:
            problem = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
            retry_after = answer.headers.get("Retry-After", "")
            raise Refused(
                answer.status_code,
                str(problem.get("code", "")),
                str(problem.get("detail", ""))[:200],
                float(retry_after) if retry_after.isdigit() else 0,
            )
        return answer.json()

    def _fresh_token(self) -> str:
        if not self._token or time.monotonic() > self._token_ends:
            answer = self._session.post(
                f"{self._url}/oauth/token/",
                data={"grant_type": "client_credentials"},
                auth=(self._id, self._secret),
                timeout=TIMEOUT_SECONDS,
            )
            answer.raise_for_status()
            told = answer.json()
            self._token, self._token_ends = told["access_token"], time.monotonic() + told["expires_in"] * 0.8
        return self._token
