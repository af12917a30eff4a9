"""Who a request is from, known at once: sessions and tokens by their digests, in memory, as the database has them.

Whoever changes them, here or by a command, changes the version beside them. It is looked at each second, and
whenever something is presented that is not known: an ended session is refused a second later at most, and at
once where it was ended here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from nightlatch.store.users import Device, Session, Token, User, UserRecords
from nightlatch.web.signin import chance, sessions, tokens
from nightlatch.web.signin.sessions import FRESH, MINUTE, Connection
from nightlatch.web.signin.who import ROLES, Who

Presented = TypeVar("Presented", Session, Token)
LOOK = 1_000_000
"""How often the version is looked at, µs."""
SEEN = 5 * MINUTE
"""How exactly it is kept when something was last used."""
GRACE = 10_000_000
"""How long (µs) the former token of a session is taken, without being fresh: requests were under way with it."""


class _Known(msgspec.Struct, frozen=True):
    version: int = -1
    users: dict[str, User] = {}
    sessions: dict[str, Session] = {}
    tokens: dict[str, Token] = {}

    def ids(self) -> set[str]:
        """Of every session and token."""
        return {one.id for one in self.sessions.values()} | {one.id for one in self.tokens.values()}


class Identifier:
    """Finds out who asks."""

    def __init__(self, records: UserRecords, now: Callable[[], int], ended: Callable[[str], None]) -> None:
        """`ended` is told each session and token that is no more, by its id."""
        self._records, self._now, self._ended = records, now, ended
        self._known = _Known()
        self._looked = 0
        self._looking = asyncio.Lock()
        self._begun = 0
        """How many looks were begun."""
        self._used: dict[str, int] = {}
        """When sessions and tokens were last used, by id; what is not written yet."""
        self._former: dict[str, tuple[str, int]] = {}
        """Of tokens that were replaced a moment ago: the session, and until when they are taken."""

    async def __call__(self, connection: Connection) -> Who | None:
        """Who it is. A token goes before a cookie; one that is not good is nobody."""
        now = self._now()
        if not 0 <= now - self._looked < LOOK:
            await self.look()
        bearer = tokens.presented(connection)
        if bearer is not None:
            return await self._by_token(bearer, now)
        cookie = sessions.presented(connection, sessions.SESSION)
        return await self._by_session(cookie, now) if cookie else None

    async def holds(self, who: Who) -> bool:
        """Whether somebody is still who they were: the session or token holds, and they may what they might."""
        now = self._now()
        if not 0 <= now - self._looked < LOOK:
            await self.look()
        user = self._known.users.get(who.id)
        if user is None or user.role != who.role:
            return False
        if who.kind == "token":
            return any(one.id == who.session and now < one.ends for one in self._known.tokens.values())
        session = self.session(who.session)
        return session is not None and not sessions.over(session, now)

    async def look(self) -> None:
        """Know what the database has by now."""
        asked = self._begun
        async with self._looking:
            if self._begun > asked:
                return  # another looked meanwhile, and began after this was asked for
            self._begun += 1
            self._looked = self._now()
            version, used = self._known.version, self._used
            self._used = {}
            found = await asyncio.to_thread(self._load, version, used)
            if found is not None:
                former, self._known = self._known, found
                for id_ in former.ids() - found.ids():
                    self._ended(id_)

    def replaced(self, former: Session, now: int) -> None:
        """A session has another token: requests with the former one are under way."""
        self._former = {digest: one for digest, one in self._former.items() if one[1] > now}
        self._former[former.digest] = (former.id, now + GRACE)

    def session(self, id_: str) -> Session | None:
        """A session that is not over, by its id."""
        return next((one for one in self._known.sessions.values() if one.id == id_), None)

    async def _by_token(self, text: str, now: int) -> Who | None:
        token = await self._find(lambda known, digest: known.tokens.get(digest), text)
        if token is None or now >= token.ends:
            return None
        user = self._known.users.get(token.user)
        if user is None:
            return None
        self._use(token.id, token.used, now)
        return Who(user.id, user.name, user.role, tokens.scopes(token, user), "token", token.id, fresh=True)

    async def _by_session(self, cookie: str, now: int) -> Who | None:
        session = await self._find(lambda known, digest: known.sessions.get(digest), cookie)
        former = False
        if session is None:
            id_, until = self._former.get(chance.digest(cookie), ("", 0))
            session, former = (self.session(id_) if until > now else None), True
        if session is None or sessions.over(session, now):
            return None
        user = self._known.users.get(session.user)
        if user is None:
            return None
        self._use(session.id, session.seen, now)
        fresh = 0 < session.fresh - now <= FRESH and not former
        return Who(user.id, user.name, user.role, ROLES[user.role], "session", session.id, session.csrf, fresh)

    async def _find(self, get: Callable[[_Known, str], Presented | None], text: str) -> Presented | None:
        digest = chance.digest(text)
        found = get(self._known, digest)
        if found is None and text:
            await self.look()  # it may have been made a moment ago, by another process
            found = get(self._known, digest)
        return found

    def _use(self, id_: str, before: int, now: int) -> None:
        if now - before >= SEEN:
            self._used[id_] = now

    def _load(self, version: int, used: dict[str, int]) -> _Known | None:
        if used:
            with self._records.begin() as book:
                for id_, at in used.items():
                    book.touch(Session, id_, seen=at)
                    book.touch(Token, id_, used=at)
        with self._records.read() as book:
            present = book.version()
            if present == version and not used:
                return None
            return _Known(
                present,
                {one.id: one for one in book.every(User)},
                {one.digest: one for one in book.every(Session)},
                {one.digest: one for one in book.every(Token)},
            )


def known_device(records: UserRecords, user: str, cookie: str) -> str:
    """The id of the browser that asks, where this user signed in with it before; nothing otherwise."""
    id_ = sessions.device_id(user, cookie)
    with records.read() as book:
        return id_ if cookie and book.one(Device, id_) is not None else ""
