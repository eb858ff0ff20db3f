"""What the environment may say, checked once. Every value has a default, so that a command runs in an empty one."""

import json
import os
import secrets
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
RUN_DIR = BASE_DIR / ".run"


class Environment(BaseSettings):
    """Settings read from environment variables of the same name."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    secret_key: str = ""
    database_url: str = ""
    database_owner_url: str = ""
    redis_url: str = ""
    allowed_hosts: str = "127.0.0.1,localhost,[::1]"
    public_url: str = "http://127.0.0.1:8000"
    streams_url: str = ""
    bank_url: str = ""
    bank_secret: str = ""
    bank_account: str = ""  # The funds account, whose statements are taken.
    tax_url: str = ""
    tax_secret: str = ""
    log_signing_key: str = ""  # 32 bytes in base64: signs the heads of the transparency log.
    log_name: str = "tanhui/log"  # The log's origin, and the name of its key. Never changed once heads are signed.
    time_travel: bool = False
    demo: bool = False
    debug: bool = False
    secure_cookies: bool = False
    behind_proxy: bool = False  # Then a trusted proxy's word for the caller's address and for https is believed.
    trusted_proxies: str = "127.0.0.1,::1"  # Addresses or networks, parted by commas.
    match_queues: int = Field(default=2, ge=1, le=64)
    venue_name: str = "内蒙古林草湿碳汇交易平台"
    media_root: Path = RUN_DIR / "media"
    log_level: str = "INFO"


def load() -> Environment:
    """Return the environment; while a demonstration runs in this checkout, its own values fill what is not set.

    Why: `manage.py check_invariants` and the other commands find the running database by themselves.
    Tests have databases of their own and never look for a running one.
    """
    environment = Environment()
    running = RUN_DIR / "environment.json"
    if not environment.database_url and running.is_file() and "PYTEST_VERSION" not in os.environ:
        environment = Environment(**{**json.loads(running.read_text()), **environment.model_dump(exclude_unset=True)})
    if not environment.secret_key:
        # A key of this process alone: nothing signed with it outlives the process. Servers get theirs from outside.
        environment.secret_key = secrets.token_urlsafe(50)
    return environment
