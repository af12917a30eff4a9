"""Codes of a lock that keeps users with credentials (User Credential), by the hub's `access_control` commands.

A slot is the PIN of that number; its user has the same number when it is made here. Credentials of other types are
listed under numbers of their own (`number_of`), so that a tag in slot 1 is not taken for the PIN in slot 1.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from nightlatch.ecosystems._zwavejs.asker import Unheard
from nightlatch.ecosystems._zwavejs.happenings import Told
from nightlatch.ecosystems._zwavejs.messages import NULL, USER_CREDENTIAL, Supported, decoded
from nightlatch.ecosystems._zwavejs.slots import ADMIN_SLOT, LONGEST, SHORTEST, admin_slot, pin, unfit
from nightlatch.ecosystems._zwavejs.work import Refusal, Work, no_such_slot
from nightlatch.model.command import ClearCode, Form, Outcome, Rules, SetCode, Slot
from nightlatch.model.event import Kind

PIN = 1
_LAST = 65_535
APART = 100_000
"""A credential of another type has its type times this added to its number: tag 2 is 300002."""

_FORMS: dict[int, Form] = {
    PIN: "pin",
    3: "tag",
    4: "app",
    5: "tag",
    6: "app",
    8: "face",
    9: "fingerprint",
    12: "tag",
}
"""Types of credentials: PIN, RFID, Bluetooth, NFC, ultra wideband, face, finger, DESFire; others are `other`."""

_OK, _OCCUPIED, _EMPTY, _DUPLICATE, _RULES, _DUPLICATE_ADMIN, _UNKNOWN = 0, 1, 2, 3, 4, 5, 255
"""Results of `add_user` and `set_credential`; the last also when the lock's report did not come."""
_GENERAL = 0
_BY_RADIO, _AT_THE_LOCK = 2, 3
"""Who changed a credential last: a controller, somebody at the lock."""


class Credential(Struct, frozen=True):
    """A credential as the lock reports it; `userId` 0: there is none."""

    userId: int = 0
    type: int = 0
    slot: int = 0
    data: Raw = NULL


class Found(Struct, frozen=True):
    """The result of `get_credential`; nothing when the lock did not answer."""

    credential: Credential | None = None


class FoundAll(Struct, frozen=True):
    """The result of `get_all_credentials` and `get_credentials`; it may be cut short where the lock fell silent."""

    credentials: tuple[Credential, ...] = ()


class User(Struct, frozen=True):
    """A user as the lock reports it."""

    userId: int = 0
    active: bool = False
    userType: int = _GENERAL
    userName: str = ""


class FoundUser(Struct, frozen=True):
    """The result of `get_user`."""

    user: User | None = None


class Capability(Struct, frozen=True):
    """What a lock keeps of one type."""

    numberOfCredentialSlots: int = 0
    minCredentialLength: int = SHORTEST
    maxCredentialLength: int = LONGEST


class CredentialCapabilities(Struct, frozen=True):
    """What a lock keeps, as it told when it joined."""

    supportedCredentialTypes: dict[str, Capability] = {}
    supportsAdminCode: bool = False

    @property
    def pins(self) -> Capability:
        """Its PINs; none where it takes none."""
        return self.supportedCredentialTypes.get(str(PIN), Capability())


class Keeps(Struct, frozen=True):
    """The result of `get_credential_capabilities_cached`."""

    capabilities: CredentialCapabilities = CredentialCapabilities()


class Result(Struct, frozen=True):
    """The result of a change: a number, or by `add_user` one of the user and one of its credential."""

    result: Raw = NULL

    def number(self) -> int:
        """How the change ended."""
        both = decoded(self.result, dict[str, int])
        return both.get("user", _UNKNOWN) if both is not None else decoded(self.result, int) or _OK


def number_of(type_: int, slot: int) -> int:
    """The slot that a credential is listed as."""
    return slot if type_ == PIN else type_ * APART + slot


class _Changed(Struct, frozen=True):
    userId: int = 0
    credentialType: int = PIN
    credentialSlot: int = 0


class _Event(Struct, frozen=True):
    args: _Changed = _Changed()


class _Message(Struct, frozen=True):
    event: _Event = _Event()


_CHANGES: dict[str, Kind] = {
    "credential added": "code_added",
    "credential modified": "code_changed",
    "credential deleted": "code_removed",
    "user deleted": "code_removed",
}


def change(told: Told) -> tuple[Kind, int, str] | None:
    """What a lock of users and credentials tells of a change: its kind, the slot, and words for it."""
    kind = _CHANGES.get(told.happening.event)
    if kind is None:
        return None
    try:
        args = msgspec.json.decode(told.text, type=_Message).event.args
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    if told.happening.event == "user deleted":
        return kind, max(0, args.userId), "the user was deleted"
    form = _FORMS.get(args.credentialType, "other")
    slot = max(0, number_of(args.credentialType, args.credentialSlot))
    return kind, slot, "" if form == "pin" else f"a credential of another form: {form}"


class Credentials(Work):
    """One command at a lock of users and credentials. Each of its `access` calls sends one message to the lock."""

    # Reading

    async def _keeps_to(self) -> Outcome:
        keeps = await self._keeps()
        pins = keeps.pins
        if keeps.supportsAdminCode:
            await self._look_at(ADMIN_SLOT)
        listed: FoundAll = await self._asker.access("get_all_credentials", FoundAll)
        self._asker.sent += max(0, len(listed.credentials) - 1)
        for one in listed.credentials:
            self._read[number_of(one.type, one.slot)] = await self._slot(one, User(one.userId, active=True))
        self._rules = Rules(
            max(0, min(pins.numberOfCredentialSlots, _LAST)),
            shortest=pins.minCredentialLength,
            longest=pins.maxCredentialLength,
            gives_codes=self._habits.gives is not False,
            reports_changes=True,
            reports_use=True,
            master=keeps.supportsAdminCode,
        )
        return Outcome("evidence", f"it has {pins.numberOfCredentialSlots} slots", "code slots", self._clock())

    async def _keeps(self) -> CredentialCapabilities:
        found = await self._asker.hub("endpoint.access_control.get_credential_capabilities_cached", Keeps)
        if found is None:
            what = "the hub does not tell what the lock keeps; it may be too old for this lock"
            raise Refusal(Outcome("refused", what, why="unsupported"))
        return found.capabilities

    async def _look_at(self, slot: int) -> Slot:
        type_, place = divmod(slot, APART) if slot >= APART else (PIN, slot)
        if slot == ADMIN_SLOT:
            answer: dict[str, Raw] = await self._asker.access("get_admin_code", dict[str, Raw])
            found = admin_slot(answer.get("code", NULL))
            if found is None:
                raise Unheard("the lock did not answer")
        elif slot < 0 or place == 0 or place > (await self._room(type_)):
            found = Slot(slot, "unknown", "none")
        else:
            credential = await self._credential(type_, place)
            user = User()
            if credential.userId:
                user = await self._user(credential.userId)
            found = replace(await self._slot(credential, user), slot=slot)
        self._read[slot] = found
        return found

    async def _room(self, type_: int) -> int:
        types = (await self._keeps()).supportedCredentialTypes
        return types.get(str(type_), Capability()).numberOfCredentialSlots

    async def _credential(self, type_: int, place: int) -> Credential:
        found: Found = await self._asker.access("get_credential", Found, credentialType=type_, credentialSlot=place)
        if found.credential is None:
            raise Unheard("the lock did not answer")
        return found.credential

    async def _user(self, number: int) -> User:
        found: FoundUser = await self._asker.access("get_user", FoundUser, userId=number)
        if found.user is None:
            raise Unheard("the lock did not answer")
        return found.user

    async def _slot(self, credential: Credential, user: User) -> Slot:
        number, form = number_of(credential.type, credential.slot), _FORMS.get(credential.type, "other")
        if not credential.userId:
            return Slot(number, "empty", "value", form=form)
        code = pin(credential.data) if form == "pin" else None
        if form == "pin":
            self._habits.gives = code is not None
        creator, foreign = await self._creator(credential)
        return Slot(
            number,
            "used" if user.active else "disabled",
            "value" if code is not None else "presence",
            code,
            form=form,
            name=user.userName[:100],
            creator=creator,
            foreign=foreign,
        )

    async def _creator(self, credential: Credential) -> tuple[str, bool | None]:
        """Who wrote it last, which the lock told together with it."""
        kind, node = [await self._told(credential, name) for name in ("ModifierType", "ModifierNodeId")]
        if kind == _AT_THE_LOCK:
            return "somebody at the lock", True
        if kind == _BY_RADIO and node is not None:
            ours = node == self._habits.own_node
            return ("this hub", False) if ours else (f"controller {node}", True)
        return "", None

    async def _told(self, credential: Credential, name: str) -> int | None:
        value_id = {
            "commandClass": USER_CREDENTIAL,
            "endpoint": 0,
            "property": f"credential{name}",
            "propertyKey": (credential.type << 16) + credential.slot,
        }
        found = await self._asker.hub("node.get_value", Supported, valueId=value_id)
        return found.value if found is not None else None

    # Writing

    async def _set(self, command: SetCode) -> Outcome:
        slot = command.slot
        if command.limits:
            what = "this hub cannot set schedules of locks with users and credentials"
            raise Refusal(Outcome("refused", what, why="limits"))
        pins = (await self._keeps()).pins
        if not 0 < slot <= pins.numberOfCredentialSlots:
            raise Refusal(no_such_slot(slot))
        why = unfit(command.code, pins.minCredentialLength, pins.maxCredentialLength)
        if why:
            raise Refusal(Outcome("refused", why, why="invalid"))
        self._heard.begin()
        credential = await self._credential(PIN, slot)
        if credential.userId and pin(credential.data) is None:
            # It hides its codes: only an empty slot that is then in use shows that this one was stored.
            await self._emptied(slot)
            credential = Credential()
        user, made = credential.userId, False
        if not user:
            self._was_empty.add(slot)
            user, made = slot, await self._add_user(slot)
        result = await self._change(
            "set_credential",
            userId=user,
            credentialType=PIN,
            credentialSlot=slot,
            data=command.code.reveal(),
        )

        def fits(now: Slot) -> bool:
            return now.status == "used" and (now.code == command.code if now.code else slot in self._was_empty)

        if not await self._looks(slot, fits, failed=result not in (_OK, _UNKNOWN)):
            outcome = self._refused(slot, result)
            if made and self._read[slot].status == "empty":
                await self._change("delete_user", userId=user)
            raise Refusal(outcome)
        return self._proven(slot)

    async def _add_user(self, number: int) -> bool:
        """A user of this number that may open. Whether it is new."""
        result = await self._change("add_user", userId=number, options={"active": True, "userType": _GENERAL})
        if result != _OCCUPIED:
            return result == _OK
        if await self._all_of(number):
            what = f"user {number} of the lock has other credentials, and no PIN in slot {number}"
            raise Refusal(Outcome("refused", what, f"user {number}", why="slot"))
        await self._change("set_user", userId=number, options={"active": True, "userType": _GENERAL})
        return False

    async def _clear(self, command: ClearCode) -> Outcome:
        slot = command.slot
        if slot == ADMIN_SLOT:
            raise Refusal(Outcome("refused", "the administrator's code is never written", why="slot"))
        type_, place = divmod(slot, APART) if slot >= APART else (PIN, slot)
        if slot < 0 or place == 0 or place > await self._room(type_):
            raise Refusal(no_such_slot(slot))
        await self._emptied(slot)
        return self._proven(slot)

    async def _emptied(self, slot: int) -> None:
        """The credential is gone, and with a PIN the user that was made for it and has nothing else."""
        type_, place = divmod(slot, APART) if slot >= APART else (PIN, slot)
        self._heard.begin()
        held = await self._credential(type_, place)
        result = _OK
        if held.userId and (type_ != PIN or held.userId != place or not await self._alone(place)):
            result = await self._change(
                "delete_credential", userId=held.userId, credentialType=type_, credentialSlot=place
            )
        elif held.userId:
            result = await self._change("delete_user", userId=place)
        if not await self._looks(slot, lambda now: now.status == "empty", failed=result not in (_OK, _UNKNOWN)):
            raise Refusal(self._refused(slot, result))
        self._was_empty.add(slot)

    async def _alone(self, number: int) -> bool:
        """Whether a user has the PIN of this number and nothing else: with the user, a tag of theirs would go too."""
        held = await self._all_of(number)
        return [(one.type, one.slot) for one in held] == [(PIN, number)]

    async def _all_of(self, user: int) -> tuple[Credential, ...]:
        found: FoundAll = await self._asker.access("get_credentials", FoundAll, userId=user)
        self._asker.sent += max(0, len(found.credentials) - 1)
        return found.credentials

    async def _change(self, command: str, **arguments: Any) -> int:
        answer: Result = await self._asker.access(command, Result, **arguments)
        return answer.number()

    def _refused(self, slot: int, result: int) -> Outcome:
        whys: dict[int, tuple[str, Literal["duplicate", "invalid"]]] = {
            _DUPLICATE: ("the lock has this code already", "duplicate"),
            _DUPLICATE_ADMIN: ("the lock has this code already, as its administrator's", "duplicate"),
            _RULES: ("the lock's own rules do not allow this code", "invalid"),
        }
        if result in whys:
            what, why = whys[result]
            return Outcome("refused", what, f"code slot {slot}", why=why)
        return self._why(slot, failed=result not in (_OK, _UNKNOWN))
