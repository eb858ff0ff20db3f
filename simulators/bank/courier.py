"""Delivers the bank's notices, signed (Standard Webhooks), again and again until the platform takes them."""

from __future__ import annotations

import threading

import requests
from standardwebhooks.webhooks import Webhook

from simulators.bank.books import Books, Notice
from simulators.bank.signing import signed


class Courier:
    """A thread that wakes when a notice is written, and every second besides."""

    def __init__(self, books: Books, callback_url: str, secret: str) -> None:
        self._books, self._url, self._webhook = books, callback_url, Webhook(secret)
        self._wake, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._wake.set()
        self._thread.join(timeout=3)

    def ring(self) -> None:
        """Deliver soon."""
        self._wake.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wake.wait(timeout=1)
            self._wake.clear()
            for notice in self._books.due_notices():
                self._deliver(notice)

    def _deliver(self, notice: Notice) -> None:
        headers = {"content-type": "application/xml", **signed(self._webhook, notice.message_id, notice.body)}
        try:
            answer = requests.post(self._url, data=notice.body.encode(), headers=headers, timeout=10)
        except requests.RequestException as error:
            self._books.failed(notice, type(error).__name__)
            return
        if answer.status_code < 300 or answer.status_code in (409, 422):
            self._books.delivered(notice, f"{answer.status_code} {answer.text}")
        else:
            self._books.failed(notice, f"{answer.status_code} {answer.text}")
