"""A GeoJSON text or a zipped shapefile, opened here: for the child alone."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from registry.rules.parcels.limits import MIB, Limits

NEEDED = (".shp", ".shx", ".dbf", ".prj")
CGCS2000, WGS84 = 4490, 4326
NAME_FIELDS = ("name", "NAME", "名称", "地块名", "地块名称", "id", "ID", "fid")
SYMLINK, FILE_KIND = 0o120000, 0o170000


class Unreadable(Exception):
    """The file is refused as a whole: (code of the refusal, reason)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Source:
    """The geometries of a file in EPSG:4490, with names, the stated reference system and what to ask about it."""

    shapes: list[tuple[str, dict[str, Any] | None]]
    epsg: int | None
    notes: list[str]


def read(path: Path, limits: Limits) -> Source:
    """Return what the file holds. Raises Unreadable."""
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("file_rejected", "the file is empty")
    if size > limits.file_bytes:
        raise Unreadable("file_rejected", f"{size / MIB:.1f} MB > {limits.file_bytes // MIB} MB")
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        return _shapefile(path, limits)
    return _geojson(path)


def _geojson(path: Path) -> Source:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=lambda name: float(name))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Unreadable("file_rejected", "no GeoJSON and no zip") from None
    if not isinstance(document, dict):
        raise Unreadable("file_rejected", "no GeoJSON object")
    kind = document.get("type")
    features = document.get("features") if kind == "FeatureCollection" else [document]
    if not isinstance(features, list) or not features:
        raise Unreadable("file_rejected", "the collection is empty")
    crs = document.get("crs")
    named = str((crs.get("properties") or {}).get("name", "")) if isinstance(crs, dict) else ""
    epsg, notes = _stated(named)
    shapes = []
    for feature in features:
        if not isinstance(feature, dict):
            raise Unreadable("file_rejected", "a feature is no object")
        is_feature = feature.get("type") == "Feature"
        geometry = feature.get("geometry") if is_feature else feature
        properties = feature.get("properties") if is_feature else None
        name = _name(properties if isinstance(properties, dict) else {})
        shapes.append((name, geometry if isinstance(geometry, dict) else None))
    if epsg not in (CGCS2000, WGS84):
        shapes = [(name, _reprojected(shape, f"EPSG:{epsg}") if shape else None) for name, shape in shapes]
    return Source(shapes, epsg, notes)


def _stated(named: str) -> tuple[int, list[str]]:
    """Return the EPSG code a GeoJSON states. RFC 7946 has no other than WGS 84; older files name one."""
    if not named or "CRS84" in named:
        return WGS84, ["wgs84"]
    code = named.rpartition(":")[2]
    if not code.isdecimal():
        raise Unreadable("file_rejected", f"unknown reference system {named[:60]}")
    epsg = int(code)
    return epsg, [] if epsg == CGCS2000 else ["wgs84" if epsg == WGS84 else "reprojected"]


def _shapefile(path: Path, limits: Limits) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            _check_archive(members, limits)
            names = {one.filename for one in members}
            layers = sorted(name for name in names if name.lower().endswith(".shp"))
            if not layers:
                raise Unreadable("shapefile_incomplete", ".shp")
            if len(layers) > 1:
                raise Unreadable("archive_rejected", "more than one shapefile")
            stem = layers[0][:-4]
            parts = {name[len(stem) :].lower(): name for name in names if name.startswith(f"{stem}.")}
            for needed in NEEDED:
                if needed not in parts:
                    raise Unreadable("shapefile_incomplete", needed)
            encoding = _encoding(archive, parts)
            projection = archive.read(parts[".prj"]).decode("utf-8", "replace")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError):
        raise Unreadable("archive_rejected", "the zip is broken or encrypted") from None
    return _read_layer(path, layers[0], projection, encoding)


def _check_archive(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > limits.members:
        raise Unreadable("archive_rejected", f"{len(members)} members > {limits.members}")
    unpacked = sum(one.file_size for one in members)
    packed = sum(one.compress_size for one in members)
    if unpacked > limits.unpacked_bytes:
        raise Unreadable("archive_rejected", f"{unpacked // MIB} MB unpacked > {limits.unpacked_bytes // MIB} MB")
    if packed and unpacked / packed > limits.ratio:
        raise Unreadable("archive_rejected", f"ratio {unpacked // packed} > {limits.ratio}")
    for reason in _bad_members(members):
        raise Unreadable("archive_rejected", reason)


def _bad_members(members: list[zipfile.ZipInfo]) -> Iterator[str]:
    for one in members:
        name = PurePosixPath(one.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in one.filename:
            yield "a member leads outside"
        if (one.external_attr >> 16) & FILE_KIND == SYMLINK:
            yield "a member is a link"
        if name.suffix.lower() in {".zip", ".gz", ".7z", ".rar", ".tar"}:
            yield "a zip in the zip"


def _encoding(archive: zipfile.ZipFile, parts: dict[str, str]) -> str:
    """Return the encoding of the attribute table: what the .cpg says, or what its bytes leave no doubt about."""
    if ".cpg" in parts:
        said = archive.read(parts[".cpg"])[:40].decode("ascii", "replace").strip().upper()
        return "GBK" if said in {"GBK", "GB2312", "936", "CP936", "GB18030"} else said.replace("UTF8", "UTF-8")
    content = archive.read(parts[".dbf"])
    return dbf_encoding(content)


def dbf_encoding(content: bytes) -> str:
    """Return UTF-8 or GBK for a dBASE table without a hint. Raises Unreadable where both or neither fit."""
    body = content[32:]
    if body.isascii():
        return "UTF-8"
    fits = []
    for encoding in ("UTF-8", "GBK"):
        try:
            # A field cut in the middle of a character ends in a broken one: texts are judged one by one.
            decoded = [piece.decode(encoding) for piece in body.split(b"\0") if piece]
        except UnicodeDecodeError:
            continue
        if decoded:
            fits.append(encoding)
    if not fits:
        raise Unreadable("encoding_unclear", "")
    return fits[0]  # Chinese in GBK is no UTF-8, while UTF-8 often is some GBK: the stricter one decides.


def _read_layer(path: Path, layer: str, projection: str, encoding: str) -> Source:
    import pyogrio
    from pyproj import CRS
    from pyproj.exceptions import CRSError
    from shapely import from_wkb
    from shapely.geometry import mapping

    try:
        system = CRS.from_wkt(projection)
    except CRSError:
        raise Unreadable("shapefile_incomplete", ".prj") from None
    epsg = _epsg(system)
    try:
        meta, _, geometries, values = pyogrio.raw.read(f"/vsizip/{path}/{layer}", encoding=encoding)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeDecodeError, ValueError) as error:
        # What GDAL says names a path of ours.
        raise Unreadable("file_rejected", "it is broken") from error
    fields = [str(name) for name in meta["fields"]]
    shapes = []
    for place, raw in enumerate(geometries):
        row = {name: values[column][place] for column, name in enumerate(fields)}
        shape = None if raw is None else _lists(mapping(from_wkb(raw)))
        if shape is not None and epsg not in (CGCS2000, WGS84):
            shape = _reprojected(shape, projection)
        shapes.append((_name(row), shape))
    notes = [] if epsg == CGCS2000 else ["wgs84" if epsg == WGS84 else "reprojected"]
    if encoding == "GBK":
        notes.append("gbk")
    return Source(shapes, epsg, notes)


def _epsg(system: Any) -> int | None:
    """Return the EPSG code of a reference system; by its datum where a .prj in ESRI's words names none."""
    code = system.to_epsg(min_confidence=70)
    if code is not None or not system.is_geographic:
        return int(code) if code is not None else None
    datum = (system.datum.name if system.datum else "").lower()
    if "china_2000" in datum or "china 2000" in datum or "cgcs" in datum:
        return CGCS2000
    return WGS84 if "wgs" in datum and "84" in datum else None


@cache
def _turner(system: str) -> Any:
    """Return the transformation into EPSG:4490; to find it takes a tenth of a second."""
    from pyproj import Transformer

    return Transformer.from_crs(system, CGCS2000, always_xy=True).transform


def _reprojected(shape: dict[str, Any], system: str) -> dict[str, Any]:
    from pyproj.exceptions import ProjError
    from shapely import GEOSException
    from shapely.geometry import mapping
    from shapely.geometry import shape as shaped
    from shapely.ops import transform

    try:
        return _lists(mapping(transform(_turner(system), shaped(shape))))
    except (ProjError, GEOSException, ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("file_rejected", "the coordinates do not fit the reference system") from None


def _lists(geometry: Any) -> dict[str, Any]:
    """Return a mapping of shapely with lists, as JSON has them."""
    found: dict[str, Any] = json.loads(json.dumps(geometry))
    return found


def _name(row: dict[str, Any]) -> str:
    return next((str(row[field])[:80] for field in NAME_FIELDS if row.get(field) not in (None, "")), "")
