"""Next steps on a code that is on a lock. Each is `(credential, home) -> Fix`; no step ever holds a PIN."""

from __future__ import annotations

from functools import cache

from nightlatch.fixes._lock import LIVE, app_of, known, node_of, way_to, zigbee_setting
from nightlatch.model.command import ClearCode
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential

DIGITS = 6


def change_code(credential: Credential, home: Home) -> Fix:
    """Replace a PIN that is easy to guess, shared, or a known default."""
    lock = home.follow(credential.lock, Lock)
    longest = lock.code_length_max if lock is not None else None
    digits = min(DIGITS, longest.value) if longest is not None else DIGITS
    return Fix(
        f"Replace the code {_where(credential, lock)}.",
        (_choose(digits), *_write(credential, lock, home), "Tell only its owner, and try it at the door."),
    )


@cache
def _choose(digits: int) -> str:
    return (
        f"Choose {digits} digits by chance (dice, or a password manager's generator): no year, date, row or pattern, "
        "and not near another code."
    )


def _write(credential: Credential, lock: Lock | None, home: Home) -> tuple[str, ...]:
    if lock is None:
        return ("Set the new code in the app that made the old one.",)
    if credential.form is not None and credential.form.value == "master":
        return _master(lock)
    slot = credential.slot.value if credential.slot is not None else None
    way = way_to(lock, home)
    if slot is None or way == "":
        return (f"Set the new code in {app_of(lock)} or at the keypad.",)
    if way == "zigbee2mqtt":
        new = {"user": slot, "user_type": "unrestricted", "user_enabled": True, "pin_code": "NEW CODE"}
        timed = credential.scheduled is not None and credential.scheduled.value
        again = ("Set its days and hours again: a new code works at any time.",) if timed else ()
        return (zigbee_setting(lock, pin_code=new).step, *again)
    if way == "matter":
        return (
            f"In the controller's app (Home Assistant: the lock's page > Manage users) give user {slot} the new code.",
        )
    return (
        f"Home Assistant: run the action zwave_js.set_lock_usercode for {lock.label} with code_slot {slot} and the new "
        f"code; in Z-Wave JS UI: node {node_of(lock)} > User Code > slot {slot}.",
    )


def _master(lock: Lock) -> tuple[str, ...]:
    model = known(lock)
    manual = getattr(model.entry, "manual_url", "") if model is not None else ""
    return (f"Change the master code at the keypad, as the manual says{f': {manual}' if manual else '.'}",)


def remove_code(credential: Credential, home: Home) -> Fix:
    """Take a code off its lock and prove that it is gone."""
    lock = home.follow(credential.lock, Lock)
    summary = f"Take the code {_where(credential, lock)} off the lock."
    sure = "Be sure first that nobody needs it, and that another code or key opens the door."
    check = "Try it at the door, or run the audit again: only a slot that reads empty proves that it is gone."
    if lock is None:
        return Fix(summary, (sure, "Remove it in the app that made it.", check))
    slot = credential.slot.value if credential.slot is not None else 0
    live = slot and way_to(lock, home) in LIVE
    return Fix(summary, (sure, removal(lock, slot, home), check), (ClearCode(lock.ref, slot),) if live else ())


def removal(lock: Lock, slot: int, home: Home) -> str:
    """How a code is taken off a lock by hand, in a sentence; slot 0: which one is not known."""
    way = way_to(lock, home)
    if not slot or way == "":
        return f"Remove it in {app_of(lock)} or at the keypad."
    if way == "zigbee2mqtt":
        return zigbee_setting(lock, pin_code={"user": slot, "pin_code": None}).step
    if way == "matter":
        return f"In the controller's app (Home Assistant: the lock's page > Manage users) remove user {slot}."
    return (
        f"Home Assistant: run the action zwave_js.clear_lock_usercode for {lock.label} with code_slot {slot}; in "
        f"Z-Wave JS UI: node {node_of(lock)} > User Code > slot {slot} > clear."
    )


def by_hand(lock: Lock, slots: tuple[int, ...], home: Home) -> tuple[str, ...]:
    """What to do at a lock that is given up, where Nightlatch could not prove that its codes are gone."""
    model = known(lock)
    manual = getattr(model.entry, "manual_url", "") if model is not None else ""
    where = f" (manual: {manual})" if manual else ""
    return (
        *(removal(lock, slot, home) for slot in slots),
        *_master(lock),
        f"Or reset {lock.label} to its factory settings at the lock itself{where}: that clears every code, the master "
        "code too. Then try each old code at the door.",
    )


def remove_unless_known(credential: Credential, home: Home) -> Fix:
    """Say whose a code is that another controller made; take it off where it is nobody's."""
    removal = remove_code(credential, home)
    known = (
        "If that controller is yours too (Apple Home, Google Home, the maker's hub), say whose the code is: nightlatch "
        f"answer {credential.ref} person NAME"
    )
    return Fix(removal.summary, (known, *removal.steps), removal.does)


def bound_code(credential: Credential, home: Home) -> Fix:
    """Give a visitor's code an end and set times."""
    lock = home.follow(credential.lock, Lock)
    schedule = (
        f"Set the days and hours it may work in {app_of(lock)}: this lock keeps schedules itself."
        if lock is not None and lock.can_schedule is not None and lock.can_schedule.value
        else "The lock is not known to keep schedules itself: let the hub enable the code before each visit and "
        "remove it afterwards."
    )
    return Fix(
        f"Give the code {_where(credential, lock)} an end and set times.",
        (schedule, f"Say when it must end: nightlatch answer {credential.ref} ends 2026-12-31T12:00:00Z"),
    )


def _where(credential: Credential, lock: Lock | None) -> str:
    on = lock.label if lock is not None else "its lock"
    return f"in slot {credential.slot.value} of {on}" if credential.slot is not None else f"{credential.label} on {on}"
