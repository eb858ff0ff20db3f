"""Files with secrets: written whole, readable to their owner alone."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step, mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # Made with mode 0600.
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


def write_private_json(path: Path, value: Any) -> None:
    """Replace `path` by `value` as JSON, mode 0600."""
    write_private(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")
