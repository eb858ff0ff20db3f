"""Prepare a production database before anything else starts: `python -m ops.prepare`. Right when run again.

Environment: DATABASE_OWNER_URL and DATABASE_URL, the addresses of the two roles; TIME_TRAVEL and DEMO are refused.
DATABASE_ADMIN_URL, optional: a superuser of that server, who makes the database and the two roles, or renews their
passwords. Without it they must be there (a managed server): see the runbook.
Exit status: 0, or that of the step that failed.
"""

import os
import subprocess
import sys
from urllib.parse import unquote, urlsplit

from config.environment import BASE_DIR
from ops import roles

STEPS = (("migrate", "--database", "owner", "--no-input"), ("load_rules",))


def main() -> int:
    """Make roles and database, migrate, take in the shipped rules."""
    if os.environ.get("TIME_TRAVEL", "0") != "0" or os.environ.get("DEMO", "0") != "0":
        print("TIME_TRAVEL and DEMO are for demonstrations: a production database never has them", file=sys.stderr)
        return 2
    if admin_url := os.environ.get("DATABASE_ADMIN_URL"):
        make_roles(admin_url, os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"])
    for step in STEPS:
        status = subprocess.run([sys.executable, "manage.py", *step], cwd=BASE_DIR).returncode
        if status != 0:
            return status
    return 0


def make_roles(admin_url: str, owner_url: str, app_url: str) -> None:
    """Make the database and the two roles with the passwords of their addresses. Raises ValueError for other names."""
    owner, app = urlsplit(owner_url), urlsplit(app_url)
    if (owner.username, app.username) != (roles.OWNER_ROLE, roles.APP_ROLE) or owner.path != app.path:
        raise ValueError(f"the addresses name {roles.OWNER_ROLE} and {roles.APP_ROLE} of one database")
    roles.provision(admin_url, owner.path.lstrip("/"))
    given = {roles.OWNER_ROLE: owner.password, roles.APP_ROLE: app.password}
    roles.set_passwords(admin_url, {role: unquote(word) for role, word in given.items() if word})


if __name__ == "__main__":
    sys.exit(main())
