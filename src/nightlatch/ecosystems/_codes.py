"""What may be said of the PINs that a hub holds: length, weakness, likeness. Never a digit of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.pins import Kind, Likeness, alike, weaknesses
from nightlatch.catalogue.structs import Knowledge
from nightlatch.model.evidence import Claim, Grade, Ref
from nightlatch.model.people import Credential
from nightlatch.model.thing import Field
from nightlatch.plugs import Context
from nightlatch.secrets import Secret

FIELDS = (Credential.length, Credential.default, Credential.weaknesses, Credential.fingerprint, Credential.near)
"""What `claims` tells of each PIN."""

_DEFAULTS = (Kind.DEFAULT_OF_MODEL, Kind.KNOWN_DEFAULT)


class Code(msgspec.Struct, frozen=True):
    """A PIN of one credential: the lock's model where the catalogue knows it, and where it was read.

    `at` and `grade` are set for a PIN that was read from a file.
    """

    about: Ref
    pin: Secret
    model: Knowledge | None = None
    where: str = ""
    at: datetime | None = None
    grade: Grade | None = None


def claims(codes: Sequence[Code], context: Context, catalogue: Catalogue) -> Iterator[Claim]:
    """What is derived from each PIN. `codes` are all that the hub holds, so that they can be compared."""
    fingerprints = {code.about: context.fingerprint(code.pin) for code in codes}
    for code in codes:
        # Its length is told by itself, and judged by how long a code the lock takes.
        found = weaknesses(code.pin, catalogue, code.model, long_enough=0)
        near = {
            fingerprints[other.about]
            for other in codes
            if other is not code and alike(code.pin, other.pin) not in (None, Likeness.SAME)
        }
        derived: dict[Field[Any], object] = {
            Credential.length: len(code.pin),
            Credential.default: any(one.kind in _DEFAULTS for one in found),
            Credential.weaknesses: tuple(dict.fromkeys(one.summary for one in found)),
            Credential.fingerprint: fingerprints[code.about],
            Credential.near: tuple(sorted(near)),
        }
        for field, value in derived.items():
            yield field.claim(code.about, value, where=code.where, at=code.at, grade=code.grade)
