"""Next steps for batteries and mains: of a lock, a hub, a router; and for a way in after one thing fails."""

from __future__ import annotations

from collections.abc import Sequence

from nightlatch.fixes.keyholes import model
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import NO_POWER, Lock
from nightlatch.model.router import Router
from nightlatch.text import listed


def emergency_power(lock: Lock) -> str:
    """How a lock can be powered from outside; empty when it cannot be or nobody knows."""
    power = lock.emergency_power
    return power.value if power is not None and power.value.strip().lower() not in NO_POWER else ""


def change_battery(lock: Lock, home: Home) -> Fix:
    """Put fresh batteries in."""
    kind = lock.battery_type
    what = f"{kind.value} batteries" if kind is not None else "batteries"
    outside = emergency_power(lock)
    steps = [
        f"Fit a full set of fresh {what} of one make; mixed or old ones leak and read wrong.",
        "Change them with the door open, then lock and unlock once and see that the level reads right.",
        "Keep one more set at home.",
    ]
    if kind is None:
        steps.insert(0, f"Look up the type in the manual of the {model(lock)} or under its battery lid.")
    if outside:
        steps.append(f"Should it go flat before: power it from outside by {outside}.")
    return Fix(
        f"Change the batteries of the {model(lock)}{f': {kind.value}' if kind is not None else ''}.", tuple(steps)
    )


def keep_emergency_power(lock: Lock, home: Home) -> Fix:
    """Prepare for a lock that cannot be powered from outside."""
    return Fix(
        f"Prepare for a flat battery: the {model(lock)} cannot be powered from outside.",
        (
            "Give a spare key to a trusted person, or keep another door that opens with a plain key.",
            "Change the batteries at 30 %, and let a low battery raise an alert.",
            "When the lock is replaced, choose one with 9 V terminals, USB-C or a cylinder.",
        ),
    )


def hub_on_ups(hub: Hub, home: Home) -> Fix:
    """Keep the hub running in a power cut."""
    return Fix(
        f"Put {hub.label} on a UPS, or give everybody a way in that does not need it.",
        (
            "A small UPS of 300 VA carries a hub and a router for an hour or more; plug both into it.",
            "Or hand out keys or codes, so that nobody needs the hub to get in.",
            f"Tell Nightlatch of the UPS: nightlatch answer {hub.ref} on_ups true",
            f"Or that nobody needs it: nightlatch answer {hub.ref} needed_to_enter false",
        ),
    )


def router_on_ups(router: Router, home: Home) -> Fix:
    """Keep the router running in a power cut."""
    return Fix(
        f"Put {router.label} on a UPS, or give everybody a way in that does not need it.",
        (
            "Plug the router and the fibre or cable modem into the same UPS as the hub.",
            "Or hand out keys or codes, so that nobody needs the network to get in.",
            f"Tell Nightlatch: nightlatch answer {router.ref} on_ups true",
        ),
    )


def stay_locked(lock: Lock, home: Home) -> Fix:
    """Keep a flat battery from opening the door."""
    return Fix(
        f"Keep the door shut when the battery of the {model(lock)} is flat.",
        (
            f"Look in the manual of the {model(lock)} for a setting of what it does at low battery (fail secure), and "
            "set it to stay locked.",
            "Without such a setting, change the batteries at 30 % and lock a second, mechanical lock when you leave.",
            f"Tell Nightlatch: nightlatch answer {lock.ref} on_flat_battery stays_locked",
        ),
    )


def try_without(lock: Lock, home: Home, *, fact: str, how: str) -> Fix:
    """Try the door with one thing missing, somebody inside and the spare key at hand."""
    return Fix(
        f"Try the {model(lock)} {how}.",
        (
            "Do it in daylight, with somebody inside and the spare key in your hand.",
            "Note: does it stay locked, does it open from inside by hand, and how do you get in?",
            f"Tell Nightlatch: nightlatch answer {lock.ref} {fact} {home.today}",
        ),
    )


_SECOND_WAYS = {
    "battery": "Keep what powers the lock from outside near the door, or a mechanical key with a trusted person.",
    "power_cut": "Put hub and router on a UPS, or give every resident a key or a code.",
    "internet": "Connect the lock to a hub at home (Z-Wave, Zigbee, Matter or Bluetooth), or give every resident a key "
    "or a code.",
    "hub": "Give every resident a key or a code that the lock itself checks.",
    "phone": "Give every resident a key or a code: a phone is lost, flat or wet just when it rains.",
    "account": "Give every resident a key or a code, and keep the account's recovery codes on the recovery sheet.",
    "keypad": "Keep a mechanical key with a trusted person, or make the lock open by phone as well.",
    "jam": "Keep another door that opens with a plain key; a jammed bolt may stop even the right key.",
}


def second_way(failure: str, doors: Sequence[str]) -> Fix:
    """Make a way in at these doors that survives the failure (as `Failure` names it)."""
    return Fix(
        f"Make a second way in at {listed(doors)}.",
        (
            _SECOND_WAYS[failure],
            "Then practise it once, and put it on the recovery sheet.",
        ),
    )
