"""What is not collected cannot leak: no telemetry, no PINs in files, no log kept for ever."""

from __future__ import annotations

from nightlatch.fixes import alerts, hubs, locks, privacy
from nightlatch.model.finding import Section, Severity, Verdict
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Device
from nightlatch.practices.interface import (
    Judgement,
    Practice,
    as_set,
    fails,
    not_applicable,
    passes,
    unknown,
)
from nightlatch.practices.questions import ask
from nightlatch.text import count, listed

practice = Practice(
    "data-minimisation",
    number=20,
    section=Section.PRIVACY,
    severity=Severity.MEDIUM,
    title="Let as little as possible leave the home or lie in files",
    why="Who comes and goes, and when, tells a burglar when nobody is in. What a vendor holds can be sold, demanded or "
    "stolen; a file with PINs in plain text opens the door to whoever reads it.",
    standards=("ETSI EN 303 645 V3.1.3 6-4", "GDPR Art. 5(1)(c)"),
)

_SETTLED_CONTACTS = "a DNS log (Pi-hole, AdGuard Home, dnsmasq, unbound) that shows its address"


@practice.check(
    "hub-contacts",
    per=Hub,
    title="The hub talks to no vendor that it need not talk to",
    needs=(Hub.lan_address, Device.contacts, Home.needs),
    settled_by=_SETTLED_CONTACTS,
)
def hub_contacts(hub: Hub, home: Home) -> Judgement:
    """Judge by the names that the hub asked the DNS for."""
    return _contacts(hub, home)


@practice.check(
    "lock-contacts",
    per=Lock,
    title="The lock talks to no vendor that it need not talk to",
    needs=(Lock.radio, Device.contacts, Home.needs),
    settled_by=_SETTLED_CONTACTS,
)
def lock_contacts(lock: Lock, home: Home) -> Judgement:
    """Judge by the names that the lock asked the DNS for; a lock without a network of its own asks none."""
    found = _contacts(lock, home)
    radio = as_set(lock.radio)
    if radio is None or radio.value not in _RADIOS or lock.address is not None or found.verdict is not Verdict.UNKNOWN:
        return found
    if radio.value == "ble" and privacy.askers(lock, home):
        return found  # a Bluetooth lock's bridge talks to its maker
    return not_applicable(radio, because=f"It speaks {_RADIOS[radio.value]} only and is not on the network itself.")


_RADIOS = {"zwave": "Z-Wave", "zigbee": "Zigbee", "ble": "Bluetooth"}


def _contacts(thing: Hub | Lock, home: Home) -> Judgement:
    device = privacy.device_of(thing, home)
    contacts = device.contacts if device is not None else None
    if device is None or contacts is None:
        suspects = privacy.askers(thing, home)
        if suspects:
            return unknown(
                *(suspect.contacts for suspect in suspects),
                because=f"Its maker's servers were asked for by {listed(_address(suspect) for suspect in suspects)}; "
                f"nothing tells whether that is this {thing.kind}, its bridge, or a phone with the app.",
                fix=privacy.tell_apart,
            )
        address = (thing.lan_address if isinstance(thing, Hub) else None) or thing.address
        if home.all(Device) and address is None:
            return unknown(
                because="Its address on the network is not known, so no DNS log could be matched to it.",
                fix=ask(thing, Hub.lan_address) if isinstance(thing, Hub) else None,
            )
        return unknown(address, because="No DNS log shows what it talks to.")
    wordy = privacy.contacts_of(thing, device, home)
    if not wordy:
        return passes(contacts, because="The DNS log shows no vendor's cloud or tracker that it asked for.")
    named = listed(f"{contact.suffix} ({contact.vendor}, {contact.purpose.replace('_', ' ')})" for contact in wordy)
    if home.needs is None:
        return unknown(
            contacts, because=f"It talks to {named}; whether you need that is not known.", fix=ask(home, Home.needs)
        )
    bad = privacy.unneeded(thing, device, home)
    if not bad:
        return passes(contacts, home.needs, because=f"It talks to {named}, which you listed as needed.")
    named = listed(f"{contact.suffix} ({contact.vendor}, {contact.purpose.replace('_', ' ')})" for contact in bad)
    return fails(
        contacts,
        home.needs,
        because=f"It talks to {named}, which nothing you need explains.",
        fix=privacy.block_contacts,
    )


def _address(device: Device) -> str:
    return device.address.value if device.address is not None else device.label


@practice.check(
    "analytics",
    per=Hub,
    advice=hubs.stop_analytics,
    title="The hub sends no usage data to its makers",
    needs=(Hub.analytics,),
    settled_by="Home Assistant, asked live with an administrator's token, or its configuration folder; Z-Wave JS; "
    "or your answer",
)
def analytics(hub: Hub, home: Home) -> Judgement:
    """Judge whether usage data leaves the home."""
    sends = hub.analytics
    if sends is None:
        return unknown()
    if not sends.value:
        return passes(sends, because="It sends no usage data to its makers.")
    if home.need("analytics"):
        return passes(sends, home.needs, because="It sends usage data to its makers, which you listed as needed.")
    return fails(sends, home.needs, because="It sends usage data to its makers.", fix=hubs.stop_analytics)


@practice.check(
    "plain-pins",
    per=Hub,
    advice=hubs.close_files,
    title="No file of the hub holds PINs in plain text",
    needs=(Hub.plain_pins,),
    settled_by="the hub's data folder, given to Nightlatch as a source; or your answer",
)
def plain_pins(hub: Hub, home: Home) -> Judgement:
    """Judge what a copy of the disk would give away."""
    files = hub.plain_pins
    if files is None:
        return unknown()
    if not files.value:
        return passes(files, because="Its files hold no PIN in plain text.")
    return fails(
        files,
        because=f"PINs lie in plain text in {listed(files.value)}.",
        fix=hubs.hide_stored_pins,
    )


@practice.check(
    "private-files",
    per=Hub,
    title="Files with secrets can be read by the hub's own user alone",
    needs=(Hub.open_files,),
    settled_by="the hub's data folder, given to Nightlatch as a source; or your answer",
)
def private_files(hub: Hub, home: Home) -> Judgement:
    """Judge who else on the machine can read secrets."""
    files = hub.open_files
    if files is None:
        return unknown()
    if not files.value:
        return passes(files, because="No other user of the machine can read its secrets.")
    return fails(files, because=f"Other users of the machine can read {listed(files.value)}.", fix=hubs.close_files)


@practice.check(
    "pin-over-air",
    per=Lock,
    advice=locks.hide_pins,
    title="PINs cannot be read over the air",
    needs=(Lock.pin_over_air,),
    settled_by="a live Matter server or Zigbee2MQTT, which tell whether the lock sends PINs; or your answer",
)
def pin_over_air(lock: Lock, home: Home) -> Judgement:
    """Judge whether the lock tells the codes that were entered."""
    sends, keypad = as_set(lock.pin_over_air), lock.can_keypad
    if keypad is not None and not keypad.value:
        return not_applicable(keypad, because="The lock has no keypad, so it has no PINs to send.")
    if sends is None:
        return unknown()
    if not sends.value:
        return passes(sends, because="It sends no PINs.")
    return fails(sends, because="It lets PINs be read over the air.", fix=locks.hide_pins)


@practice.check(
    "log-retention",
    per=Home,
    title="The log at home does not keep personal data for ever",
    needs=(Home.journal_retention_days,),
    settled_by="Nightlatch's own journal, or the settings of another log at home and your answer",
)
def log_retention(home: Home, _: Home) -> Judgement:
    """Judge whether the log forgets."""
    running, days = home.journal_running, home.journal_retention_days
    if running is not None and not running.value:
        return not_applicable(running, because="Nothing at home keeps a log now.")
    if days is None:
        return unknown(running)
    if days.value > 0:
        return passes(days, because=f"The log keeps personal data for {count(days.value, 'day')}.")
    return fails(days, because="The log keeps personal data without an end.", fix=alerts.bound_log)
