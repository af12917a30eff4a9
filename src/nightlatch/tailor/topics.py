"""What is worth knowing of a lock's model, practice by practice: the sentence for it, and the question to ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from nightlatch.model.lock import Lock
from nightlatch.model.thing import Field
from nightlatch.tailor.settings import span


class Topic(msgspec.Struct, frozen=True):
    """A field of Lock that the catalogue may tell of a model.

    `yes` is the sentence for a true value, or with {} for any other; `no` the one for a false value.
    `good` says whether `yes` speaks for the lock (None: neither). `ask` is the question to the seller
    while it is not known, of locks with one of `radios` (empty: of every lock).
    """

    practice: str
    field: str
    yes: str
    no: str = ""
    good: bool | None = True
    ask: str = ""
    radios: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """The values that it speaks of; empty: of every value."""


class Question(msgspec.Struct, frozen=True):
    """What no field of a lock holds: the question to the seller, unless the curated fact `unless` answers it."""

    practice: str
    ask: str
    unless: str = ""
    radios: tuple[str, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """A curated fact of the catalogue: its words, and whether it speaks for the lock.

    `instead_of` names the field of Lock that says the same better, where it is known.
    """

    practice: str
    label: str
    good: bool | None = None
    instead_of: str = ""
    radios: tuple[str, ...] = ()
    """The protocols of which it speaks; empty: it does not depend on that."""


def _topic(practice: str, field: Field[Any], yes: str, no: str = "", **more: Any) -> Topic:
    return Topic(practice, field.name, yes, no, **more)


TOPICS = (
    _topic(
        "encryption",
        Lock.radio,
        "The hub commands it over {}.",
        good=None,
        ask="Which protocol commands it: Z-Wave (with S2), Zigbee, Matter, Bluetooth or Wi-Fi?",
    ),
    _topic(
        "encryption",
        Lock.security,
        "Its link is protected by {}.",
        good=None,
        ask="Can it join with Z-Wave S2? (Then its label has a QR code, or a DSK of which five digits are underlined.)",
        radios=("zwave",),
    ),
    _topic(
        "vendor",
        Lock.publishes_updates,
        "The maker publishes firmware updates for it.",
        "The maker publishes no firmware updates for it.",
        ask="Does the maker publish firmware updates for it, and where are they announced?",
    ),
    _topic(
        "vendor",
        Lock.disclosure_contact,
        "The maker takes reports of flaws at {}.",
        ask="Where does the maker take reports of flaws?",
    ),
    _topic("local-control", Lock.path, "Commands to it can stay in the home.", only=("local",)),
    _topic(
        "local-control",
        Lock.path,
        "Commands to it pass through the maker's cloud.",
        good=False,
        only=("cloud",),
        ask="Does all of it, codes included, work with the internet cut off and without the maker's account?",
    ),
    _topic(
        "segregated-network",
        Lock.radio,
        "It speaks {} and has no network address of its own: only its hub is on the network.",
        good=None,
        only=("zwave", "zigbee", "ble"),
    ),
    _topic(
        "segregated-network",
        Lock.radio,
        "It speaks {}: over Wi-Fi or Thread it is on the home's network itself.",
        good=None,
        only=("matter", "wifi"),
    ),
    _topic("open-standards", Lock.certificate, "It is certified: {}."),
    _topic(
        "default-credentials",
        Lock.default_codes_known,
        "It comes with codes: {}.",
        good=None,
        ask="Does it come with a master or default code, and is that code the same on every lock of the model?",
    ),
    _topic(
        "strong-passwords",
        Lock.code_length_max,
        "Its codes have up to {} digits.",
        good=None,
        ask="How many digits may a code have?",
    ),
    _topic(
        "least-privilege",
        Lock.code_slots,
        "It holds {} codes.",
        good=None,
        ask="How many codes does it hold?",
    ),
    _topic(
        "least-privilege",
        Lock.can_schedule,
        "It can keep days and hours for a code by itself.",
        "It cannot keep days and hours for a code by itself: the hub must add and remove visitors' codes.",
        ask="Can it keep days and hours for a visitor's code by itself?",
    ),
    _topic(
        "tamper-resistance",
        Lock.can_keypad,
        "It has a keypad.",
        "It has no keypad.",
        good=None,
        ask="Has it a keypad, or can one be added?",
    ),
    _topic(
        "tamper-resistance",
        Lock.can_lockout,
        "Its keypad can lock out after wrong codes.",
        "Its keypad cannot lock out after wrong codes.",
        ask="After how many wrong codes does its keypad lock out, and for how long?",
    ),
    _topic(
        "tamper-resistance",
        Lock.can_tamper_alarm,
        "It has a tamper alarm.",
        "It has no tamper alarm.",
        ask="Has it a tamper alarm, and does a hub hear of it?",
    ),
    _topic(
        "backup-key",
        Lock.can_cylinder,
        "It has a keyhole for a mechanical key.",
        "It has no keyhole: keep another way in.",
        ask="Has it a keyhole for a mechanical key, and how is its cylinder graded?",
    ),
    _topic(
        "updates",
        Lock.can_update,
        "Its firmware can be updated.",
        "Its firmware cannot be updated.",
        ask="How is its firmware updated: by a hub at home, or only by the maker's app?",
    ),
    _topic("updates", Lock.update_version, "The newest firmware known is {}.", good=None),
    _topic(
        "activity-alerts",
        Lock.can_report_wrong_code,
        "It can report wrong codes to the hub.",
        "It cannot report wrong codes to the hub.",
        ask="Does it report wrong codes and tampering to a hub at home?",
    ),
    _topic(
        "lifecycle",
        Lock.support_until,
        "The maker promises security updates until {}.",
        good=None,
        ask="Until which day does the maker promise security updates? (In the United Kingdom the seller must say.)",
    ),
    _topic("lifecycle", Lock.last_release_on, "The newest firmware known is of {}.", good=None),
    _topic(
        "data-minimisation",
        Lock.pin_over_air,
        "It lets the last PIN that was entered be read over the air.",
        "It sends no PINs over the air.",
        good=False,
    ),
    _topic(
        "fail-safe",
        Lock.can_auto_relock,
        "It can lock the door by itself.",
        "It cannot lock the door by itself.",
        ask="Can it lock the door by itself, without the hub?",
    ),
    _topic(
        "fail-safe",
        Lock.on_flat_battery,
        "With a flat battery it {}.",
        good=None,
        ask="What does it do when its battery runs flat: stay locked, unlock, or stay as it is?",
    ),
    _topic(
        "power-backup",
        Lock.battery_type,
        "Its batteries: {}.",
        good=None,
        ask="Which batteries does it take, and how long do they last?",
    ),
    _topic(
        "power-backup",
        Lock.emergency_power,
        "With a flat battery it can be powered: {}.",
        ask="How can it be powered from outside when its battery is flat (9 V, USB-C)?",
    ),
)

QUESTIONS = (
    Question("two-factor", "Does the maker's account offer an authenticator app or a passkey?", "two_factor"),
    Question(
        "unused-features",
        "Can remote access, cloud and voice control be switched off, and what stops working then?",
        "cloud_can_be_disabled",
    ),
    Question("data-minimisation", "What does it, or its app, send to the maker, and can that be switched off?"),
    Question("privacy-policy", "Where are access logs kept, for how long, who gets them, and how are they deleted?"),
    Question("recovery", "Which ways in remain when the battery, the phone, the account or the internet fails?"),
)
"""Questions about the model that no field of a lock holds."""

CURATED = {
    "radios": Told("open-standards", "Radios"),
    "matter": Told("open-standards", "Matter"),
    "zigbee2mqtt": Told("open-standards", "Zigbee2MQTT"),
    "features": Told("open-standards", "Features over Matter"),
    "local_control": Told("local-control", "Ways to command it", None, "path"),
    "local_http_api": Told("local-control", "HTTP interface at home"),
    "known_issue": Told("vendor", "Known issue", False),
    "fix_status": Told("vendor", "State of fixes", False),
    "history": Told("vendor", "History", False),
    "master_code_readable_over_zwave": Told(
        "default-credentials", "The master code can be read and changed over Z-Wave", False, radios=("zwave",)
    ),
    "factory_state": Told("default-credentials", "As it comes from the factory", False),
    "service_pin_default": Told("default-credentials", "Service PIN as it comes"),
    "master_pin_can_be_disabled_for_unlock": Told("default-credentials", "Master PIN can be kept from opening", True),
    "ble_security_pin_bits": Told("strong-passwords", "Bits of the Bluetooth security PIN"),
    "two_factor": Told("two-factor", "Second factor on the maker's account", True),
    "code_length": Told("strong-passwords", "Code length", None, "code_length_max"),
    "code_slots": Told("least-privilege", "Codes it holds", None, "code_slots"),
    "users": Told("least-privilege", "People it holds"),
    "rfid_credentials": Told("least-privilege", "Tags it holds"),
    "schedules": Told("least-privilege", "On schedules"),
    "offline_codes": Told("least-privilege", "Codes made without a connection"),
    "user_codes_over_matter": Told("least-privilege", "Codes over Matter"),
    "users_over_matter": Told("least-privilege", "People and codes over Matter"),
    "codes_over_matter": Told("least-privilege", "Codes over Matter"),
    "pin_users_over_matter": Told("least-privilege", "People with PINs over Matter"),
    "modes": Told("unused-features", "Modes"),
    "vacation_mode": Told("unused-features", "Vacation mode"),
    "away_mode": Told("unused-features", "Away mode"),
    "cloud_can_be_disabled": Told("unused-features", "Switching the cloud off", True),
    "ble_can_be_limited": Told("unused-features", "Bluetooth can be limited", True),
    "remote_pin_required": Told("unused-features", "A remote unlock asks for a PIN, on one lock that was read"),
    "wrong_code": Told("tamper-resistance", "Wrong codes"),
    "tamper_alarm": Told("tamper-resistance", "Tamper alarm"),
    "secure_screen": Told("tamper-resistance", "Asks to wipe the screen of fingerprints", True),
    "scrambled_keypad": Told("tamper-resistance", "Scrambles the digits on its screen", True),
    "zwave_params": Told("tamper-resistance", "Settings that Z-Wave can change", radios=("zwave",)),
    "cylinder": Told("backup-key", "Keyhole", None, "can_cylinder"),
    "min_safe_firmware": Told("updates", "Firmware from which the known flaws are closed"),
    "door_propped_alarm": Told("activity-alerts", "Alarm when the door stands open", True),
    "support_status": Told("lifecycle", "State of support", False),
    "privacy_warning": Told("data-minimisation", "Privacy warning", False),
    "auto_lock": Told("fail-safe", "Auto-lock"),
    "auto_lock_range": Told("fail-safe", "Auto-lock delay"),
    "auto_lock_s": Told("fail-safe", "Auto-lock, seconds"),
    "auto_relock_s": Told("fail-safe", "Auto-relock, seconds"),
    "auto_relock_attribute": Told("fail-safe", "Auto-relock can be set over Matter"),
    "relock": Told("fail-safe", "Auto-relock"),
    "battery": Told("power-backup", "Batteries", None, "battery_type"),
    "account_recovery": Told("recovery", "Account recovery"),
}
"""The catalogue's curated facts that are told in their own words, by name."""

ELSEWHERE = frozenset(
    (
        "default_codes",
        "emergency_power",
        "cves",
        "invalid_entry_alarm",
        "pin_credentials",
        "schedule_feature",
        "latest_firmware",
        "latest_zigbee_firmware",
    )
)
"""Curated facts that a field of Lock or the list of flaws tells in full. Default codes are never told in digits."""

_WORDS = {
    "wifi_integration": "Wi-Fi",
    "bridge_http": "bridge (HTTP)",
    "zwave": "Z-Wave",
    "zigbee": "Zigbee",
    "matter": "Matter",
    "ble": "Bluetooth",
    "wifi": "Wi-Fi",
    "mqtt": "MQTT",
    "local_push": "local",
    "local_polling": "local, polled",
    "cloud_push": "through the maker's cloud",
    "cloud_polling": "through the maker's cloud, polled",
    "lockout_s": "lockout seconds",
    "BLE": "Bluetooth",
    "fileVersion": "file version",
}


def in_words(value: Any) -> str:
    """A curated fact's value for people: ranges as `3 to 10`, names without underscores and short forms."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(in_words, value))
    if isinstance(value, dict):
        return ", ".join(_parts(value))
    text = str(value).removeprefix("yes; ")
    return _WORDS.get(text, re.sub(r"\bDCL\b", "Matter ledger", text))


def _parts(value: dict[str, Any]) -> Iterator[str]:
    for key, one in value.items():
        stem, _, end = key.rpartition("_")
        lead = f"{stem}_" if stem else ""
        if key == "enabled_default_in_file":
            yield f"{'on' if one else 'off'} by its definition"
        elif end == "min" and f"{lead}max" in value:
            default = value.get(f"{lead}default")
            told = f" ({default} by its definition)" if default is not None else ""
            yield f"{_name(stem)} {span(one, value[f'{lead}max'])}{told}".strip()
        elif not (end in ("max", "default") and f"{lead}min" in value):
            yield f"{_name(key)}: {in_words(one)}"


def _name(key: str) -> str:
    return _WORDS.get(key, key.replace("_", " "))
