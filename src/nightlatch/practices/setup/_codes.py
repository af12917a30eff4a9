"""What the checks of codes share: which locks' codes are known, and an index of equal PINs."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from nightlatch.model.evidence import Fact
from nightlatch.model.home import Home
from nightlatch.model.labels import label
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.practices.interface import Judgement, not_applicable, unknown

PINS = frozenset(("pin", "master"))
"""Forms of credential that are typed in."""

TOLD = 3
"""How many other codes a finding names."""

CODES_FROM = "a live connection to the lock's hub (Z-Wave JS, Zigbee2MQTT or Matter server) that may read its codes"


def without_codes(home: Home) -> Judgement:
    """Judge a home in which no code is known: only reading every lock shows that there is none."""
    proof = []
    for lock in home.all(Lock):
        shown = _shows_none(lock)
        if shown is None:
            return unknown(because=f"The codes on {lock.label} were not read.")
        proof.append(shown)
    if not proof:
        return unknown(because="No lock is known, so no code is.")
    return not_applicable(*proof, because="No lock holds a code.")


def _shows_none(lock: Lock) -> Fact[Any] | None:
    if lock.can_keypad is not None and not lock.can_keypad.value:
        return lock.can_keypad
    return lock.codes_read if lock.codes_read is not None and lock.codes_read.value else None


def codes_read(lock: Lock, home: Home) -> Judgement:
    """Judge whether every code on a lock was looked at; if so, each is judged by itself and this adds nothing."""
    read = lock.codes_read
    if read is not None and read.value:
        return not_applicable(read, because="Every code on it was read, and each is judged by itself.")
    keypad = lock.can_keypad
    if keypad is not None and not keypad.value:
        return not_applicable(keypad, because="It has no keypad.")
    if read is not None:
        return unknown(read, because="Not every code slot of it could be read.")
    return unknown()


def not_a_pin(credential: Credential) -> Judgement | None:
    """Not applicable for a tag, a finger or an app; None for a PIN or a credential of unknown form."""
    form = credential.form
    if form is None or form.value in PINS:
        return None
    return not_applicable(form, because=f"It is {_FORMS[form.value]}, not a PIN.")


_FORMS = {
    "tag": "a tag",
    "fingerprint": "a fingerprint",
    "face": "a face",
    "app": "an app share",
    "other": "another kind of credential",
}


class SamePin(msgspec.Struct):
    """The codes that have one PIN: how many, one of each person, and one that is nobody's so far."""

    count: int = 0
    first: tuple[Credential, ...] = ()
    persons: dict[str, Credential] = {}
    nameless: Credential | None = None

    def of_others(self, credential: Credential) -> list[Credential]:
        """Up to three that are, or may be, another person's than this one's."""
        person = credential.person.value if credential.person is not None else None
        found = [other for name, other in islice(self.persons.items(), TOLD + 1) if name != person]
        if self.nameless is not None:
            found.append(self.nameless)
        return [other for other in found if other is not credential][:TOLD]


def by_fingerprint(home: Home) -> dict[str, SamePin]:
    """The home's PINs, equal ones together. For `home.cached`."""
    found: dict[str, SamePin] = {}
    for credential in home.all(Credential):
        if credential.fingerprint is not None:
            same = found.setdefault(credential.fingerprint.value, SamePin())
            same.count += 1
            if len(same.first) <= TOLD:
                same.first += (credential,)
            if credential.person is not None:
                same.persons.setdefault(credential.person.value, credential)
            else:
                same.nameless = same.nameless or credential
    return found


def where_is(credential: Credential, home: Home) -> str:
    """`code 3 on Front door (Ana)`: what to call a code in a sentence."""
    called = label(credential, home)
    whose = f" ({credential.person.value})" if credential.person is not None else ""
    return f"{called[:1].lower()}{called[1:]}{whose}"
