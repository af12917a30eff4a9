"""A Matter lock's users, PINs and schedules as the specification has them, and the link to it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

import msgspec

from nightlatch.ecosystems._matter.watch import Watch
from nightlatch.errors import ReadError
from nightlatch.secrets import Secret
from tests.unit.ecosystems.fake_matter import LOCK

NOW = 1_795_000_000_000_000
RULES = {"1/257/17": 20, "1/257/18": 10, "1/257/20": 3, "1/257/21": 2, "1/257/23": 8, "1/257/24": 4}
HAS = {**LOCK, **RULES, "1/257/65532": 0xDB1}
CLOCK = {"0/56/0": NOW - 946_684_800_000_000, "0/56/7": NOW - 946_684_800_000_000}

Break = Callable[[str, Any], Any]


class Lock:
    """A lock as the specification has it, and the link to it. `breaks` may change each answer, or raise."""

    def __init__(self, has: dict[str, Any] | None = None, breaks: Break = lambda _, answer: answer) -> None:
        self.has = HAS if has is None else has
        self.breaks = breaks
        self.users: dict[int, dict[str, Any]] = {}
        self.pins: dict[int, str] = {}
        self.schedules: dict[tuple[str, int, int], dict[str, int]] = {}
        self.said: list[str] = []
        """The commands in order."""

    def add(self, index: int, pin: int = 0, code: str = "", **said: Any) -> None:
        """A user with a PIN, or without one."""
        held = [{"credentialType": 1, "credentialIndex": pin}] if pin else []
        user = {"userStatus": 1, "userType": 0, "creatorFabricIndex": 1, "credentials": held}
        self.users[index] = {**user, **said}
        if pin:
            self.pins[pin] = code

    # The link

    async def ask(self, answer: Any, _: str, args: dict[str, Any], seconds: float) -> Any:
        name = args["command_name"]
        assert args["timed_request_timeout_ms"] > 0
        assert seconds <= 10
        self.said.append(name)
        try:
            return msgspec.convert(self.breaks(name, getattr(self, name)(**args["payload"])), answer)
        except msgspec.ValidationError:
            raise ReadError("is not what it should be") from None

    async def read(self, _: Watch, paths: list[str]) -> tuple[dict[str, Any], int]:
        self.said.append("read")
        found = self.breaks("read", {path: self.has[path] for path in paths if path in self.has})
        return found, NOW

    # Its commands

    def GetUser(self, userIndex: int) -> Any:  # as the specification spells it
        following = min((index for index in self.users if index > userIndex), default=None)
        return {**self.users.get(userIndex, {}), "nextUserIndex": following}

    def SetUser(self, userIndex: int, userType: int, **_: Any) -> None:
        assert userIndex not in self.users
        self.add(userIndex, userType=userType)

    def ClearUser(self, userIndex: int) -> None:
        for held in self.users.pop(userIndex, {"credentials": []})["credentials"]:
            self.pins.pop(held["credentialIndex"], None)
        self.schedules = {key: times for key, times in self.schedules.items() if key[1] != userIndex}

    def GetCredentialStatus(self, credential: dict[str, int]) -> Any:
        index = credential["credentialIndex"]
        owner = next((at for at, user in self.users.items() if credential in user["credentials"]), None)
        following = min((other for other in self.pins if other > index), default=None)
        return {"credentialExists": index in self.pins, "userIndex": owner, "nextCredentialIndex": following}

    def SetCredential(self, credential: dict[str, int], credentialData: str, userIndex: int, **_: Any) -> Any:
        code = b64decode(credentialData).decode()
        if code in self.pins.values():
            return {"status": 2}
        assert credential["credentialIndex"] not in self.pins
        self.pins[credential["credentialIndex"]] = code
        self.users[userIndex]["credentials"].append(credential)
        return {"status": 0}

    def _schedule(self, kind: str, userIndex: int, index: int, **times: int) -> None:
        self.schedules[kind, userIndex, index] = times

    def SetYearDaySchedule(self, userIndex: int, yearDayIndex: int, **times: int) -> None:
        self._schedule("year", userIndex, yearDayIndex, **times)

    def SetWeekDaySchedule(self, userIndex: int, weekDayIndex: int, **times: int) -> None:
        self._schedule("week", userIndex, weekDayIndex, **times)

    def _shown(self, kind: str, userIndex: int, index: int) -> Any:
        times = self.schedules.get((kind, userIndex, index))
        return {"status": 0, **times} if times else {"status": 0x8B}

    def GetYearDaySchedule(self, userIndex: int, yearDayIndex: int) -> Any:
        return self._shown("year", userIndex, yearDayIndex)

    def GetWeekDaySchedule(self, userIndex: int, weekDayIndex: int) -> Any:
        return self._shown("week", userIndex, weekDayIndex)

    # What it lets in

    def opens(self, code: Secret) -> bool:
        """Whether this code opens it at some time that nobody keeps it from."""
        pins = [index for index, one in self.pins.items() if one == code.reveal()]
        holders = [
            user for user in self.users.values() for one in user["credentials"] if one["credentialIndex"] in pins
        ]
        return any(user["userType"] == 0 for user in holders)
