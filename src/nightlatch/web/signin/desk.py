"""What the handlers of sign-in work with: the users, what compares passwords, and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import Cookie, State

from nightlatch.model.event import Event
from nightlatch.secrets import Secret
from nightlatch.store.users import Device, Session, User, UserBook, UserRecords
from nightlatch.text import span
from nightlatch.web.errors import Refused
from nightlatch.web.signin import limits, sessions, users
from nightlatch.web.signin.acts import act
from nightlatch.web.signin.ceremonies import Ceremonies
from nightlatch.web.signin.identify import Identifier
from nightlatch.web.signin.limits import Visitor
from nightlatch.web.signin.passwords import Passwords
from nightlatch.web.texts import _

if TYPE_CHECKING:
    from nightlatch.web.house import House

T = TypeVar("T")
SECOND = 1_000_000


class TooMany(Refused):
    """Wrong tries are apart by now."""

    status = 429

    def __init__(self, wait: int) -> None:
        super().__init__(
            _("there were too many wrong tries"),
            todo=_(
                "Try again in %(time)s. A passkey works all the same; at the machine: nightlatch users reset NAME",
                time=span(wait + SECOND - 1),
            ),
        )


class Entered(msgspec.Struct, frozen=True):
    """Somebody is signed in: who, and the cookies that their browser is given."""

    user: User
    session: Session
    cookies: tuple[Cookie, ...]
    codes: tuple[Secret, ...] = ()
    """New recovery codes, to be shown this once."""


class Desk:
    """The sign-in of one running web app."""

    def __init__(self, house: House, passwords: Passwords | None = None) -> None:
        self.house = house
        self.records = UserRecords(house.service.access.records.engine)
        self.passwords = passwords or Passwords()
        self.ceremonies = Ceremonies()
        self.identify = Identifier(self.records, house.now, house.live.end)
        house.live.still = self.identify.holds

    def now(self) -> int:
        """The time, µs since 1970."""
        return self.house.now()

    async def read(self, look: Callable[[UserBook], T]) -> T:
        """What a look at the users gives; in a thread."""

        def looked() -> T:
            with self.records.read() as book:
                return look(book)

        return await asyncio.to_thread(looked)

    async def change(self, make: Callable[[UserBook, int], T], *events: Event) -> T:
        """Have users changed in one transaction. Who is signed in is known by it at once; then `events` are told."""

        def made() -> T:
            with self.records.begin() as book:
                return make(book, self.now())

        try:
            found = await self.house.alone(made)
        finally:
            await self.identify.look()
        await self.tell(*events)
        return found

    async def tell(self, *events: Event) -> None:
        """Put into the journal what happened; it is on disk before this returns."""
        for event in events:
            await self.house.service.keep(event)

    async def none(self) -> bool:
        """Whether there is no owner yet."""
        return await self.read(users.none)

    async def setup_code(self) -> Secret | None:
        """A code by which the first owner is made, in the place of a former one; None once there is an owner."""
        if not await self.none():
            return None
        return await self.change(lambda book, now: users.setup_code(book, self.passwords, now))

    def setup_link(self, address: str, code: Secret) -> Secret:
        """Where the first owner is made. The code stands behind the #: browsers do not send that."""
        return setup_link(address, code)

    # Tries

    async def device(self, request: Request[Any, Any, Any], user: str) -> str:
        """The id of the browser that asks, where this user signed in with it before; nothing otherwise."""
        cookie = sessions.presented(request, sessions.DEVICE)
        if not cookie or not user:
            return ""
        id_ = sessions.device_id(user, cookie)
        return id_ if await self.read(lambda book: book.one(Device, id_)) is not None else ""

    async def admit(self, under: Sequence[str]) -> limits.Admission:
        """Count a try as wrong until it proves right. TooMany, where it has to wait."""
        admission = await self.change(lambda book, now: limits.admit(book, under, now))
        if admission.wait:
            raise TooMany(admission.wait)
        return admission

    async def failed(self, admission: limits.Admission, event: Event) -> None:
        """A try was wrong: it is journalled, and so is that the next ones have to wait."""
        await self.tell(event)
        if admission.locked:
            await self.tell(act(event.at, "locked-out", person=event.person, detail=event.detail, way=str(event.value)))

    # Sessions

    def entered(
        self, book: UserBook, request: Request[Any, Any, Any], user: User, now: int, codes: tuple[Secret, ...] = ()
    ) -> Entered:
        """Begin a session, within a transaction."""
        session, token = sessions.begin(book, user.id, request, visitor(request).address, now)
        device = sessions.remember(book, user.id, sessions.presented(request, sessions.DEVICE), now)
        cookies = (
            sessions.cookie(request, sessions.SESSION, token, sessions.LONGEST // 1_000_000),
            sessions.cookie(request, sessions.DEVICE, device, sessions.REMEMBERED_S),
        )
        return Entered(user, session, cookies, codes)


def visitor(request: Request[Any, Any, Any]) -> Visitor:
    """Where a request comes from."""
    return limits.visitor(request.client.host if request.client is not None else None)


def setup_link(address: str, code: Secret) -> Secret:
    """The address of the first page with the code; by the name localhost, as passkeys need one."""
    return Secret(f"{by_localhost(address)}/first-run#{code.reveal()}")


def by_localhost(address: str) -> str:
    """An address of this machine under the name localhost: passkeys are bound to names."""
    for own in ("//127.0.0.1", "//[::1]"):
        address = address.replace(own, "//localhost")
    return address.rstrip("/")


def desk(state: State) -> Desk:
    """The desk, as handlers are given it."""
    found: Desk = state["desk"]
    return found
