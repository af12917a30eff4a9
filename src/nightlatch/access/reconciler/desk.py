"""What the keepers of a home share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING

import msgspec

from nightlatch.access import ledger
from nightlatch.access.reconciler.chooser import Step
from nightlatch.access.reconciler.owner import Owner
from nightlatch.access.reconciler.settings import Limits
from nightlatch.model.access import Entry
from nightlatch.model.command import Command, Outcome
from nightlatch.model.event import Event
from nightlatch.secrets import Secret

if TYPE_CHECKING:
    from nightlatch.access.wanting import Blocked, Want


class Desk(msgspec.Struct, frozen=True):
    """What every keeper of a home shares."""

    wants: Callable[[str], Mapping[str, Want]]
    blocked: Callable[[str], Mapping[str, Blocked]]
    learn: Callable[[str, Outcome], None]
    pin: Callable[[str], Secret]
    mark: Callable[[Secret], str]
    put: Callable[[Sequence[Entry], Sequence[ledger.Key]], Awaitable[None]]
    command: Callable[[Command], Awaitable[Outcome]]
    clock: Callable[[], int]
    monotonic: Callable[[], float]
    tell: Callable[[Sequence[Event]], Awaitable[None]]
    chance: Random
    limits: Limits
    zone: Callable[[], str]
    done: Callable[[Step, Outcome], None]
    owner: Owner
    may: Callable[[Step], bool]
