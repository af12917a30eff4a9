"""Runs a plug and looks at what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from nightlatch.ecosystems.interface import Ecosystem
from nightlatch.errors import NightlatchError
from nightlatch.model.evidence import Claim, Gap, Item
from nightlatch.model.thing import Field
from nightlatch.plugs import Context
from nightlatch.secrets import Fingerprinter

T = TypeVar("T")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def context(kind: str) -> Context:
    return Context(id=kind, prefix=kind, now=NOW, fingerprint=Fingerprinter())


async def ask(plug: Ecosystem) -> tuple[list[Item], NightlatchError | None]:
    """All items, and the error that ended it."""
    items: list[Item] = []
    try:
        async for item in plug.collect():
            items.append(item)
    except NightlatchError as error:
        return items, error
    return items, None


def values(items: list[Item], field: Field[T], key: str = "") -> list[T]:
    """Every value claimed of a field, in order; of the thing whose key ends with `key`."""
    return [one.value for one in claims(items, field, key)]


def claims(items: list[Item], field: Field[Any], key: str = "") -> list[Claim]:
    found = (one for one in items if isinstance(one, Claim) and one.fact == field.name)
    return [one for one in found if one.about.kind == field.kind and one.about.key.endswith(key)]


def reasons(items: list[Item], field: Field[Any]) -> list[str]:
    """Why a field could not be told."""
    return [one.reason for one in items if isinstance(one, Gap) and field.path in one.facts]
