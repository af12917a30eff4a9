"""How many wrong tries are taken: a few at once, then further and further apart, and never none for ever.

A try is counted before it is judged, so that many at once are no more than one after another. A browser
that somebody signed in with before, and this machine itself, are counted apart: strangers cannot shut
them out. What is kept is bounded: users are few, names that nobody has share 4,096 counters, and of
addresses the oldest go.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from nightlatch.store.users import Tries, UserBook

SECOND = 1_000_000
FREE, FREE_OF_ADDRESS = 4, 10
"""Wrong tries without a wait; of one address more, as several people may share it."""
FIRST, LONGEST = 30 * SECOND, 15 * 60 * SECOND
FORGET = 24 * 3600 * SECOND
"""After so long without another, they are forgotten."""
MOST_PER_HOUR = 12
"""Follows from these: 5, then after 30 s, 1, 2, 4 and 8 min, then each 15 min. A test holds it."""
MOST_ADDRESSES = 4_096
ADDRESSES = ("address:", "passkey:", "code:")
"""Kinds of keys that anybody can make more of."""


class Visitor(msgspec.Struct, frozen=True):
    """Where a try comes from."""

    address: str
    """As it is told and counted: an IPv6 network of 64 bits counts as one."""
    here: bool
    """This machine itself."""


def visitor(host: str | None) -> Visitor:
    """Who asks, by the address of their end of the connection."""
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return Visitor("unknown", here=False)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return visitor(str(address.ipv4_mapped))
        if not address.is_loopback:
            return Visitor(str(ipaddress.ip_network((address, 64), strict=False)), here=False)
    return Visitor(str(address), here=address.is_loopback)


def keys(name: str, user: str, at: Visitor, device: str) -> tuple[str, ...]:
    """Under what a try to sign in as `name` counts. `user`: their id, where that is one; `device`: known as theirs."""
    if user and device:
        return (f"user:{user}:device:{device[:16]}",)
    if at.here:
        return (f"user:{user}:here" if user else "nobody:here",)
    if user:
        return f"user:{user}", f"address:{at.address}"
    bucket = int.from_bytes(blake2b(name.encode(errors="replace"), digest_size=2).digest()) % 4096
    return f"nobody:{bucket:03x}", f"address:{at.address}"


def again(user: str, session: str) -> tuple[str, ...]:
    """Under what a code counts that confirms who is signed in already."""
    return (f"user:{user}:again:{session}",)


def place(kind: str, at: Visitor, device: str = "") -> tuple[str, ...]:
    """Under what a try counts that names nobody: `passkey`, `code`."""
    return (f"{kind}:{f'device:{device[:16]}' if device else 'here' if at.here else at.address}",)


def wait(tries: Tries | None, now: int) -> int:
    """For how long (µs) no other is taken. A clock that was set back does not prolong it."""
    if tries is None or now < tries.last:
        return 0
    return max(0, tries.until - now)


def counted(tries: Tries | None, key: str, now: int) -> Tries:
    """One more wrong try."""
    lately = tries is not None and 0 <= now - tries.last < FORGET
    many = (tries.count if tries is not None and lately else 0) + 1
    free = FREE_OF_ADDRESS if key.startswith(ADDRESSES) else FREE
    over = many - free - 1
    delay = min(LONGEST, FIRST << min(over, 10)) if over >= 0 else 0
    return Tries(key, many, now, now + delay)


class Admission(msgspec.Struct, frozen=True):
    """Whether a try is taken."""

    wait: int = 0
    """µs; 0: it is taken."""
    locked: bool = False
    """If it is wrong, this is the one with which tries begin to be apart."""


def admit(book: UserBook, under: Sequence[str], now: int) -> Admission:
    """Count a try as wrong, unless it must wait. What turns out right takes that back by `cleared`."""
    found = {key: book.one(Tries, key) for key in under}
    longest = max(wait(one, now) for one in found.values())
    if longest:
        return Admission(longest)
    new = [counted(one, key, now) for key, one in found.items()]
    book.put(*new)
    _bound(book, now)
    locked = any(one.until > now and one.count == _free(one.id) + 1 for one in new)
    return Admission(0, locked)


def cleared(book: UserBook, under: Sequence[str]) -> None:
    """A try was right: those before it are forgotten, but of an address only this one is taken back."""
    for key in under:
        if not key.startswith(ADDRESSES):
            book.drop(Tries, id=key)
        elif (one := book.one(Tries, key)) is not None:
            many = one.count - 1
            book.put(msgspec.structs.replace(one, count=many, until=one.last)) if many else book.drop(Tries, id=key)


def forgiven(book: UserBook, user: str) -> None:
    """Whatever was counted of a user goes, and of every address."""
    for start in (f"user:{user}:", *ADDRESSES, "nobody:here"):
        for one in book.tries_of(start):
            book.drop(Tries, id=one.id)
    book.drop(Tries, id=f"user:{user}")


def _free(key: str) -> int:
    return FREE_OF_ADDRESS if key.startswith(ADDRESSES) else FREE


def _bound(book: UserBook, now: int) -> None:
    book.sweep(Tries, "last", now - FORGET)
    for start in ADDRESSES:
        if (over := book.many_tries(start) - MOST_ADDRESSES) > 0:
            for one in book.tries_of(start)[:over]:
                book.drop(Tries, id=one.id)
