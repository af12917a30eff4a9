"""What may be said of the PINs that a hub holds: length, weakness, likeness. Never a digit of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.pins import Kind, Likeness, alike, weaknesses
from nightlatch.catalogue.structs import Knowledge
from nightlatch.model.evidence import Claim, Ref
from nightlatch.model.people import Credential
from nightlatch.plugs import Context
from nightlatch.secrets import Secret

FIELDS = (Credential.length, Credential.default, Credential.weaknesses, Credential.fingerprint, Credential.near)
"""What `claims` tells of each PIN."""

_DEFAULTS = (Kind.DEFAULT_OF_MODEL, Kind.KNOWN_DEFAULT)


class Code(msgspec.Struct, frozen=True):
    """A PIN of one credential: the lock's model where the catalogue knows it, and where it was read."""

    about: Ref
    pin: Secret
    model: Knowledge | None = None
    where: str = ""


def claims(codes: Sequence[Code], context: Context, catalogue: Catalogue) -> Iterator[Claim]:
    """What is derived from each PIN. `codes` are all that the hub holds, so that they can be compared."""
    fingerprints = {code.about: context.fingerprint(code.pin) for code in codes}
    for code in codes:
        found = weaknesses(code.pin, catalogue, code.model)
        near = {
            fingerprints[other.about]
            for other in codes
            if other is not code and alike(code.pin, other.pin) not in (None, Likeness.SAME)
        }
        about, where = code.about, code.where
        yield Credential.length.claim(about, len(code.pin), where=where)
        yield Credential.default.claim(about, any(one.kind in _DEFAULTS for one in found), where=where)
        yield Credential.weaknesses.claim(about, tuple(one.summary for one in found), where=where)
        yield Credential.fingerprint.claim(about, fingerprints[about], where=where)
        yield Credential.near.claim(about, tuple(sorted(near)), where=where)
