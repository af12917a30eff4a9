"""Which code slots of a lock are in use, as the driver and the lock tell it; of a code only a digest is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Raw

from nightlatch.ecosystems._zwavejs.messages import NULL, USER_CODE, Node, decoded
from nightlatch.secrets import Secret

Change = Literal["code_added", "code_changed", "code_removed"]
Digest = Callable[[Secret], str]

RELATED = 5_000_000
"""For how long what the driver says of a slot is taken for what the lock said of it, µs."""

_EMPTY = (0, 254)


class Codes:
    """The slots in use.

    The driver tells a change as two values (status and code), the lock as a notification; whichever
    comes first is the change, the others only complete it. `unread` outlives the connection: what
    locks told of slots that the driver has not read since, and so still remembers as they were.
    """

    def __init__(self, node: Node, digest: Digest, unread: dict[int, bool]) -> None:
        self._digest = digest
        self._unread = unread
        self._used: dict[int, str] = {}
        self._told: dict[int, int] = {}
        self.listed = USER_CODE in node.supports
        for value in node.values:
            slot = value.propertyKey
            if value.commandClass == USER_CODE and value.property == "userIdStatus" and isinstance(slot, int):
                status = value.read(int)
                if status is not None and status not in _EMPTY:
                    code = node.value(USER_CODE, "userCode", slot)
                    self._used[slot] = self._of(code.value) if code is not None else ""
        for slot, used in unread.items():
            if used:
                self._used.setdefault(slot, "")
            else:
                self._used.pop(slot, None)

    @property
    def digests(self) -> dict[int, str] | None:
        """Each slot in use with a digest of its code, empty where that is not known. None: they are not listed."""
        return dict(sorted(self._used.items())) if self.listed else None

    def status(self, slot: int, status: int, before: int | None, at: int) -> tuple[Change, str] | None:
        """The driver heard a slot's status: the change, with words for it, if it is one."""
        self._unread.pop(slot, None)
        if status in _EMPTY:
            return self._removed(slot, at)
        if slot not in self._used:
            self._used[slot] = ""
            self._told[slot] = at
            return "code_added", "disabled" if status != 1 else ""
        if before is not None and before not in _EMPTY and before != status:
            self._told[slot] = at
            return "code_changed", "enabled" if status == 1 else "disabled"
        return None

    def code(self, slot: int, code: Raw, at: int) -> tuple[Change, str] | None:
        """The driver heard the code of a slot; an empty one says nothing, its status does."""
        digest = self._of(code)
        if not digest or slot not in self._used:
            return None
        before, self._used[slot] = self._used[slot], digest
        if digest == before or not before or self._is_told(slot, at):
            return None
        self._told[slot] = at
        return "code_changed", ""

    def added(self, slot: int, at: int) -> tuple[Change, str] | None:
        """The lock told that a code was set in a slot."""
        if self._is_told(slot, at):
            return None
        known = slot in self._used
        self._used[slot] = ""
        self._unread[slot] = True
        self._told[slot] = at
        return "code_changed" if known else "code_added", ""

    def removed(self, slot: int, at: int) -> tuple[Change, str] | None:
        """The lock told that the code of a slot was deleted; one that nobody knew of included."""
        if slot not in self._used and self._is_told(slot, at):
            return None
        self._unread[slot] = False
        self._removed(slot, at)
        return "code_removed", ""

    def cleared(self) -> tuple[int, ...]:
        """The lock told that all its codes were deleted: the slots that were known to be in use."""
        slots = tuple(sorted(self._used))
        self._unread.update(dict.fromkeys(slots, False))
        self._used.clear()
        return slots

    def _removed(self, slot: int, at: int) -> tuple[Change, str] | None:
        if self._used.pop(slot, None) is None:
            return None
        self._told[slot] = at
        return "code_removed", ""

    def _is_told(self, slot: int, at: int) -> bool:
        return slot in self._told and at - self._told[slot] < RELATED

    def _of(self, code: Raw) -> str:
        if code == NULL or decoded(code, str) == "":
            return ""
        return self._digest(Secret(bytes(code).decode(errors="replace")))
