"""What the audit may know of access: whose code is in each slot, until when, and how good it is. Never a digit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path

import msgspec

from nightlatch.access import ledger
from nightlatch.access.register import Register, live
from nightlatch.access.vault import Vault
from nightlatch.catalogue.lookup import Catalogue
from nightlatch.configuration.read import Configuration
from nightlatch.ecosystems import _codes
from nightlatch.errors import NightlatchError, StoreError
from nightlatch.model.access import OPENS, Always, Dates, Entry, Grant
from nightlatch.model.event import instant, micros
from nightlatch.model.evidence import Claim, Grade, Item, Ref, Same
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.secrets import Secret
from nightlatch.sources.interface import Context, Settings, Source
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect

NOBODY = "nobody"
"""As an owner answers whose code it is that nobody knows."""


class AccessFacts(Source, kind="access"):
    """The ledger, the grants and the vault of a state folder.

    What a lock was read to hold is observed, at the time of that reading. Whose a code is and until
    when is recorded: it is what the owner granted, or said when they kept a code.
    """

    Settings = Settings
    grade = Grade.RECORDED
    gives = (
        Credential.lock,
        Credential.slot,
        Credential.form,
        Credential.enabled,
        Credential.name,
        Credential.person,
        Credential.role,
        Credential.ends,
        Credential.scheduled,
        Credential.created_by,
        *_codes.FIELDS,
        Lock.codes_read,
    )

    def __init__(self, configuration: Configuration, folder: Path, env: Mapping[str, str], context: Context) -> None:
        super().__init__(Settings(), context)
        self.configuration, self.folder, self.env = configuration, folder, env
        self._lines: list[Entry] = []

    def collect(self) -> Iterator[Item]:
        """What the ledger holds of each code that may be on a lock."""
        engine = connect(self.folder)
        try:
            records = AccessRecords(engine)
            register = Register.load(self.configuration, records)
            known = {f"lock:{id_}" for id_ in self.configuration.ids("lock")}
            lines = [one for one in records.entries() if one.state in OPENS and one.slot and one.lock in known]
            surveyed = records.surveyed()
            pins, trouble = self._pins(records, lines)
        finally:
            engine.dispose()
        self._lines = lines
        for lock, at in surveyed.items():
            if lock in known:
                where = "ledger, every slot of it was read"
                yield Lock.codes_read.claim(_ref(lock), True, where=where, at=instant(at), grade=Grade.OBSERVED)
        codes: list[_codes.Code] = []
        for line in lines:
            yield from self._line(line, register)
            if line.credential in pins:
                where = f"vault, {line.credential}"
                codes.append(_codes.Code(_about(line), pins[line.credential], None, where, grade=Grade.RECORDED))
        yield from _codes.claims(codes, self.context, Catalogue())
        if trouble:
            reason, settle = f"the vault does not open ({trouble})", "put its key back, or restore a backup"
            yield self.gap(*_codes.FIELDS, reason=reason, settle=settle)

    def following(self, home: Home) -> Iterator[Item]:
        """What follows once the home is known: which of the hubs' codes these are, and which are nobody's."""
        ours = {(line.lock.partition(":")[2], line.slot): line for line in self._lines}
        held: dict[tuple[str, int], Credential] = {}
        for one in home.all(Credential):
            lock = home.follow(one.lock, Lock)
            if lock is None or one.slot is None:
                continue
            place = (lock.ref.key, one.slot.value)
            line = ours.get(place)
            if line is not None and one.ref != _about(line) and (one.form is None or one.form.value == line.form):
                held.setdefault(place, one)
        for place, one in held.items():
            yield Same(_about(ours[place]), one.ref.key, self.context.id)
        for place, line in ours.items():
            if line.credential or line.kept:
                continue
            told = [home.get(Credential, _about(line).key), held.get(place)]
            if all(one is None or one.person is None for one in told):
                # Only where the owner has not answered whose it is.
                claim = Credential.person.claim(
                    _about(line), NOBODY, where=f"{_where(line)}, explained by no grant", at=instant(line.seen)
                )
                yield msgspec.structs.replace(claim, source=self.context.id, grade=Grade.RECORDED)

    def _pins(self, records: AccessRecords, lines: Iterable[Entry]) -> tuple[dict[str, Secret], str]:
        """The PINs of these lines, and why they cannot be had."""
        wanted = {line.credential for line in lines if line.credential}
        if not wanted:
            return {}, ""
        try:
            every = Vault.open(self.folder, records, self.configuration, self.env).pins()
        except NightlatchError as error:
            return {}, error.what
        return {credential: every[credential] for credential in wanted if credential in every}, ""

    def _line(self, line: Entry, register: Register) -> Iterator[Claim]:
        about, where = _about(line), _where(line)
        live_read = line.present is not None and line.proof in ledger.PROVES
        at, grade = (instant(line.seen), Grade.OBSERVED) if live_read else (None, None)
        yield Credential.lock.claim(about, _ref(line.lock), where=where, at=at, grade=grade)
        yield Credential.slot.claim(about, line.slot, where=where, at=at, grade=grade)
        yield Credential.form.claim(about, line.form, where=where, at=at, grade=grade)
        if live_read and line.present and line.state != "changing":
            yield Credential.enabled.claim(about, True, where=where, at=at, grade=grade)
        if line.name:
            yield Credential.name.claim(about, line.name, where=where)
        if line.creator:
            yield Credential.created_by.claim(about, line.creator, where=where, at=at, grade=grade)
        person = register.people.get(line.person)
        if person is not None or (line.kept and line.name):
            yield Credential.person.claim(about, person.name if person is not None else line.name, where=where)
        if person is not None:
            yield Credential.role.claim(about, person.role, where=f"{person.name} is a {person.role}")
        if line.credential:
            yield from self._times(line, register)

    def _times(self, line: Entry, register: Register) -> Iterator[Claim]:
        """Until when, and whether only at times, its grants let the code work."""
        about, now = _about(line), micros(self.context.now)
        if line.state == "exposed":
            where = f"{_where(line)}: its leave is over, and it is not proven gone"
            yield Credential.ends.claim(about, instant(line.since), where=where)
            return
        grants = [grant for grant in register.granted(line.person, now) if line.lock in register.locks_of(grant.doors)]
        if not grants:
            return
        where = f"grants {', '.join(grant.id for grant in grants)}"
        yield Credential.scheduled.claim(
            about, not any(isinstance(one.schedule, Always) for one in grants), where=where
        )
        ends = [self._end(one) for one in grants if live(one, now)]
        if ends and all(ends):
            yield Credential.ends.claim(about, max(end for end in ends if end is not None), where=where)

    def _end(self, grant: Grant) -> datetime | None:
        """When a grant is over; None: it has no end."""
        ends = [instant(grant.ends)] if grant.ends else []
        if isinstance(grant.schedule, Dates) and grant.schedule.ranges:
            last = max(day for _, day in grant.schedule.ranges)
            midnight = datetime.combine(last, time(), self.configuration.zone)
            ends.append(midnight + timedelta(minutes=grant.schedule.ends))
        return min(ends) if ends else None


def kept(folder: Path) -> bool:
    """Whether a state folder's ledger holds anything; one that cannot be read is told of when it is asked."""
    try:
        engine = connect(folder)
    except StoreError:
        return True
    try:
        records = AccessRecords(engine)
        return bool(records.surveyed() or records.entries())
    except StoreError:
        return True
    finally:
        engine.dispose()


def _about(line: Entry) -> Ref:
    return Ref(Credential.kind, f"{line.lock.partition(':')[2]}/{line.slot}")


def _ref(lock: str) -> Ref:
    return Ref(Lock.kind, lock.partition(":")[2])


def _where(line: Entry) -> str:
    return f"ledger, slot {line.slot}: {ledger.evidence(line)}"
