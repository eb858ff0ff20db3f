"""The workbook as a file: everything that is refused before a spreadsheet library may look at it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from registry.rules.uploads.problems import CellProblem

OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}[0-9]{1,7}(?::[A-Z]{1,3}[0-9]{1,7})?)"')
DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
CHUNK = 1024 * 1024
MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What an upload may take. The edges show the first two on the upload page."""

    file_bytes: int = 20 * MIB
    rows: int = 100_000
    unpacked_bytes: int = 200 * MIB
    ratio: int = 100
    members: int = 2000
    problems: int = 500
    memory_mib: int = 512
    seconds: float = 20


def problems_of_file(path: Path, limits: Limits) -> list[CellProblem]:
    """Return why the file may not be opened at all; nothing if it may."""
    size = path.stat().st_size
    if size == 0:
        return [CellProblem("file_empty")]
    if size > limits.file_bytes:
        megabytes = f"{size / MIB:.1f}"
        return [CellProblem("file_too_big", values={"megabytes": megabytes, "limit": limits.file_bytes // MIB})]
    with path.open("rb") as file:
        if file.read(8) == OLD_OFFICE:
            return [CellProblem("file_encrypted")]
    if not zipfile.is_zipfile(path):
        return [CellProblem("file_type")]
    try:
        with zipfile.ZipFile(path) as archive:
            return list(_problems_of_archive(archive, limits))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError):
        # RuntimeError: a member with a password. NotImplementedError: a compression nobody uses in a workbook.
        return [CellProblem("file_broken")]


def merged_areas(path: Path, member: str) -> list[str]:
    """Return the merged areas of a sheet ("A1:C1"), which the read-only reader does not know of."""
    found: list[str] = []
    with zipfile.ZipFile(path) as archive, archive.open(member) as part:
        tail = b""
        while chunk := part.read(CHUNK):
            window = tail + chunk
            found += [match.group(1).decode() for match in MERGED.finditer(window)]
            # What is cut in two by the end of a chunk is seen whole with the next one, and only then.
            last = max((match.end() for match in MERGED.finditer(window)), default=0)
            tail = window[max(last, len(window) - 200) :]
    return found


def _problems_of_archive(archive: zipfile.ZipFile, limits: Limits) -> Iterator[CellProblem]:
    members = archive.infolist()
    names = {member.filename for member in members}
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        yield CellProblem("file_type")
        return
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    # A small workbook may be packed well; the ratio matters where it unpacks to something big.
    is_bomb = unpacked > 10 * MIB and unpacked > limits.ratio * max(packed, 1)
    if unpacked > limits.unpacked_bytes or is_bomb or len(members) > limits.members:
        values = {"limit": limits.unpacked_bytes // MIB, "ratio": limits.ratio}
        yield CellProblem("archive_too_big", values=values)
        return
    if len(names) != len(members) or any(_is_foreign(member) for member in members):
        yield CellProblem("archive_names")
        return
    if any(_declares(archive, member) for member in members if member.filename.endswith((".xml", ".rels"))):
        yield CellProblem("archive_entities")
        return
    if any("vbaproject" in name.lower() or "/macrosheets/" in name.lower() for name in names):
        yield CellProblem("macro")
    if any(name.startswith("xl/externalLinks/") for name in names):
        yield CellProblem("external_link")


def _is_foreign(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
    is_nested = path.suffix.lower() in {".zip", ".xlsx", ".xlsm", ".7z", ".rar", ".exe"}
    return path.is_absolute() or ".." in path.parts or "\\" in member.filename or is_link or is_nested


def _declares(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether an XML part begins with declarations: they stand before its first element."""
    with archive.open(member) as part:
        return DECLARATION.search(part.read(4096)) is not None
