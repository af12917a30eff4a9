"""What Nightlatch asks of a lock, and how that can end."""

from __future__ import annotations

from typing import Literal

import msgspec

from nightlatch.model.evidence import Ref


class LockDoor(msgspec.Struct, frozen=True, tag="lock"):
    """Throw the bolt."""

    about: Ref


class UnlockDoor(msgspec.Struct, frozen=True, tag="unlock"):
    """Retract the bolt."""

    about: Ref


class SetParameter(msgspec.Struct, frozen=True, tag="set_parameter"):
    """Set one of the lock's own settings: `name` is a field of `Lock` (auto_relock_s, wrong_code_limit, …)."""

    about: Ref
    name: str
    value: int


Command = LockDoor | UnlockDoor | SetParameter


class Outcome(msgspec.Struct, frozen=True):
    """How a command ended. An acknowledgement alone is `unknown`: acknowledged is not done.

    `evidence`: the lock reported the wanted state after the command. `refused`: the lock or hub said
    no, or reported another state (a jam). `unknown`: nothing was read back in time.
    """

    ending: Literal["evidence", "refused", "unknown"]
    what: str
    """In words: "bolt thrown", "the bolt jammed", "no answer within 10 s"."""
    where: str = ""
    """The place of the evidence: "node 3, Door Lock boltStatus"."""
    at: int = 0
    """When the evidence was heard, µs since 1970."""
