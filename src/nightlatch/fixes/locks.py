"""Next steps on a lock, in the words of what commands it: parameter, attribute, topic or menu.

Each is `(lock, home) -> Fix`. Those on a lock's codes are in `codes.py`.
"""

from __future__ import annotations

from nightlatch.catalogue import Role, parameter
from nightlatch.fixes._lock import (
    Setting,
    app_of,
    catalogue,
    known,
    maker_of,
    matter_setting,
    node_of,
    payload,
    way_to,
    zigbee_name,
    zigbee_setting,
    zwave_setting,
)
from nightlatch.fixes.needs import say_it_is_needed
from nightlatch.model.command import Command, SetParameter
from nightlatch.model.finding import SEVERITY_WEIGHT, Fix, Severity
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.values import KnownVulnerability
from nightlatch.text import listed

WRONG_CODES = 5
LOCKOUT_SECONDS = 60
RELOCK_SECONDS = 30


def include_securely(lock: Lock, home: Home) -> Fix:
    """Pair the lock again, so that its link to the hub is encrypted with the best it can."""
    inside_home_assistant = way_to(lock, home) == "homeassistant"
    where = "Settings > Devices & services > Z-Wave" if inside_home_assistant else "the Z-Wave JS control panel"
    return Fix(
        "Join the lock to the Z-Wave network again, with S2.",
        (
            "Note whose codes are on the lock: leaving the network may erase them. Have a key at hand meanwhile.",
            f"In {where}, exclude the lock ({lock.label}) close to the hub.",
            "Include it again with S2: scan the QR code, or type the five digits of the DSK, on the lock's label.",
            "Tick S2 Access Control (and no other class) when asked which keys to grant.",
            "Check that the lock's security is S2 Access Control, then set its codes again.",
            "A lock whose label has neither QR code nor DSK can only do S0 or nothing: plan to replace it.",
        ),
    )


def secure_link(lock: Lock, home: Home) -> Fix:
    """Give the lock's link the best protection that its protocol has, from the first day on."""
    radio = lock.radio.value if lock.radio is not None else ""
    if radio == "zwave":
        return Fix(
            "Join the lock to the Z-Wave network with S2 Access Control.",
            (
                "Look for a QR code or a DSK (eight groups of five digits) on its label or in its box: without one it "
                "can only do S0 or nothing, so choose another lock.",
                "Include it close to the hub by that QR code, or type the five underlined digits when asked.",
                "Tick S2 Access Control (and no other class) when asked which keys to grant.",
                "Check that the hub shows S2 Access Control before you set the first code; exclude the lock and join "
                "it again if it shows less.",
            ),
        )
    if radio == "zigbee":
        return Fix(
            "Join the lock to a Zigbee network whose key is a random one of its own.",
            (
                "Before you pair the first device, let the hub make the network's key; in Zigbee2MQTT set "
                "advanced.network_key: GENERATE in configuration.yaml.",
                "Use the lock's install code for pairing where it has one: it keeps the key secret while it joins.",
                "Close the network to new devices right after pairing.",
            ),
        )
    if radio == "matter":
        return Fix(
            "Commission the lock into a Matter fabric of your own.",
            (
                "Commission it with the code on its label or in its box, at home, and keep that code: it is a key.",
                "Matter encrypts the link with keys of your own fabric; nothing needs to be switched on.",
                "Look through the controllers that are paired with it, and remove the ones you do not use.",
            ),
        )
    return Fix(
        "Choose the link with the care that you give the key.",
        (
            "Prefer Z-Wave with S2 Access Control, Zigbee with a random network key, or Matter.",
            "How a maker protects its own Bluetooth or Wi-Fi protocol cannot be seen from outside: ask whether it was "
            "tested by somebody independent, and read the report.",
        ),
    )


def ask_for_a_test(lock: Lock, home: Home) -> Fix:
    """Learn how a maker protects a link of its own, or move to one that can be judged."""
    steps = [
        f"Ask {maker_of(lock)} who tested the lock's link independently, and read the report.",
        "Where the lock speaks Z-Wave, Zigbee or Matter as well, join it to a hub at home: that link can be judged.",
    ]
    return Fix("Find out how the maker protects the link.", tuple(steps))


def settle_vulnerabilities(lock: Lock, home: Home) -> Fix:
    """Find out the firmware, and get past every version that is known to be vulnerable."""
    fact = lock.vulnerabilities
    unsettled = [one for one in fact.value if one.applies in ("cannot_tell", "possible")] if fact is not None else []
    fixed: dict[str, list[str]] = {}
    for one in unsettled:
        if one.fixed_in:
            fixed.setdefault(_fixed_by(one), []).append(one.id)
    steps = [f"{version[:1].upper()}{version[1:]} closes {listed(ids)}." for version, ids in fixed.items()]
    if lock.firmware is None:
        steps.append(f"Tell Nightlatch what it runs: nightlatch answer {lock.ref} firmware VALUE")
    return Fix(
        f"Read the firmware version in {app_of(lock)} or at the hub, and install the newest.",
        (*steps, "Look for news of flaws in this model once a year, and before you buy another one."),
    )


def _fixed_by(one: KnownVulnerability) -> str:
    """`Nuki Bridge 1.22.0 or newer`; `a later version of …` where no number is published."""
    if any(sign.isdigit() for sign in one.fixed_in):
        return f"{one.product} {one.fixed_in} or newer".strip()
    return f"a later version of {one.product or 'the firmware'}"


def update_firmware(lock: Lock, home: Home) -> Fix:
    """Install the newest firmware, by the hub where it can, by the maker's app else."""
    wanted = lock.update_version
    newest = f"firmware {wanted.value}" if wanted is not None else "the newest firmware"
    way = way_to(lock, home)
    if way == "zigbee2mqtt":
        steps: tuple[str, ...] = (
            "MQTT: publish to zigbee2mqtt/bridge/request/device/ota_update/update the payload "
            f"{payload(id=zigbee_name(lock))}",
            "Leave the lock alone until Zigbee2MQTT reports that it is done (up to an hour).",
        )
    elif way == "matter":
        steps = (
            f"Matter server: send check_node_update with node_id {node_of(lock)}, then update_node with the version it "
            "names; or in Home Assistant open the lock's Firmware entity and choose Install.",
        )
    elif way in ("zwavejs", "homeassistant"):
        radio = lock.radio.value if lock.radio is not None else ""
        by_zwave = f"; in Z-Wave JS UI: node {node_of(lock)} > Advanced > Firmware update (OTA)"
        steps = (
            f"Home Assistant: Settings > Devices & services > {lock.label} > Firmware > Install"
            f"{by_zwave if way == 'zwavejs' or radio == 'zwave' else ''}.",
            f"If nothing is offered there, update it with {app_of(lock)}, next to the lock, by Bluetooth.",
        )
    else:
        steps = (f"In {app_of(lock)} open the lock's settings and choose Firmware update.",)
    return Fix(
        f"Install {newest} on the lock.",
        ("Put fresh batteries in first: an update that stops halfway can leave the lock dead.", *steps),
    )


def mitigate_vulnerability(lock: Lock, home: Home) -> Fix:
    """What closes or bounds the worst vulnerability that applies."""
    fact = lock.vulnerabilities
    applying = [one for one in fact.value if one.applies == "yes"] if fact is not None else []
    if not applying:
        return update_firmware(lock, home)
    worst = max(applying, key=lambda one: SEVERITY_WEIGHT[Severity(one.severity)])
    told = (f"What it allows: {worst.effect}. What an attacker needs: {worst.reach or 'not published'}.",)
    only_update = worst.fixed_in and worst.fix == "update firmware"
    advice = (f"{worst.fix[:1].upper()}{worst.fix[1:]}",) if worst.fix and not only_update else ()
    sources = (f"Read more: {', '.join(worst.sources)}",) if worst.sources else ()
    if not worst.has_fix:
        return Fix(
            f"No fix exists for {worst.id}: bound it now, and plan to replace the lock.",
            (*told, *advice, *choose_open_lock(lock, home).steps, *sources),
        )
    if worst.fixed_in:
        return Fix(
            f"Close {worst.id}: install {_fixed_by(worst)}.",
            (*told, *advice, *update_firmware(lock, home).steps, *sources),
        )
    return Fix(f"Close {worst.id}.", (*told, *(advice or update_firmware(lock, home).steps), *sources))


def ask_maker(lock: Lock, home: Home) -> Fix:
    """Ask the maker for updates and for a way to report flaws."""
    model = known(lock)
    vendor = model.vendor if model is not None else None
    places = [fact.value for fact in (vendor.contact, vendor.disclosure) if fact and fact.known] if vendor else []
    return Fix(
        f"Ask {maker_of(lock)} whether and until when this lock gets security updates.",
        (
            f"Write to {' or '.join(places)}." if places else f"Write to the support of {maker_of(lock)}.",
            "Ask: which firmware is the newest, until when updates come, and where flaws are reported.",
            "Where no updates come, plan to replace the lock, and keep it off the internet until then.",
        ),
    )


def use_local_path(lock: Lock, home: Home) -> Fix:
    """Command the lock without the vendor's cloud."""
    model = known(lock)
    steps = []
    if model is not None and model.entry is not None:
        network = {"zwave": "Z-Wave", "zigbee": "Zigbee", "matter": "Matter"}[model.entry.protocol]
        steps.append(f"The lock speaks {network}: join it to a {network} hub at home.")
    for name in model.profile.integrations if model is not None and model.profile is not None else ():
        integration = catalogue().integration(name)
        if integration is not None and integration.local:
            steps.append(f"Home Assistant: add the integration {name}, which works locally ({integration.iot_class}).")
    if not steps:
        steps += [
            f"Look in {app_of(lock)} for Matter, Apple Home or a local API, and pair the lock with a hub at home.",
            "Where it has none, plan for a lock that speaks Z-Wave, Zigbee or Matter.",
        ]
    return Fix(
        "Command the lock from a hub at home.",
        (
            *steps,
            "Once everybody gets in that way, remove the cloud integration, and switch remote access off in "
            f"{app_of(lock)}.",
        ),
    )


def choose_open_lock(lock: Lock, home: Home) -> Fix:
    """Move to a lock that speaks an open standard."""
    return Fix(
        "When you next buy, choose a lock that speaks Z-Wave (S2), Zigbee or Matter.",
        (
            'Ask what Nightlatch knows of a model before you buy it: nightlatch tailor "MODEL"',
            "Until then keep the lock's bridge on a network zone of its own, and its remote access off.",
        ),
    )


def require_pin_for_remote(lock: Lock, home: Home) -> Fix:
    """Ask for a PIN before a remote unlock (Matter)."""
    setting = matter_setting(lock, 0x33, "RequirePINforRemoteOperation", True)
    return Fix(
        "Let the lock ask for a PIN before a remote unlock.",
        (
            "From then on a remote unlock without a PIN is refused: give one to everybody who unlocks from afar, "
            "and to the hub's automations that may.",
            setting.step,
        ),
        does=(SetParameter(lock.ref, Lock.pin_for_remote.name, 1),) if way_to(lock, home) == "matter" else (),
    )


def close_remote_access(lock: Lock, home: Home) -> Fix:
    """Stop the maker's app from opening the lock from afar."""
    return Fix(
        f"Switch remote access off in {app_of(lock)}.",
        (
            f"In {app_of(lock)} switch remote access off, or unplug the Wi-Fi bridge; try first that everybody gets in "
            "without it.",
            f"Tell Nightlatch: nightlatch answer {lock.ref} remote_access false",
            say_it_is_needed(home, "remote"),
        ),
    )


def ask_pin_for_remote(lock: Lock, home: Home) -> Fix:
    """Let the lock ask for a PIN before a remote unlock, where it can do that."""
    if lock.radio is not None and lock.radio.value == "matter":
        return require_pin_for_remote(lock, home)
    return Fix(
        "Let a remote unlock ask for a PIN, or switch remote unlocking off.",
        (f"Look in {app_of(lock)}, and in each voice assistant or hub, for a PIN or a confirmation before unlocking.",),
    )


def limit_wrong_codes(lock: Lock, home: Home) -> Fix:
    """Let the keypad lock out after five wrong codes, for a minute or more."""
    limit: Setting | None
    lockout: Setting | None
    if way_to(lock, home) == "matter":
        limit = matter_setting(lock, 0x30, "WrongCodeEntryLimit", WRONG_CODES)
        lockout = matter_setting(lock, 0x31, "UserCodeTemporaryDisableTime", LOCKOUT_SECONDS)
    else:
        limit = zwave_setting(lock, home, Role.WRONG_CODE_LIMIT, WRONG_CODES)
        lockout = zwave_setting(lock, home, Role.WRONG_CODE_LOCKOUT, LOCKOUT_SECONDS)
    commands = (
        *((SetParameter(lock.ref, Lock.wrong_code_limit.name, WRONG_CODES),) if limit else ()),
        *((SetParameter(lock.ref, Lock.wrong_code_lockout_s.name, LOCKOUT_SECONDS),) if lockout else ()),
    )
    return _set(
        f"Let the keypad lock out for {LOCKOUT_SECONDS} s or more after {WRONG_CODES} wrong codes.",
        [limit, lockout],
        f"In {app_of(lock)} or its keypad menu, look for wrong code limit and lockout time.",
        commands,
    )


def enable_tamper_alarm(lock: Lock, home: Home) -> Fix:
    """Switch the lock's tamper alarm on."""
    alarm = zwave_setting(lock, home, Role.ALARM_MODE, "tamper")
    entries = zwave_setting(lock, home, Role.INVALID_ENTRY_ALARM, "enable")
    return _set(
        "Switch the lock's tamper alarm on.",
        [alarm, entries],
        f"In {app_of(lock)} or its keypad menu, look for tamper alarm (also called alarm mode).",
        # No command sets the alarm for wrong entries: where the model has it, that is left to the owner.
        (SetParameter(lock.ref, Lock.tamper_alarm.name, 1),) if alarm and not entries else (),
    )


def enable_auto_relock(lock: Lock, home: Home) -> Fix:
    """Let the lock itself lock the door after half a minute."""
    way = way_to(lock, home)
    if way == "matter":
        settings: list[Setting | None] = [matter_setting(lock, 0x23, "AutoRelockTime", RELOCK_SECONDS)]
    elif way == "zigbee2mqtt":
        settings = [_zigbee_relock(lock)]
    else:
        settings = [
            zwave_setting(lock, home, Role.AUTO_RELOCK, "enable")
            or zwave_setting(lock, home, Role.AUTO_RELOCK, "on")
            or _relock_after(lock, home),
            zwave_setting(lock, home, Role.AUTO_RELOCK_TIME, RELOCK_SECONDS),
        ]
    made = _set(
        f"Let the lock itself lock the door after {RELOCK_SECONDS} s.",
        settings,
        f"In {app_of(lock)} or its keypad menu, switch auto-lock on.",
        (SetParameter(lock.ref, Lock.auto_relock_s.name, RELOCK_SECONDS),),
    )
    warning = "From then on it locks behind whoever steps out: see first that everybody has a code or carries a key."
    return Fix(made.summary, (warning, *made.steps), made.does)


def _relock_after(lock: Lock, home: Home) -> Setting | None:
    """Of a lock whose switch is the delay itself, where 0 is off."""
    model = known(lock)
    found = parameter(model.entry, Role.AUTO_RELOCK) if model is not None and model.entry is not None else None
    if found is None or found.max is None or found.max < RELOCK_SECONDS or "lock" not in found.label.casefold():
        return None
    return zwave_setting(lock, home, Role.AUTO_RELOCK, RELOCK_SECONDS)


def _zigbee_relock(lock: Lock) -> Setting | None:
    model = known(lock)
    exposed = getattr(model.entry, "exposes", ()) if model is not None else ()
    for expose in exposed:
        if expose.name in ("auto_relock_time", "auto_lock_time"):
            return zigbee_setting(lock, automatic=expose.name == "auto_relock_time", **{expose.name: RELOCK_SECONDS})
        if expose.name in ("auto_relock", "relock_enabled"):
            return zigbee_setting(lock, **{expose.name: True})
    return None


def hide_pins(lock: Lock, home: Home) -> Fix:
    """Stop the lock from sending PINs over the air."""
    way = way_to(lock, home)
    if way == "zigbee2mqtt":
        return Fix(
            "Stop Zigbee2MQTT from publishing the lock's PINs.",
            (
                "MQTT: publish to zigbee2mqtt/bridge/request/device/options the payload "
                f"{payload(id=zigbee_name(lock), options={'expose_pin': False})}",
            ),
        )
    settings: list[Setting | None] = [matter_setting(lock, 0x32, "SendPINOverTheAir", False)] if way == "matter" else []
    return _set(
        "Stop the lock from sending PINs over the air.",
        settings,
        f"In {app_of(lock)}, look for a setting that hides codes in the log; where there is none, ask the maker.",
        (SetParameter(lock.ref, Lock.pin_over_air.name, 0),) if way == "matter" else (),
    )


def _set(summary: str, settings: list[Setting | None], otherwise: str, does: tuple[Command, ...] = ()) -> Fix:
    """A fix made of settings, which `does` makes; where the model has none that is known, the way by hand."""
    found = [setting for setting in settings if setting is not None]
    if not found:
        return Fix(summary, (otherwise,))
    return Fix(summary, tuple(one.step for one in found), does if all(one.automatic for one in found) else ())
