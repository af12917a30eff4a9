"""How many digits each lock's codes have, as audits found it.

It is kept: an audit while a hub is away finds nothing, and other codes must not be wanted for that.
"""

from __future__ import annotations

import logging

import msgspec

from nightlatch.access.register import Bounds
from nightlatch.configuration.read import Configuration
from nightlatch.errors import StoreError
from nightlatch.model.document import Audit
from nightlatch.store.access import AccessRecords, mark, put_mark
from nightlatch.store.audits import Audits

log = logging.getLogger(__name__)

_MARK = "lengths"


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    lock: str
    bind: tuple[str, ...]
    """What stood behind the lock then: nothing of it holds for another device."""
    least: int | None
    most: int | None


def last_known(configuration: Configuration, records: AccessRecords) -> dict[str, Bounds]:
    """What is known of each lock by now, by "lock:front", the last audit included."""
    try:
        audit = Audits(records.engine).latest(str(configuration.path))
    except StoreError as error:
        log.warning("access: what the last audit found of the locks' codes is not known: %s", error)
        audit = None
    return learnt(configuration, records, audit)


def learnt(configuration: Configuration, records: AccessRecords, audit: Audit | None) -> dict[str, Bounds]:
    """What is known once an audit is made. What it does not tell of a lock is as it was. StoreError as of records."""
    binds = {f"lock:{one.id}": tuple(one.bind) for one in configuration.tables.locks}
    with records.reading() as connection:
        text = mark(connection, _MARK)
    kept = msgspec.json.decode(text or "[]", type=list[_Kept])
    found = {one.lock: (one.least, one.most) for one in kept if binds.get(one.lock) == one.bind}
    for lock, (least, most) in _told(audit).items():
        was_least, was_most = found.get(lock, (None, None))
        found[lock] = (was_least if least is None else least, was_most if most is None else most)
    keep = [_Kept(lock, binds[lock], *found[lock]) for lock in sorted(found) if lock in binds and any(found[lock])]
    if keep != kept:
        with records.writing() as connection:
            put_mark(connection, _MARK, msgspec.json.encode(keep).decode())
    return found


def _told(audit: Audit | None) -> dict[str, Bounds]:
    found: dict[str, Bounds] = {}
    for thing in audit.things if audit is not None else ():
        if thing.kind == "lock":
            told = {fact.fact: fact.value for fact in thing.facts if isinstance(fact.value, int)}
            found[thing.subject] = told.get("code_length_min"), told.get("code_length_max")
    return found
