"""CSAF 2.0 advisories: one file, or a folder or archive of them. Source: OASIS CSAF 2.0."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from nightlatch.catalogue.imports._files import MOST_PRODUCTS, Imported, admit, documents, product_kind, short
from nightlatch.catalogue.structs import Affected, Confidence, Cvss, Range, Vulnerability
from nightlatch.reading.structured import json


class _Product(msgspec.Struct):
    name: str
    product_id: str


class _Branch(msgspec.Struct):
    category: str
    name: str
    branches: list[_Branch] = []
    product: _Product | None = None


class _Tree(msgspec.Struct):
    branches: list[_Branch] = []
    full_product_names: list[_Product] = []


class _Tracking(msgspec.Struct):
    id: str
    initial_release_date: str = ""


class _Document(msgspec.Struct):
    title: str
    tracking: _Tracking


class _Note(msgspec.Struct):
    text: str
    category: str = ""


class _Status(msgspec.Struct):
    known_affected: list[str] = []
    fixed: list[str] = []


class _Score3(msgspec.Struct, rename="camel"):
    base_score: float
    version: str = ""
    vector_string: str = ""


class _Score(msgspec.Struct):
    cvss_v3: _Score3 | None = None


class _Cwe(msgspec.Struct):
    id: str = ""


class _Remedy(msgspec.Struct):
    details: str
    category: str = ""


class _Flaw(msgspec.Struct):
    cve: str = ""
    title: str = ""
    notes: list[_Note] = []
    product_status: _Status = msgspec.field(default_factory=_Status)
    scores: list[_Score] = []
    cwe: _Cwe | None = None
    remediations: list[_Remedy] = []


class _Advisory(msgspec.Struct):
    document: _Document
    product_tree: _Tree = msgspec.field(default_factory=_Tree)
    vulnerabilities: list[_Flaw] = []


class _Named(msgspec.Struct):
    vendor: str
    name: str
    version: str


def read(path: Path) -> Imported:
    """The vulnerabilities of the advisories, as possible ones."""
    found: list[Vulnerability] = []
    for where, data in documents(path):
        advisory: _Advisory = json(data, _Advisory, where=where)
        products = dict(_products(advisory.product_tree))
        for number, flaw in enumerate(advisory.vulnerabilities, 1):
            found.append(_vulnerability(advisory.document, flaw, products, number))
            admit(len(found), str(path))
    return Imported(vulnerabilities=tuple(found))


def _products(tree: _Tree) -> Iterator[tuple[str, _Named]]:
    for one in tree.full_product_names:
        yield one.product_id, _Named("", short(one.name), "")
    for branch in tree.branches:
        yield from _below(branch, "", "")


def _below(branch: _Branch, vendor: str, product: str) -> Iterator[tuple[str, _Named]]:
    # The depth of the document is bounded by the reader, so this recursion is too.
    name = short(branch.name)
    version = ""
    if branch.category == "vendor":
        vendor = name
    elif branch.category in ("product_name", "product_family"):
        product = name
    elif branch.category in ("product_version", "product_version_range"):
        version = name
    if branch.product:
        yield branch.product.product_id, _Named(vendor, product or short(branch.product.name), version)
    for child in branch.branches:
        yield from _below(child, vendor, product)


def _vulnerability(document: _Document, flaw: _Flaw, products: dict[str, _Named], number: int) -> Vulnerability:
    affected = [products[one] for one in flaw.product_status.known_affected[:MOST_PRODUCTS] if one in products]
    fixed = {(one.vendor, one.name): one.version for key in flaw.product_status.fixed if (one := products.get(key))}
    score = next((one.cvss_v3 for one in flaw.scores if one.cvss_v3), None)
    text = next((one.text for one in flaw.notes if one.category in ("description", "summary")), flaw.title)
    return Vulnerability(
        id=flaw.cve[:64] or f"{document.tracking.id[:48]}#{number}",
        vendor=next((one.vendor for one in affected if one.vendor), ""),
        products=tuple(_part(one, fixed.get((one.vendor, one.name), "")) for one in affected),
        effect=short(text or document.title),
        fix=short(next((one.details for one in flaw.remediations), "")),
        cvss=Cvss(score.version or "3.1", score.base_score, score.vector_string or None) if score else None,
        cwe=(flaw.cwe.id[:32],) if flaw.cwe and flaw.cwe.id else (),
        published=document.tracking.initial_release_date[:10],
        sources=(f"CSAF {document.tracking.id[:100]}",),
        confidence=Confidence.LOW,
        possible=True,
    )


def _part(one: _Named, fixed: str) -> Affected:
    name = f"{one.vendor} {one.name}".strip()
    return Affected(name, product_kind(name), one.version or "not stated", fixed[:64], _range(one.version))


def _range(text: str) -> Range | None:
    """From a version, `<1.2`, `<= 1.2`, or the same as `vers:.../<1.2`; None when it is worded otherwise."""
    plain = text.rpartition("/")[2].strip() if text.startswith("vers:") else text.strip()
    if "|" in plain or not plain:
        return None
    if plain in ("*", "all", "All versions", "all versions"):
        return Range(every=True)
    if plain.startswith("<="):
        return Range(through=plain[2:].strip()[:64])
    if plain.startswith("<"):
        return Range(before=plain[1:].strip()[:64])
    if plain.startswith((">", "!", "=")):
        return None
    return Range(exactly=plain[:64])
