"""What the tests of password managers share. Every secret and personal text made here begins with `MARK`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nightlatch.errors import NightlatchError
from nightlatch.model.evidence import Claim, Gap, Item
from nightlatch.model.thing import Field
from nightlatch.secrets import Fingerprinter, Secret
from nightlatch.sources._vault import Vault, VaultSettings
from nightlatch.sources.interface import Context

MARK = "Qx7mark"
"""In every user name, title, note, seed, card and address path that a test writes."""

SHARED = f"{MARK}-correct-horse-7"
STRONG = f"{MARK}-vT9!kd02-unlike-any-other"
MASTER = "open sesame 4711"

YALE = f"https://{MARK}user:{MARK}@my.yalehome.com/{MARK}?next={MARK}"
SHOP = f"https://shop.{MARK}.example/{MARK}"
HASS = f"http://homeassistant.local:8123/{MARK}"
NUKI = "https://web.nuki.io/"


def vault(kind: type[Vault], path: Path, password: str | None = MASTER) -> Vault:
    context = Context(
        id=kind.kind, prefix=kind.kind, now=datetime(2026, 11, 1, tzinfo=UTC), fingerprint=Fingerprinter()
    )
    return kind(VaultSettings(path=path, password=Secret(password) if password else None), context)


def facts(items: Iterable[Item], field: Field[Any]) -> dict[str, Any]:
    """Value by key of the thing, without the plug's prefix."""
    claims = [item for item in items if isinstance(item, Claim) and item.fact == field.name]
    assert len({claim.about for claim in claims}) == len(claims)
    return {claim.about.key.partition(":")[2]: claim.value for claim in claims}


def gaps(items: Iterable[Item], field: Field[Any]) -> list[Gap]:
    return [item for item in items if isinstance(item, Gap) and field.path in item.facts]


def assert_silent(*told: object) -> None:
    """Neither the planted marks nor the master password are in anything that was told."""
    for one in told:
        error = one if isinstance(one, NightlatchError) else None
        texts = [repr(one), str(one), *((error.what, error.where, error.todo) if error else ())]
        text = " ".join(texts).casefold()
        assert MARK.casefold() not in text
        assert MASTER.casefold() not in text
