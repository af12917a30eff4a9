"""The users of a Matter lock and what each opens it with, asked of the lock itself. A PIN is never told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec

from nightlatch.ecosystems._matter.server import Refused, Server
from nightlatch.ecosystems._websocket import Silent
from nightlatch.errors import ReadError
from nightlatch.model.command import Form
from nightlatch.model.evidence import Claim, Item, Ref
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.plugs import Plug
from nightlatch.text import count

FIELDS = (
    *(Credential.name, Credential.lock, Credential.slot, Credential.form, Credential.enabled),
    *(Credential.scheduled, Credential.created_by, Credential.foreign_creator, Lock.codes_read),
)

_OF_A_PIN = (Credential.default, Credential.weaknesses, Credential.length, Credential.fingerprint)

SECONDS = 60.0
"""How long reading the users of one lock may take."""
MOST = 1000
"""Users that are read of one lock."""

_FORMS: tuple[Form, ...] = ("master", "pin", "tag", "fingerprint", "other", "face", "app", "app", "app")
"""By CredentialType: programming PIN, PIN, RFID, fingerprint, finger vein, face, three kinds of Aliro key."""
ENABLED, DISABLED = 1, 3
"""UserStatus; 0, or none, is an empty slot."""
SCHEDULED = (1, 2, 8)
"""UserTypes that open at set times only: year-day, week-day, any schedule."""
NO_ACCESS = 4


class Held(msgspec.Struct, frozen=True, rename="camel"):
    """One credential of a user."""

    credential_type: int
    credential_index: int

    @property
    def form(self) -> Form:
        """What it is."""
        return _FORMS[self.credential_type] if 0 <= self.credential_type < len(_FORMS) else "other"


class User(msgspec.Struct, frozen=True, rename="camel"):
    """GetUserResponse; an empty slot has no status."""

    user_name: str | None = None
    user_status: int | None = None
    user_type: int | None = None
    credentials: list[Held] | None = None
    creator_fabric_index: int | None = None
    last_modified_fabric_index: int | None = None
    next_user_index: int | None = None


class Users(msgspec.Struct, frozen=True):
    """Whom to ask, and how to call what is found: `name` is the lock's local id."""

    plug: Plug
    server: Server
    node_id: int
    endpoint: int
    name: str
    own_fabric: int | None
    fabrics: dict[int, str]

    @property
    def lock(self) -> Ref:
        """The lock whose users they are."""
        return self.plug.ref(Lock, self.name)

    async def items(self) -> list[Item]:
        """The credentials of every user, and whether all were read: a lock that stops answering is not an error."""
        users: dict[int, User] = {}
        try:
            async with asyncio.timeout(SECONDS):
                stopped = await self._read(users)
        except (TimeoutError, ReadError, Refused, Silent):
            stopped = f"GetUser stopped after {count(len(users), 'answer')}"
        found = [item for index, user in users.items() for item in self._items(index, user)]
        where = stopped or f"GetUser, {count(len(users), 'answer')} to the last user"
        return [*found, Lock.codes_read.claim(self.lock, not stopped, where=where)]

    async def _read(self, users: dict[int, User]) -> str:
        """Fill `users` from the first to the last; why not to the last, or nothing."""
        index: int | None = 1
        while index is not None:
            if len(users) == MOST:
                return f"GetUser: more than {MOST} users"
            ask = {"userIndex": index}
            user: User = await self.server.ask_lock(User, self.node_id, self.endpoint, "GetUser", ask)
            users[index] = user
            following = user.next_user_index
            if following is not None and following <= index:
                return f"GetUser {index}: the next user is {following}, which was asked already"
            index = following
        return ""

    def _items(self, index: int, user: User) -> Iterator[Item]:
        for slot in user.credentials or ():
            yield from self._credential(index, user, slot)

    def _credential(self, index: int, user: User, slot: Held) -> Iterator[Item]:
        kind = slot.credential_type
        form = slot.form
        # Counted per kind: number 1 of the tags is not number 1 of the PINs. What the lock tells of, who came in as
        # well as what was changed, is about users: their number is the slot.
        credential = self.plug.ref(Credential, f"{self.name}/{kind}-{slot.credential_index}")
        where = f"GetUser {index}"
        yield Credential.lock.claim(credential, self.lock, where=where)
        yield Credential.slot.claim(credential, index, where=where)
        yield Credential.form.claim(credential, form, where=f"{where} (credentialType {kind})")
        if user.user_name:
            yield Credential.name.claim(credential, user.user_name[:64], where=f"{where} (userName)")
        if user.user_status is not None:
            enabled = user.user_status == ENABLED and user.user_type != NO_ACCESS
            yield Credential.enabled.claim(credential, enabled, where=f"{where} (userStatus, userType)")
        if user.user_type is not None:
            scheduled = user.user_type in SCHEDULED
            yield Credential.scheduled.claim(credential, scheduled, where=f"{where} (userType {user.user_type})")
        if form in ("pin", "master"):
            yield self.plug.gap(
                *_OF_A_PIN,
                reason="a Matter lock tells nobody its PINs",
                settle="a new PIN of your own choice: six digits or more, no date, no pattern",
                about=credential,
            )
        yield from self._creator(credential, user.creator_fabric_index, f"{where} (creatorFabricIndex)")

    def _creator(self, credential: Ref, creator: int | None, where: str) -> Iterator[Claim]:
        if creator is None:
            # The specification clears the index when the fabric leaves, and sets none at the keypad.
            made = "the lock's own keypad, or a controller that is no longer paired"
            yield Credential.created_by.claim(credential, made, where=where)
            return
        yield Credential.created_by.claim(credential, self.fabrics.get(creator, f"fabric {creator}"), where=where)
        if self.own_fabric is not None:
            yield Credential.foreign_creator.claim(credential, creator != self.own_fabric, where=where)
