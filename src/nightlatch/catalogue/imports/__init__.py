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

__all__ = ["KINDS", "Imported", "read", "together"]


def read(kind: str, path: Path) -> Imported:
    """What a file, folder or archive of that kind holds. Raises UsageError or ReadError."""
    if kind not in KINDS:
        raise UsageError(
            f"there is no import of kind {kind!r}", todo=suggest(kind, KINDS) or f"Known kinds: {', '.join(KINDS)}."
        )
    module = importlib.import_module(f"nightlatch.catalogue.imports.{kind.replace('-', '_')}")
    imported: Imported = module.read(path)
    return imported


def together(imported: Iterable[Imported]) -> Catalogue:
    """The catalogue with the owner's newer data."""
    from nightlatch.catalogue.lookup import Catalogue

    read_ = tuple(imported)
    return Catalogue(
        models=(model for one in read_ for model in one.models),
        vulnerabilities=(flaw for one in read_ for flaw in one.vulnerabilities),
        firmware=(release for one in read_ for release in one.firmware),
    )
