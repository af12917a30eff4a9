"""One change of the register while it is made, in one transaction: what is written, and what the journal is told."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from nightlatch.access import pins
from nightlatch.access.lengths import needed, wanted
from nightlatch.access.register import Register
from nightlatch.access.schedules import words
from nightlatch.access.vault import Vault
from nightlatch.catalogue.lookup import Catalogue
from nightlatch.model.access import Credential, Grant
from nightlatch.model.event import Event, Kind
from nightlatch.secrets import Secret
from nightlatch.store.access import Record
from nightlatch.text import count, listed

_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
"""What is not taken for another sign when it is read aloud or copied by hand."""


class Change:
    """Gathers records and events; whoever made it writes them. PINs are sealed within the transaction at once."""

    def __init__(
        self, register: Register, connection: sa.Connection, now: int, vault: Vault, catalogue: Callable[[], Catalogue]
    ) -> None:
        self.register, self.connection, self.now = register, connection, now
        self._vault, self._catalogue = vault, catalogue
        self.put: list[Record] = []
        self.remove: list[Record] = []
        self.unseal: list[str] = []
        self.events: list[Event] = []

    def tell(
        self, kind: Kind, name: str, *, person: str = "", value: str = "", detail: str = "", raw: object = None
    ) -> None:
        """Add an event. What is about a person is sealed with their key; the others name nobody."""
        text = msgspec.json.encode(raw).decode() if raw is not None else ""
        words = f"{name}: {detail}" if detail else name
        self.events.append(Event(self.now, kind, "home", person=person, value=value, name=name, detail=words, raw=text))

    def tell_grant(self, name: str, grant: Grant) -> None:
        """Tell what became of a grant."""
        kind, _, who = grant.to.partition(":")
        person = who if kind == "person" else ""
        where = listed([self.register.name(door) for door in grant.doors])
        # Only what is sealed may hold what somebody wrote.
        told = grant if person else msgspec.structs.replace(grant, reason="", by="", booking="")
        detail = f"{self.register.whom(grant.to)}: {where}, {words(told, self.register.zone)}"
        self.tell("grant", name, person=person, value=grant.id, detail=detail, raw=told)

    def end_grant(self, grant: Grant) -> Grant:
        """End a grant now."""
        ended = msgspec.structs.replace(grant, ended=self.now)
        self.put.append(ended)
        self.tell_grant("ended", ended)
        return ended

    def needed_codes(self, people: Iterable[str]) -> tuple[Credential, ...]:
        """Make the codes that people lack for the locks that their grants reach, once this change is made."""
        after = self.register.having(self.put)
        made: list[Credential] = []
        taken: list[Secret] | None = None
        for person in people:
            have = [one.digits for one in after.active(person)]
            lengths = [wanted(bounds) for bounds in after.lengths(person, self.now)]
            lacking = [(least, most) for least, most in lengths if not any(least <= one <= most for one in have)]
            if lacking:
                taken = list(self._vault.pins().values()) if taken is None else taken
                made.extend(self.make_codes(person, needed(lacking), taken))
        return tuple(made)

    def make_codes(self, person: str, lengths: Iterable[int], taken: list[Secret]) -> list[Credential]:
        """Make somebody codes by chance, and add them to those that are taken."""
        made = []
        for digits in lengths:
            pin = pins.make(digits, taken, self._catalogue())
            taken.append(pin)
            made.append(self.keep_code(person, pin, chosen=False))
        return made

    def keep_code(self, person: str, pin: Secret, *, chosen: bool) -> Credential:
        """Give somebody a code."""
        fresh = fresh_id("c", self.register.credentials)
        code = Credential(fresh, person, len(pin), self.now, chosen=chosen)
        self.put.append(code)
        self._vault.keep_within(self.connection, f"credential:{fresh}", pin)
        how = "chosen by the owner" if chosen else "made by chance"
        self.tell("credential", "added", person=person, value=fresh, detail=f"{count(len(pin), 'digit')}, {how}")
        return code

    def end_code(self, credential: Credential) -> Credential:
        """End a code now; its PIN stays sealed until it is proven gone from every lock."""
        ended = msgspec.structs.replace(credential, ended=self.now)
        self.put.append(ended)
        self.tell("credential", "ended", person=credential.person, value=credential.id)
        return ended


def fresh_id(kind: str, known: Mapping[str, Any]) -> str:
    """An id that nothing has, and that says nothing of whose it is."""
    while (found := kind + "".join(secrets.choice(_ALPHABET) for _ in range(6))) in known:
        pass
    return found
