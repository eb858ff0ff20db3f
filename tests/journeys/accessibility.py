"""What axe-core finds wrong with a page for those who hear it, tab through it or see little contrast."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

COUNTED = ("serious", "critical")
AXE = Axe()


def barriers(page: Page) -> list[str]:
    """Return each serious or critical finding on the page as it stands, with the element it is about."""
    found = AXE.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]}" for rule in found if rule["impact"] in COUNTED for node in rule["nodes"]
    ]
