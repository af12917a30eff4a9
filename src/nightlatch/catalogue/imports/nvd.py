"""NVD answers of the CVE API 2.0 and its data feeds. Source: NVD, CVE API 2.0 response schema."""

from __future__ import annotations

from pathlib import Path

import msgspec

from nightlatch.catalogue.imports._files import MOST_PRODUCTS, Imported, admit, documents, product_kind, short
from nightlatch.catalogue.structs import Affected, Confidence, Cvss, Range, Vulnerability
from nightlatch.reading.structured import json


class _Text(msgspec.Struct):
    value: str
    lang: str = "en"


class _Score(msgspec.Struct, rename="camel"):
    base_score: float
    version: str = ""
    vector_string: str = ""


class _Metric(msgspec.Struct, rename="camel"):
    cvss_data: _Score


class _Metrics(msgspec.Struct):
    v31: list[_Metric] = msgspec.field(default_factory=list, name="cvssMetricV31")
    v30: list[_Metric] = msgspec.field(default_factory=list, name="cvssMetricV30")
    v40: list[_Metric] = msgspec.field(default_factory=list, name="cvssMetricV40")


class _Weakness(msgspec.Struct):
    description: list[_Text] = []


class _Cpe(msgspec.Struct, rename="camel"):
    criteria: str
    vulnerable: bool = True
    version_start_including: str = ""
    version_start_excluding: str = ""
    version_end_including: str = ""
    version_end_excluding: str = ""


class _Node(msgspec.Struct, rename="camel"):
    cpe_match: list[_Cpe] = []


class _Configuration(msgspec.Struct):
    nodes: list[_Node] = []


class _Cve(msgspec.Struct, rename="camel"):
    id: str
    published: str = ""
    vuln_status: str = ""
    descriptions: list[_Text] = []
    metrics: _Metrics = msgspec.field(default_factory=_Metrics)
    weaknesses: list[_Weakness] = []
    configurations: list[_Configuration] = []


class _Item(msgspec.Struct):
    cve: _Cve


class _Answer(msgspec.Struct):
    vulnerabilities: list[_Item]


def read(path: Path) -> Imported:
    """The records that were not rejected, as possible vulnerabilities."""
    found: list[Vulnerability] = []
    skipped = 0
    for where, data in documents(path):
        answer: _Answer = json(data, _Answer, where=where)
        for item in answer.vulnerabilities:
            if item.cve.vuln_status == "Rejected":
                skipped += 1
                continue
            found.append(_vulnerability(item.cve))
            admit(len(found), str(path))
    return Imported(vulnerabilities=tuple(found), skipped=skipped)


def _vulnerability(cve: _Cve) -> Vulnerability:
    matches = [one for setup in cve.configurations for node in setup.nodes for one in node.cpe_match if one.vulnerable]
    parts = [part for one in matches[:MOST_PRODUCTS] if (part := _part(one))]
    cwes = {one.value for weakness in cve.weaknesses for one in weakness.description if one.value.startswith("CWE-")}
    scores = [one.cvss_data for group in (cve.metrics.v31, cve.metrics.v30, cve.metrics.v40) for one in group]
    return Vulnerability(
        id=cve.id[:64],
        vendor=parts[0].name.split(" ")[0] if parts else "",
        products=tuple(parts),
        effect=short(next((one.value for one in cve.descriptions if one.lang == "en"), "")),
        cvss=Cvss(scores[0].version or "3.1", scores[0].base_score, scores[0].vector_string or None)
        if scores
        else None,
        cwe=tuple(sorted(one[:32] for one in cwes))[:20],
        published=cve.published[:10],
        sources=(f"https://nvd.nist.gov/vuln/detail/{cve.id[:64]}",),
        confidence=Confidence.LOW,
        possible=True,
    )


def _part(match: _Cpe) -> Affected | None:
    """From `cpe:2.3:part:vendor:product:version:...` and the range beside it."""
    fields = match.criteria[:500].replace("\\:", " ").split(":")
    if len(fields) < 6 or fields[0] != "cpe":
        return None
    name = short(f"{fields[3]} {fields[4]}".replace("_", " ").replace("\\", ""))
    start = match.version_start_including or match.version_start_excluding
    if match.version_end_excluding:
        edge = match.version_end_excluding[:64]
        return Affected(name, product_kind(name), f"{start or 'any'} to before {edge}", edge, Range(start[:64], edge))
    if match.version_end_including:
        edge = match.version_end_including[:64]
        return Affected(name, product_kind(name), f"{start or 'any'} to {edge}", "", Range(start[:64], "", edge))
    if fields[5] in ("*", "-", ""):
        return Affected(name, product_kind(name), "not stated")
    return Affected(name, product_kind(name), fields[5][:64], "", Range(exactly=fields[5][:64]))
