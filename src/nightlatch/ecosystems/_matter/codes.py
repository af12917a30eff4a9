"""The codes on a Matter lock, asked of the lock itself. A slot is a user; a PIN of it is never told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from nightlatch.ecosystems._matter import lock as _lock
from nightlatch.ecosystems._matter.attributes import Attributes
from nightlatch.ecosystems._matter.schedules import UNRESTRICTED, clock_is_off
from nightlatch.ecosystems._matter.server import DOOR_LOCK
from nightlatch.ecosystems._matter.users import DISABLED, ENABLED, MOST, NO_ACCESS, User
from nightlatch.ecosystems._matter.watch import Watch
from nightlatch.errors import ReadError
from nightlatch.model.command import Form, Limit, Rules, Slot

if TYPE_CHECKING:
    from nightlatch.ecosystems._matter.link import MatterLink

PIN = 1
"""CredentialType."""
ASK_S = 10.0
"""How long the server may take for one answer of the lock."""
_TIMED_MS = 10_000
_USERS, _PINS, _WEEK_DAYS, _YEAR_DAYS, _LONGEST, _SHORTEST = 17, 18, 20, 21, 23, 24
"""NumberOfTotalUsersSupported and so on, of the Door Lock cluster."""
_UTC_TIME, _LOCAL_TIME = "0/56/0", "0/56/7"
"""Of the Time Synchronization cluster; none while the lock does not know the time."""
CLOCK_S = 120
"""How far off a lock's clock may be that keeps codes to their times."""
_RULES = (_USERS, _PINS, _WEEK_DAYS, _YEAR_DAYS, _LONGEST, _SHORTEST, 65532)
_LAST = 0xFFFD
"""The last user that a command can name: 0xFFFE stands for all of them in the one that takes them off."""
_MOST_SCHEDULES = 20
"""Schedules of one user that are used, of a lock that takes more."""
_FIRST: tuple[Form, ...] = ("master", "pin", "tag", "fingerprint", "face", "app", "other")
"""What a user with several credentials is listed as: the first of these that it has."""


class Credential(msgspec.Struct, frozen=True, rename="camel"):
    """GetCredentialStatusResponse."""

    credential_exists: bool
    user_index: int | None = None
    next_credential_index: int | None = None


class Talk:
    """What is asked of one lock for one command. `sent` counts the messages to the lock."""

    def __init__(self, link: MatterLink, watch: Watch) -> None:
        self._link = link
        self.watch = watch
        self.sent = 0

    async def ask(self, answer: Any, command: str, **payload: Any) -> Any:
        """The lock's answer to a command of the Door Lock cluster; Refused, Silent or ReadError when there is none."""
        self.sent += 1
        args = {
            "node_id": self.watch.node_id,
            "endpoint_id": self.watch.endpoint,
            "cluster_id": DOOR_LOCK,
            "command_name": command,
            "payload": payload,
            "timed_request_timeout_ms": _TIMED_MS,
        }
        return await self._link.ask(answer, "device_command", args, ASK_S)

    async def user(self, index: int) -> User:
        """One user; one without a status is an empty slot."""
        found: User = await self.ask(User, "GetUser", userIndex=index)
        return found

    async def pin(self, index: int) -> Credential:
        """One PIN of the lock, by the number that the lock counts PINs by."""
        asked = {"credentialType": PIN, "credentialIndex": index}
        found: Credential = await self.ask(Credential, "GetCredentialStatus", credential=asked)
        return found

    async def users(self) -> dict[int, User]:
        """Every user that there is. ReadError when the lock's list makes no sense."""
        found: dict[int, User] = {}
        index: int | None = 1
        while index is not None:
            if len(found) == MOST:
                raise ReadError(f"the lock lists more than {MOST} users")
            found[index] = user = await self.user(index)
            following = user.next_user_index
            if following is not None and following <= index:
                raise ReadError(f"the lock lists user {following} after user {index}")
            index = following
        return {index: user for index, user in found.items() if occupied(user)}

    async def attributes(self) -> Attributes:
        """What says which codes the lock takes, and who its controllers are, read from it now."""
        paths = [self.watch.path(number) for number in _RULES if self.watch.has(number)]
        return await self._attributes([*paths, *self._times()])

    async def controllers(self) -> Attributes:
        """Who its controllers are, read from it now."""
        return await self._attributes([])

    async def clock(self) -> Attributes | None:
        """What time it is by its clock; None when it has no clock that it tells of."""
        return await self._attributes(times) if (times := self._times()) else None

    def _times(self) -> list[str]:
        return [path for path in (_UTC_TIME, _LOCAL_TIME) if path in self.watch.attributes.values]

    async def _attributes(self, paths: list[str]) -> Attributes:
        self.sent += 1
        values, _ = await self._link.read(self.watch, [*paths, *_lock.FABRICS])
        if not values:
            raise ReadError("the lock did not answer when asked for its attributes")
        return Attributes({**self.watch.attributes.values, **values}, frozenset(), None)


def wrong_time(attributes: Attributes, now: int, zone: str = "") -> str:
    """What is wrong with the time that the lock itself tells, in words; nothing when it is right, or not told.

    Without a `zone` its local time is not looked at.
    """
    if _UTC_TIME not in attributes.values:
        return ""
    utc, local = attributes.number(_UTC_TIME), attributes.number(_LOCAL_TIME)
    if utc is None:
        return "the lock does not know the time"
    if abs(off := clock_is_off(utc, now, "UTC")) > CLOCK_S:
        return f"the lock's clock is {abs(off)} s {'fast' if off > 0 else 'slow'}"
    if zone and local is not None and abs(off := clock_is_off(local, now, zone)) > CLOCK_S:
        return f"the lock's local time is {abs(off)} s {'ahead of' if off > 0 else 'behind'} the time at home"
    return ""


def rules(attributes: Attributes, endpoint: int, *, master: bool = False, timely: bool = True) -> Rules | None:
    """What the lock keeps to about codes; None when it has no users with PINs. One not `timely` keeps no times."""
    bits = _lock.features(attributes, endpoint)
    if bits is None or not (bits & _lock.USERS and bits & _lock.PIN):
        return None

    def number(of: int) -> int | None:
        return attributes.number(f"{endpoint}/{DOOR_LOCK}/{of}")

    return Rules(
        slots=min(number(_USERS) or 0, _LAST),
        shortest=number(_SHORTEST),
        longest=number(_LONGEST),
        reports_changes=True,
        reports_use=True,
        year_days=min(number(_YEAR_DAYS) or 0, _MOST_SCHEDULES) if timely and bits & _lock.YEAR_DAYS else 0,
        week_days=min(number(_WEEK_DAYS) or 0, _MOST_SCHEDULES) if timely and bits & _lock.WEEK_DAYS else 0,
        days_together=True,
        master=master,
        reads_each=False,
    )


def pins(attributes: Attributes, endpoint: int) -> int:
    """How many PINs the lock holds."""
    return attributes.number(f"{endpoint}/{DOOR_LOCK}/{_PINS}") or 0


def occupied(user: User) -> bool:
    """Whether somebody is in this slot."""
    return bool(user.user_status)


def hands(user: User) -> set[int]:
    """The fabrics that a user was made and changed by."""
    return {one for one in (user.creator_fabric_index, user.last_modified_fabric_index) if one}


def slot(
    index: int, user: User, own: int | None, fabrics: Mapping[int, str], limits: tuple[Limit, ...] | None = None
) -> Slot:
    """A user as a slot. `own` is the server's own fabric; `limits`: those that were read, where they were."""
    if not occupied(user) or (not user.credentials and user.creator_fabric_index == own is not None):
        # Also a user whom this server made and whose PIN never came to the lock: it is made anew.
        return Slot(index, "empty", "value", limits=())
    forms = {held.form for held in user.credentials or ()}
    if user.user_type == UNRESTRICTED and limits is None:
        limits = ()
    return Slot(
        index,
        _status(user),
        "presence",
        form=next((form for form in _FIRST if form in forms), "other"),
        name=(user.user_name or "")[:64],
        creator=_creator(user, fabrics),
        foreign=foreign(user, own),
        limits=limits,
    )


def is_master(user: User) -> bool:
    """Whether this user can change the others at the lock."""
    return any(held.form == "master" for held in user.credentials or ())


def _status(user: User) -> Any:
    if not user.credentials or user.user_status == DISABLED or user.user_type == NO_ACCESS:
        return "disabled"  # nothing of it opens the door
    return "used" if user.user_status == ENABLED else "unknown"


def foreign(user: User, own: int | None) -> bool | None:
    """Whether another than this server put a user there; None: it is not known which fabric is the server's."""
    # One without a creator was put there at the lock itself: that is not this server either.
    return None if own is None else user.creator_fabric_index != own


def _creator(user: User, fabrics: Mapping[int, str]) -> str:
    def called(fabric: int | None) -> str:
        if not fabric:
            # The specification sets none at the keypad, and 0 when the fabric has left.
            return "the lock's own keypad, or a controller that is no longer paired"
        return fabrics.get(fabric, f"fabric {fabric}")

    made, changed = user.creator_fabric_index, user.last_modified_fabric_index
    return called(made) if changed in (None, made) else f"{called(made)}, last changed by {called(changed)}"
