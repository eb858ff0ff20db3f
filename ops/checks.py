"""What `make check` asks beyond the linters: licences that may ship, and translations that are complete."""

import ast
import importlib.metadata
import os
import re
import sys
from collections.abc import Iterator

from config.environment import BASE_DIR

ROOMS = ("config", "rulebook", "accounts", "settlement", "registry", "exchange", "inclusion")
LOCKED = re.compile(r"(?m)^([A-Za-z0-9_.-]+)==")
# GPL and AGPL may not ship; the LGPL is a library's licence and may.
FORBIDDEN = re.compile(r"(?<!L)\bA?GPL|(?<!Lesser )General Public License|Affero", re.IGNORECASE)
TRANSLATORS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "npgettext"}
TEMPLATE_TAG = re.compile(r"""\{%-?\s*trans(?:late)?\s+(?:"([^"]+)"|'([^']+)')|_\("([^"]+)"\)""")
TEMPLATE_BLOCK = re.compile(
    r"\{%\s*blocktrans(?:late)?\b(?P<options>[^%]*)%\}(?P<text>.*?)\{%\s*endblocktrans(?:late)?\s*%\}", re.DOTALL
)
PLACEHOLDER = re.compile(r"\{[^}]*\}|%\([^)]*\)s")
TEMPLATE_VARIABLE = re.compile(r"\{\{\s*([\w.]+)[^}]*\}\}")


def licence_of(name: str) -> str:
    """Return what a distribution says of its licence: the expression, else the classifiers, else the short field."""
    described = importlib.metadata.metadata(name)

    def every(header: str) -> list[str]:
        return [str(value) for value in described.get_all(header) or []]

    classifiers = [line.rpartition(" :: ")[2] for line in every("Classifier") if line.startswith("License")]
    short = [line.partition("\n")[0] for line in every("License")]
    return "; ".join(every("License-Expression") or classifiers or short)


def licences() -> Iterator[str]:
    """Print the licence of every package that runs in production or in the demonstration; yield the findings."""
    for name in LOCKED.findall((BASE_DIR / "requirements.lock").read_text()):
        try:
            licence = licence_of(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # Locked for another platform.
        print(f"  {name:32} {licence}")
        if not licence:
            yield f"{name} does not say its licence"
        elif FORBIDDEN.search(licence):
            yield f"{name} is {licence}, which may not ship with this program"


def used_in_code() -> Iterator[tuple[str, str]]:
    """Yield (place, message id) of every literal that the rooms hand to gettext, and of every refusal's message."""
    for room in ROOMS:
        for path in sorted((BASE_DIR / room).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            place = str(path.relative_to(BASE_DIR))
            for found in ast.walk(ast.parse(path.read_text())):
                if isinstance(found, ast.Call):
                    yield from ((f"{place}:{found.lineno}", text) for text in _literals(found))
                elif isinstance(found, ast.ClassDef) and "errors" in place:
                    yield from ((f"{place}:{found.lineno}", text) for text in _messages(found))


def _literals(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in TRANSLATORS and call.args:
        first = call.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
            yield first.value


def _messages(described: ast.ClassDef) -> Iterator[str]:
    for line in described.body:
        if isinstance(line, ast.Assign | ast.AnnAssign) and isinstance(line.value, ast.Constant):
            targets = line.targets if isinstance(line, ast.Assign) else [line.target]
            named = any(isinstance(target, ast.Name) and target.id == "message" for target in targets)
            if named and isinstance(line.value.value, str) and line.value.value:
                yield line.value.value


def used_in_templates() -> Iterator[tuple[str, str]]:
    """Yield (place, message id) of every literal in a template that is translated."""
    for path in sorted((BASE_DIR / "templates").rglob("*.*")):
        text, place = path.read_text(), str(path.relative_to(BASE_DIR))
        for groups in TEMPLATE_TAG.findall(text):
            yield place, next(group for group in groups if group)
        for block in TEMPLATE_BLOCK.finditer(text):
            for part in re.split(r"\{%\s*plural\s*%\}", block["text"])[:1]:
                message = TEMPLATE_VARIABLE.sub(r"%(\1)s", part)
                if "trimmed" in block["options"]:
                    message = " ".join(line.strip() for line in message.strip().splitlines() if line.strip())
                yield place, message


def catalogues() -> Iterator[str]:
    """Yield every message id in use that the compiled Chinese catalogues do not have, or have empty."""
    from django.utils.translation import trans_real

    known = trans_real.translation("zh-hans")._catalog  # type: ignore[attr-defined]
    for place, message in sorted({*used_in_code(), *used_in_templates()}):
        # A plural stands in the catalogue as (id, number).
        found = known.get(message) or known.get((message, 0))
        words = PLACEHOLDER.sub("", message)
        if not found and re.search("[A-Za-z]", words) and not re.search("[\u4e00-\u9fff]", words):
            yield f"{place}: no Chinese for {message!r}"


def stale_catalogues() -> Iterator[str]:
    """Yield every .po without its .mo, or with entries marked fuzzy."""
    for path in sorted((BASE_DIR / "locale").rglob("*.po")):
        if not path.with_suffix(".mo").is_file():
            yield f"{path.relative_to(BASE_DIR)} is not compiled: make messages"
        if re.search(r"(?m)^#,.*fuzzy", path.read_text()):
            yield f"{path.relative_to(BASE_DIR)} has fuzzy entries"


def main() -> int:
    """Return 1 with the findings on standard error, or 0."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    findings = [*licences(), *catalogues(), *stale_catalogues()]
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
