"""What a lock's configuration parameters mean, by the catalogue's map of its model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import msgspec

from nightlatch.catalogue import Knowledge, Parameter, Role
from nightlatch.catalogue.structs import ZwaveModel
from nightlatch.model.evidence import Claim, Grade, Ref
from nightlatch.model.lock import Lock

FIELDS = (
    Lock.wrong_code_limit,
    Lock.wrong_code_lockout_s,
    Lock.auto_relock_s,
    Lock.auto_lock_by,
    Lock.one_touch,
    Lock.operating_mode,
    Lock.tamper_alarm,
    Lock.code_length_min,
    Lock.code_length_max,
)

READ = (
    Role.WRONG_CODE_LIMIT,
    Role.WRONG_CODE_LOCKOUT,
    Role.ALARM_MODE,
    Role.AUTO_RELOCK,
    Role.AUTO_RELOCK_TIME,
    Role.ONE_TOUCH,
    Role.OPERATING_MODE,
    Role.VACATION,
    Role.CODE_LENGTH,
)
"""What is read, the most telling first. A parameter that resets the lock is not even read."""

_MODES = ("normal", "vacation", "privacy", "passage")


class Reading(msgspec.Struct, frozen=True):
    """The value of a parameter, or of its bits. `grade` and `at` are None for a live one."""

    parameter: Parameter
    value: int
    where: str
    grade: Grade | None = None
    at: datetime | None = None

    @property
    def option(self) -> str:
        """The name of this value, in the definition's words."""
        return self.parameter.options.get(str(self.value), "")

    @property
    def is_switch(self) -> bool:
        """Its values are off and on; otherwise they count something, 0 meaning never."""
        return "0" in self.parameter.options and len(self.parameter.options) > 1


def to_read(model: Knowledge | None) -> tuple[Parameter, ...]:
    """The parameters of this model that are worth a message, in the order of READ."""
    if model is None or not isinstance(model.entry, ZwaveModel):
        return ()
    first: dict[Role, Parameter] = {}
    for parameter in model.entry.parameters:
        first.setdefault(parameter.role, parameter)
    return tuple(first[role] for role in READ if role in first)


def part(parameter: Parameter, whole: int, size: int) -> int:
    """The bits of a parameter that this role means, of a value of `size` bytes that may come signed."""
    unsigned = whole if whole >= 0 else whole % (1 << (8 * size))
    if parameter.bits is None:
        return unsigned
    lowest = (parameter.bits & -parameter.bits).bit_length() - 1
    return (unsigned & parameter.bits) >> lowest


def claims(lock: Ref, readings: Mapping[Role, Reading]) -> Iterator[Claim]:
    """What the readings say of the lock's settings."""
    for role, meaning in _MEANINGS.items():
        if role in readings:
            reading = readings[role]
            for claim in meaning(lock, reading):
                yield _marked(claim, reading)
    yield from _auto_relock(lock, readings.get(Role.AUTO_RELOCK), readings.get(Role.AUTO_RELOCK_TIME))


def _marked(claim: Claim, *readings: Reading) -> Claim:
    """The claim with the place of its readings; as weak as the weakest of them."""
    where = " and ".join(reading.where for reading in readings)
    weak = next((reading for reading in readings if reading.grade is not None), readings[0])
    return msgspec.structs.replace(claim, where=where, grade=weak.grade, at=weak.at)


def _auto_relock(lock: Ref, switch: Reading | None, seconds: Reading | None) -> Iterator[Claim]:
    if switch is not None and switch.value == 0:
        yield _marked(Lock.auto_relock_s.claim(lock, 0), switch)
        return
    if switch is not None:
        yield _marked(Lock.auto_lock_by.claim(lock, "lock"), switch)
        if not switch.is_switch:
            yield _marked(Lock.auto_relock_s.claim(lock, switch.value), switch)
        elif seconds is not None:
            yield _marked(Lock.auto_relock_s.claim(lock, seconds.value), switch, seconds)
    elif seconds is not None and seconds.value > 0:
        # A model without a switch: the time alone says that it locks itself.
        yield _marked(Lock.auto_lock_by.claim(lock, "lock"), seconds)
        yield _marked(Lock.auto_relock_s.claim(lock, seconds.value), seconds)


def _wrong_code_limit(lock: Ref, reading: Reading) -> Iterator[Claim]:
    yield Lock.wrong_code_limit.claim(lock, reading.value)


def _wrong_code_lockout(lock: Ref, reading: Reading) -> Iterator[Claim]:
    yield Lock.wrong_code_lockout_s.claim(lock, reading.value)


def _one_touch(lock: Ref, reading: Reading) -> Iterator[Claim]:
    yield Lock.one_touch.claim(lock, reading.value != 0)


def _alarm_mode(lock: Ref, reading: Reading) -> Iterator[Claim]:
    # One alarm, of a kind: an alarm set to another kind does not tell of tampering.
    if reading.option:
        yield Lock.tamper_alarm.claim(lock, "tamper" in reading.option.casefold())


def _operating_mode(lock: Ref, reading: Reading) -> Iterator[Claim]:
    mode = reading.option.casefold().partition(" ")[0]
    if mode in _MODES:
        yield Lock.operating_mode.claim(lock, mode)


def _vacation(lock: Ref, reading: Reading) -> Iterator[Claim]:
    yield Lock.operating_mode.claim(lock, "vacation" if reading.value else "normal")


def _code_length(lock: Ref, reading: Reading) -> Iterator[Claim]:
    # Every code on such a lock has the one length that is set.
    if reading.value > 0:
        yield Lock.code_length_min.claim(lock, reading.value)
        yield Lock.code_length_max.claim(lock, reading.value)


_MEANINGS: dict[Role, Callable[[Ref, Reading], Iterator[Claim]]] = {
    Role.WRONG_CODE_LIMIT: _wrong_code_limit,
    Role.WRONG_CODE_LOCKOUT: _wrong_code_lockout,
    Role.ALARM_MODE: _alarm_mode,
    Role.ONE_TOUCH: _one_touch,
    Role.OPERATING_MODE: _operating_mode,
    Role.VACATION: _vacation,
    Role.CODE_LENGTH: _code_length,
}
