"""The long proofs: `make prove`. Each claim is one JSON line in docs/proofs/, with the day and the commit it held at."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.environment import BASE_DIR

FOLDER = BASE_DIR / "docs" / "proofs"


def record(claim: str, *, holds: bool, folder: Path = FOLDER, **figures: Any) -> bool:
    """Add one line to the claim's file, print it, and return whether the claim holds."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
    line = json.dumps({"claim": claim, "holds": holds, "at": now, "commit": commit(), **figures}, ensure_ascii=False)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{claim}.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    print(line, flush=True)
    return holds


def commit() -> str:
    """Return the commit of this checkout, with + where it was changed since; "" outside a repository."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=BASE_DIR, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":!docs/proofs")
    return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
