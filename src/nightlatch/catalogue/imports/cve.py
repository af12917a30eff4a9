"""CVE JSON 5 records: one file, or a folder or archive of them. Source: CVEProject/cve-schema 5.1."""

from __future__ import annotations

from pathlib import Path

import msgspec

from nightlatch.catalogue.imports._files import MOST_PRODUCTS, Imported, admit, documents, product_kind, short
from nightlatch.catalogue.structs import Affected, Confidence, Cvss, Range, Vulnerability
from nightlatch.reading.structured import json


class _Meta(msgspec.Struct, rename="camel"):
    cve_id: str
    state: str = "PUBLISHED"
    date_published: str = ""


class _Version(msgspec.Struct, rename="camel"):
    version: str = ""
    status: str = "affected"
    less_than: str = ""
    less_than_or_equal: str = ""


class _Product(msgspec.Struct, rename="camel"):
    vendor: str = ""
    product: str = ""
    versions: list[_Version] = []
    default_status: str = "unknown"


class _Text(msgspec.Struct):
    value: str
    lang: str = "en"


class _Score(msgspec.Struct, rename="camel"):
    base_score: float
    vector_string: str = ""
    version: str = ""


class _Metric(msgspec.Struct):
    v4: _Score | None = msgspec.field(default=None, name="cvssV4_0")
    v31: _Score | None = msgspec.field(default=None, name="cvssV3_1")
    v30: _Score | None = msgspec.field(default=None, name="cvssV3_0")


class _Cwe(msgspec.Struct, rename="camel"):
    cwe_id: str = ""


class _Problem(msgspec.Struct):
    descriptions: list[_Cwe] = []


class _Reference(msgspec.Struct):
    url: str = ""


class _Container(msgspec.Struct, rename="camel"):
    affected: list[_Product] = []
    descriptions: list[_Text] = []
    metrics: list[_Metric] = []
    problem_types: list[_Problem] = []
    references: list[_Reference] = []


class _Containers(msgspec.Struct):
    cna: _Container
    adp: list[_Container] = []


class _Record(msgspec.Struct, rename="camel"):
    data_type: str
    cve_metadata: _Meta
    containers: _Containers


def read(path: Path) -> Imported:
    """The published records, as possible vulnerabilities."""
    found: list[Vulnerability] = []
    skipped = 0
    for where, data in documents(path):
        record: _Record = json(data, _Record, where=where)
        if record.cve_metadata.state != "PUBLISHED":
            skipped += 1
            continue
        found.append(_vulnerability(record))
        admit(len(found), str(path))
    return Imported(vulnerabilities=tuple(found), skipped=skipped)


def _vulnerability(record: _Record) -> Vulnerability:
    meta, cna = record.cve_metadata, record.containers.cna
    everything = [cna, *record.containers.adp]
    text = next((one.value for one in cna.descriptions if one.lang.startswith("en")), "")
    products = [part for product in cna.affected[:MOST_PRODUCTS] for part in _parts(product)][:MOST_PRODUCTS]
    cwes = {one.cwe_id for box in everything for problem in box.problem_types for one in problem.descriptions}
    return Vulnerability(
        id=meta.cve_id[:64],
        vendor=next((short(one.vendor) for one in cna.affected if one.vendor), ""),
        products=tuple(products),
        effect=short(text),
        cvss=_cvss([metric for box in everything for metric in box.metrics]),
        cwe=tuple(sorted(cwes - {""}))[:20],
        published=meta.date_published[:10],
        sources=tuple(one.url[:300] for one in cna.references if one.url)[:10],
        confidence=Confidence.LOW,
        possible=True,
    )


def _parts(product: _Product) -> list[Affected]:
    name = short(f"{product.vendor} {product.product}").strip()
    if not name:
        return []
    affected = [one for one in product.versions if one.status == "affected"]
    fixed = next((one.version for one in product.versions if one.status == "unaffected" and not one.less_than), "")
    if not affected:
        spans: list[tuple[str, Range | None, str]] = [("not stated", None, fixed)]
        if product.default_status == "affected":
            spans = [("all", Range(every=True), fixed)]
    else:
        spans = [_span(one, fixed) for one in affected]
    return [Affected(name, product_kind(name), text, cure, span) for text, span, cure in spans]


def _span(one: _Version, fixed: str) -> tuple[str, Range | None, str]:
    since = "" if one.version in ("0", "*", "unspecified", "n/a", "") else one.version[:64]
    if one.less_than and one.less_than != "*":
        edge = one.less_than[:64]
        return f"{since or 'any'} to before {edge}", Range(since=since, before=edge), edge
    if one.less_than_or_equal and one.less_than_or_equal != "*":
        edge = one.less_than_or_equal[:64]
        return f"{since or 'any'} to {edge}", Range(since=since, through=edge), fixed
    if since:
        return since, Range(exactly=since), fixed
    return "not stated", None, fixed


def _cvss(metrics: list[_Metric]) -> Cvss | None:
    scores = [one for metric in metrics for one in (metric.v31, metric.v30, metric.v4) if one]
    if not scores:
        return None
    best = scores[0]
    return Cvss(best.version or "3.1", best.base_score, best.vector_string or None)
