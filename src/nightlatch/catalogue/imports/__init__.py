"""Reads newer data that the owner has as files: vulnerability records, lock definitions, firmware indices.

One module per kind; each has `read(path) -> Imported`. Nothing is fetched from anywhere.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nightlatch.catalogue.imports._files import Imported
from nightlatch.errors import UsageError
from nightlatch.text import suggest

if TYPE_CHECKING:
    from nightlatch.catalogue.lookup import Catalogue

KINDS = ("cve", "nvd", "csaf", "osv", "zwave-config", "zigbee-ota", "zwave-firmware")

__all__ = ["KINDS", "Imported", "catalogue_with", "read"]


def read(kind: str, path: Path) -> Imported:
    """What a file, folder or archive of that kind holds. Raises UsageError or ReadError."""
    if kind not in KINDS:
        raise UsageError(
            f"there is no import of kind {kind!r}", todo=suggest(kind, KINDS) or f"Known kinds: {', '.join(KINDS)}."
        )
    module = importlib.import_module(f"nightlatch.catalogue.imports.{kind.replace('-', '_')}")
    imported: Imported = module.read(path)
    return imported


def catalogue_with(references: Iterable[str], base: Path, where: str = "") -> Catalogue:
    """The catalogue with the owner's newer data: references are `kind:path`, relative to `base`.

    `where` names the setting they stand in. Raises UsageError or ReadError.
    """
    from nightlatch.catalogue.lookup import Catalogue

    imported = []
    for reference in references:
        kind, colon, path = reference.partition(":")
        if not colon or not path:
            raise UsageError(f"{reference!r} is not kind:path", where=where, todo='Write it as "cve:records.json".')
        imported.append(read(kind, base / Path(path).expanduser()))
    return Catalogue(
        models=(model for one in imported for model in one.models),
        vulnerabilities=(flaw for one in imported for flaw in one.vulnerabilities),
        firmware=(release for one in imported for release in one.firmware),
    )
