"""Ways to open a lock that its ledger cannot show: accounts, apps, keys, and codes on locks that were never read.

Each is told from the last audit's facts, with how and when that was known; what the audit did not
find out is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from nightlatch.access.who import NOBODY_KNOWS, Opener
from nightlatch.model.command import Rules
from nightlatch.model.document import Evidence, ThingDocument
from nightlatch.model.event import micros

KEYS = {
    "trusted_person": "with a trusted person",
    "key_safe": "in a key safe",
    "off_site": "kept elsewhere",
    "hidden_outside": "hidden outside",
    "inside_only": "kept inside",
}
_FORMS = {"pin": "code", "master": "master code", "": "code"}

Facts = Mapping[str, Evidence]


class Beside:
    """What an audit knew of the locks of a home; without one, only what was declared of slots."""

    def __init__(
        self,
        things: Iterable[ThingDocument] | None,
        declared: Mapping[tuple[str, int], str],
        names: Mapping[str, str],
        people: Mapping[str, str],
        rules: Mapping[str, Rules],
    ) -> None:
        """What is known: `declared` tells whose each slot is, ("lock:front", 3) -> "ana".

        `names` and `people` are what things and people are called; `rules` those of the locks that were read
        for the ledger.
        """
        self._audited = things is not None
        self._declared = declared
        self._people = people
        self._rules = rules
        self._of: dict[str, dict[str, Facts]] = {}
        self._labels = dict(names)
        for thing in things or ():
            self._of.setdefault(thing.kind, {})[thing.subject] = {fact.fact: fact for fact in thing.facts}
            self._labels.setdefault(thing.subject, thing.label)
        self._codes: dict[str, list[tuple[str, Facts]]] = {}
        for subject, facts in self._of.get("credential", {}).items():
            self._codes.setdefault(_text(facts, "lock"), []).append((subject, facts))
        self._accounts: dict[str, list[tuple[str, Facts]]] = {}
        """By the hub that they sign in to; nothing: a vendor's, or not told."""
        for subject, facts in self._of.get("account", {}).items():
            self._accounts.setdefault(_text(facts, "hub"), []).append((subject, facts))
        self._hubs: dict[str, set[str]] = {}
        """The hubs of each lock."""
        for hub, facts in self._of.get("hub", {}).items():
            for lock in facts["locks"].value if "locks" in facts else ():
                self._hubs.setdefault(str(lock), set()).add(hub)

    def __call__(self, lock: str) -> tuple[tuple[Opener, ...], tuple[str, ...]]:
        """The ways beside the ledger, and what is not known of them, in sentences."""
        label = self._labels.get(lock, lock.partition(":")[2])
        facts = self._of.get("lock", {}).get(lock, {})
        openers = [*self._slots(lock), *self._signed_in(lock, facts), *self._by_phone(lock, facts)]
        unknown: list[str] = []
        rules = self._rules.get(lock)
        if rules is None:
            unknown.append(f"{label} was never read: codes on it that are not listed here may open it.")
        elif rules.master:
            unknown.append(f"{label} has a master code beside its slots, and who knows it is not known.")
        if not self._audited:
            unknown.append("No audit was made: accounts, apps and keys are not known. Run: nightlatch audit")
            return tuple(openers), tuple(unknown)
        cylinder = facts.get("can_cylinder")
        if cylinder is None:
            unknown.append(f"Whether a key opens {label} is not known: nightlatch answer {lock} can_cylinder true")
        elif cylinder.value:
            spare = self._of.get("door", {}).get(_text(facts, "door"), {}).get("backup_key")
            where = f"the spare one is {KEYS[spare.value]}" if spare is not None and spare.value in KEYS else ""
            openers.append(_known("whoever has a key", "key", cylinder, lock, "it has a keyhole", note=where))
        unsure = [self._labels[subject] for subject, of in self._reaching(lock, facts) if "opens_door" not in of]
        if unsure:
            unknown.append(f"Whether these accounts can open it is not known: {', '.join(sorted(unsure))}.")
        return tuple(openers), tuple(unknown)

    def _slots(self, lock: str) -> Iterable[Opener]:
        """Codes that the audit or the owner tells of; a slot that the ledger has a line for is that line's."""
        seen: set[int] = set()
        for subject, facts in self._codes.get(lock, ()):
            if "enabled" in facts and not facts["enabled"].value:
                continue
            slot = int(facts["slot"].value) if "slot" in facts else 0
            seen.add(slot)
            if slot and lock in self._rules:
                continue  # the ledger has read this lock since, and knows better
            holder = self._declared.get((lock, slot), "")
            name = self._people.get(holder, "") or _text(facts, "person") or NOBODY_KNOWS
            form = _text(facts, "form")
            note = f"put there by {facts['created_by'].value}" if "created_by" in facts else ""
            told = facts.get("slot") or facts["lock"]
            words = f"the audit found it: {self._labels[subject]}"
            means = _FORMS.get(form, form)
            yield _known(name, means, told, lock, words, slot=slot, person=holder, note=note)
        if lock in self._rules:
            return
        for (at, slot), person in self._declared.items():
            if at == lock and slot not in seen:
                name = self._people.get(person, person)
                words = "the configuration says so; the slot was never read"
                yield Opener(name, "code", "known", words, lock=lock, slot=slot, person=person)

    def _reaching(self, lock: str, facts: Facts) -> Iterable[tuple[str, Facts]]:
        """The accounts of the hubs that command a lock."""
        hubs: Collection[str] = self._hubs.get(lock, set()) | ({_text(facts, "hub")} - {""})
        for hub in sorted(hubs):
            yield from self._accounts.get(hub, ())

    def _signed_in(self, lock: str, facts: Facts) -> Iterable[Opener]:
        """Accounts that can open it; of one whose hub is not told, it is not known which locks it opens."""
        for subject, of in self._reaching(lock, facts):
            if "opens_door" in of and of["opens_door"].value:
                yield _known(self._labels[subject], "account", of["opens_door"], lock, "it can command the lock's hub")
        for subject, of in self._accounts.get("", ()):
            if "opens_door" in of and of["opens_door"].value:
                words = "it can open a door; which one is not told"
                yield _known(self._labels[subject], "account", of["opens_door"], lock, words)

    def _by_phone(self, lock: str, facts: Facts) -> Iterable[Opener]:
        phone, remote = facts.get("opens_by_phone"), facts.get("remote_access")
        if phone is not None and phone.value:
            yield _known("a phone that is paired with it", "app", phone, lock, "it opens by Bluetooth")
        if remote is not None and remote.value:
            yield _known("whoever has its maker's app signed in", "app", remote, lock, "it opens from anywhere")


def _known(who: str, means: str, fact: Evidence, lock: str, words: str, **more: Any) -> Opener:
    evidence = f"{words} ({fact.grade.value} by {fact.source})"
    return Opener(who, means, "known", evidence, lock=lock, seen=micros(fact.at), **more)


def _text(facts: Facts, name: str) -> str:
    fact = facts.get(name)
    return str(fact.value) if fact is not None else ""
