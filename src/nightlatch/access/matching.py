"""Names of codes that another manager kept, put to the codes that are on our locks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from nightlatch.access.imports import Named
from nightlatch.access.strange import Strange
from nightlatch.access.vault import Vault
from nightlatch.configuration.read import Configuration


class Match(msgspec.Struct, frozen=True):
    """One name of theirs, and what is done with it."""

    named: Named
    lock: str
    """Ours; nothing where it is not known which."""
    code: Strange | None
    """What its name is taken over for; nothing where it is not."""
    why: str


def locks_of(configuration: Configuration, named: Sequence[Named], said: Mapping[str, str]) -> dict[str, str]:
    """Which of our locks ("lock:front") each of theirs is: as `said`, else by its entity or its name."""
    tables = configuration.tables
    found: dict[str, str] = {}
    for theirs in dict.fromkeys(one.lock for one in named):
        plain = _plain(theirs.removeprefix("lock."))
        same = [
            f"lock:{one.id}"
            for one in tables.locks
            if theirs in one.bind or plain in {_plain(one.id), _plain(one.name), *map(_plain, one.bind)}
        ]
        if theirs in said:
            found[theirs] = said[theirs]
        elif len(same) == 1:
            found[theirs] = same[0]
    return found


def matches(
    named: Sequence[Named], theirs: Mapping[str, str], codes: Sequence[Strange], vault: Vault | None
) -> list[Match]:
    """What each name stands for on our locks. Without a vault, PINs are not compared."""
    by_place = {(one.line.lock, one.slot): one for one in codes}
    return [_match(one, theirs.get(one.lock, ""), by_place, vault) for one in named]


def _match(one: Named, lock: str, codes: Mapping[tuple[str, int], Strange], vault: Vault | None) -> Match:
    code = codes.get((lock, one.slot))
    if not lock:
        return Match(one, "", None, "which lock is it?")
    if code is None:
        return Match(one, lock, None, "no unexplained code is in this slot, as far as the lock was read")
    if code.kept:
        return Match(one, lock, None, f"it is kept already, as {code.whose or code.line.name!r}")
    if one.pin is None or not code.line.mark or vault is None:
        return Match(one, lock, code, "its name is taken over")
    if vault.mark(one.pin) != code.line.mark:
        return Match(one, lock, None, "the lock holds another code there than the file")
    return Match(one, lock, code, "its name is taken over; the lock holds this very code")


def _plain(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
