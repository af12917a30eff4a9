"""OSV records: one file, or a folder or archive of them. Source: OSV schema 1.6."""

from __future__ import annotations

from pathlib import Path

import msgspec

from nightlatch.catalogue.imports._files import MOST_PRODUCTS, Imported, admit, documents, product_kind, short
from nightlatch.catalogue.structs import Affected, Confidence, Range, Vulnerability
from nightlatch.reading.structured import json


class _Event(msgspec.Struct):
    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""


class _Range(msgspec.Struct):
    type: str = ""
    events: list[_Event] = []


class _Package(msgspec.Struct):
    name: str
    ecosystem: str = ""


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: list[_Range] = []
    versions: list[str] = []


class _Reference(msgspec.Struct):
    url: str = ""


class _Record(msgspec.Struct):
    id: str
    modified: str
    summary: str = ""
    details: str = ""
    published: str = ""
    withdrawn: str = ""
    aliases: list[str] = []
    affected: list[_Affected] = []
    references: list[_Reference] = []


def read(path: Path) -> Imported:
    """The records that were not withdrawn, as possible vulnerabilities."""
    found: list[Vulnerability] = []
    skipped = 0
    for where, data in documents(path):
        record: _Record = json(data, _Record, where=where)
        if record.withdrawn:
            skipped += 1
            continue
        found.append(_vulnerability(record))
        admit(len(found), str(path))
    return Imported(vulnerabilities=tuple(found), skipped=skipped)


def _vulnerability(record: _Record) -> Vulnerability:
    parts = [part for one in record.affected[:MOST_PRODUCTS] for part in _parts(one)][:MOST_PRODUCTS]
    return Vulnerability(
        id=next((one for one in record.aliases if one.startswith("CVE-")), record.id)[:64],
        vendor="",
        products=tuple(parts),
        effect=short(record.summary or record.details),
        published=record.published[:10],
        note=f"OSV {record.id[:64]}",
        sources=tuple(one.url[:300] for one in record.references if one.url)[:10],
        confidence=Confidence.LOW,
        possible=True,
    )


def _parts(affected: _Affected) -> list[Affected]:
    if affected.package is None:
        return []
    name = short(affected.package.name.replace("/", " ").replace("_", " ").replace("-", " "))
    kind = product_kind(name)
    parts = []
    for span in affected.ranges[:MOST_PRODUCTS]:
        if span.type == "GIT":
            continue
        since = ""
        for event in span.events[:MOST_PRODUCTS]:
            if event.introduced:
                since = "" if event.introduced == "0" else event.introduced[:64]
            elif event.fixed:
                edge = event.fixed[:64]
                parts.append(Affected(name, kind, f"{since or 'any'} to before {edge}", edge, Range(since, edge)))
            elif event.last_affected:
                edge = event.last_affected[:64]
                parts.append(Affected(name, kind, f"{since or 'any'} to {edge}", "", Range(since, "", edge)))
    parts += [Affected(name, kind, one[:64], "", Range(exactly=one[:64])) for one in affected.versions[:MOST_PRODUCTS]]
    return parts or [Affected(name, kind, "not stated")]
