"""The demonstration region on real processes: one for all journeys of a run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from ops.platform import Platform
from simulators.counterparties.api import Api
from tests.platform import running_platform  # noqa: F401 (a fixture)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Region:
    """A running installation with the demonstration built: clients and logins by name."""

    platform: Platform
    clients: list[dict]
    logins: dict[str, dict]

    @property
    def url(self) -> str:
        return self.platform.url

    def client(self, number: int) -> Api:
        """Return the API client of a trading organisation; even numbers hold credits, odd ones money alone."""
        one = self.clients[number]
        return Api(self.url, one["client_id"], one["client_secret"])

    def client_of(self, name: str) -> Api:
        """Return the API client of the organisation whose name begins so."""
        one = next(client for client in self.clients if client["name"].startswith(name))
        return Api(self.url, one["client_id"], one["client_secret"])

    def invariants(self) -> dict:
        """Return what `check_invariants` says, of the data as they are."""
        answer = json.loads(self.platform.ask("check_invariants").stdout)
        assert answer["invariants"]
        return answer


@pytest.fixture(scope="session")
def region(running_platform) -> Iterator[Region]:  # noqa: F811
    told = json.loads((running_platform.state / "demo_logins.json").read_text(encoding="utf-8"))
    return Region(running_platform, told["clients"], {one["username"]: one for one in told["logins"]})


@pytest.fixture
def page(browser_path) -> Iterator[Page]:
    """A page of a fresh browser in Chinese; whatever it complains about on its console fails the test."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        context = chromium.new_context(locale="zh-CN", viewport={"width": 1366, "height": 900})
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        expect.set_options(timeout=20_000)  # A loaded machine is slow; what never comes fails all the same.
        complaints: list[str] = []
        opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        chromium.close()
    assert complaints == []
