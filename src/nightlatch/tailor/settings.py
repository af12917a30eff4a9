"""Which parameters of a model to set, to what and why. Never one that resets the lock."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nightlatch.catalogue import Knowledge, Parameter, Role, settable_parameters
from nightlatch.catalogue.structs import ZigbeeModel, ZwaveModel
from nightlatch.fixes.codes import DIGITS
from nightlatch.fixes.locks import LOCKOUT_SECONDS, RELOCK_SECONDS, WRONG_CODES


class Setting(msgspec.Struct, frozen=True):
    """A parameter to set: its number and label, the value, what it takes, what its definition says, and why.

    `models` are the versions that have it so; `when` limits it to a firmware, in the definition's words;
    `source` is the catalogue's short name of where that is from.
    """

    role: str
    parameter: str
    label: str
    value: int | bool
    shown: str
    takes: str
    default: str
    why: str
    when: str
    models: tuple[str, ...]
    source: str


class _Wanted(msgspec.Struct, frozen=True):
    number: int | None
    words: tuple[str, ...]
    why: str


_ON, _OFF = ("enable", "on"), ("disable", "off", "deactivated")
_WANTED = {
    Role.WRONG_CODE_LIMIT: _Wanted(WRONG_CODES, (), "Who tries codes gets no further than a handful."),
    Role.WRONG_CODE_LOCKOUT: _Wanted(
        LOCKOUT_SECONDS, (), "With a minute's pause, trying all six-digit codes takes months."
    ),
    Role.AUTO_RELOCK: _Wanted(RELOCK_SECONDS, _ON, "The door locks by itself, with the hub down as well."),
    Role.AUTO_RELOCK_TIME: _Wanted(RELOCK_SECONDS, (), "Long enough to carry bags in, too short to be forgotten."),
    Role.ALARM_MODE: _Wanted(None, ("tamper",), "Somebody who works on the lock is heard."),
    Role.INVALID_ENTRY_ALARM: _Wanted(None, _ON, "Wrong codes reach the hub, and an alert can be raised."),
    Role.DOOR_PROPPED_ALARM: _Wanted(None, _ON, "A door that stands open is heard of."),
    Role.SCREEN_WIPE: _Wanted(None, _ON, "Fingerprints on the screen do not give the code away."),
    Role.MASTER_PIN_UNLOCK: _Wanted(None, _OFF, "The master PIN then changes settings and opens nothing."),
    Role.SERVICE_PIN: _Wanted(None, _OFF, "A service PIN opens the door until it has run out."),
    Role.CODE_LENGTH: _Wanted(
        DIGITS, (), "Six digits are a hundred times harder than four. Set it first: codes of another length may go."
    ),
}
_BOUNDLESS = 2**31 - 1
_ZIGBEE = {
    "auto_relock_time": Role.AUTO_RELOCK_TIME,
    "auto_lock_time": Role.AUTO_RELOCK_TIME,
    "auto_relock": Role.AUTO_RELOCK,
    "relock_enabled": Role.AUTO_RELOCK,
}


def settings(models: Sequence[Knowledge]) -> tuple[Setting, ...]:
    """The settings of all versions; ones that are the same in several are told once, with the versions."""
    found: dict[Setting, list[str]] = {}
    for model in models:
        for setting in _of(model):
            found.setdefault(setting, []).append(model.name)
    return tuple(msgspec.structs.replace(setting, models=tuple(names)) for setting, names in found.items())


def _of(model: Knowledge) -> list[Setting]:
    entry = model.entry
    if isinstance(entry, ZwaveModel):
        made = [_zwave(one) for one in settable_parameters(entry) if one.role in _WANTED]
    elif isinstance(entry, ZigbeeModel):
        made = [
            Setting(
                role.value,
                expose.name,
                "",
                RELOCK_SECONDS if role is Role.AUTO_RELOCK_TIME else True,
                f"{RELOCK_SECONDS} s" if role is Role.AUTO_RELOCK_TIME else "on",
                f"{expose.min:g} to {expose.max:g}" if expose.min is not None and expose.max is not None else "",
                "",
                _WANTED[role].why,
                "",
                (),
                "zhc",
            )
            for expose in entry.exposes
            if (role := _ZIGBEE.get(expose.name)) and expose.access is not None and expose.access & 2
        ]
    else:
        made = []
    return [setting for setting in made if setting is not None]


def _zwave(parameter: Parameter) -> Setting | None:
    value = _value(parameter, _WANTED[parameter.role])
    if value is None:
        return None
    low, high = parameter.min, parameter.max
    takes = (
        span(low, high)
        if low is not None and high is not None
        else ", ".join(f"{number} {label}" for number, label in parameter.options.items())
    )
    return Setting(
        parameter.role.value,
        parameter.name,
        parameter.label,
        value,
        _shown(parameter, value),
        takes,
        _shown(parameter, parameter.default),
        _WANTED[parameter.role].why,
        parameter.when,
        (),
        "zwjs",
    )


def span(low: int, high: int) -> str:
    """`3 to 10`, or `0 or more` where the end is only that of the number's size."""
    return f"{low} to {high}" if high < _BOUNDLESS else f"{low} or more"


def _shown(parameter: Parameter, value: int) -> str:
    label = parameter.options.get(str(value), "")
    if label:
        return f"{value} ({label})"
    return f"{value} {parameter.unit}".strip()


def _value(parameter: Parameter, wanted: _Wanted) -> int | None:
    """The value wanted as this parameter takes it; None when it takes nothing like it."""
    for word in wanted.words:
        for value, label in parameter.options.items():
            if label.casefold().startswith(word):
                return int(value)
    number = wanted.number
    if number is None:
        return None
    if wanted.words and "lock" not in parameter.label.casefold():
        return None  # "Auto Latch Time" holds the latch back: it is no relock
    if parameter.min is not None and parameter.max is not None:
        return min(max(number, parameter.min), parameter.max)
    if wanted.words or not parameter.options:
        return None  # a switch: the option nearest to a number of seconds may be "off"
    return min(map(int, parameter.options), key=lambda one: abs(one - number))
