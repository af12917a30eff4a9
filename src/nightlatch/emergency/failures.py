"""The single failures that a home must survive, and the words for them."""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    """One thing that fails while everything else works."""

    BATTERY = "battery"
    POWER_CUT = "power_cut"
    INTERNET = "internet"
    HUB = "hub"
    PHONE = "phone"
    ACCOUNT = "account"
    KEYPAD = "keypad"
    JAM = "jam"


FAILURES = tuple(Failure)
"""The order in which `Way.after` lists them."""

BATTERY, POWER_CUT, INTERNET, HUB, PHONE, ACCOUNT, KEYPAD, JAM = range(len(FAILURES))
"""Places in that order: reading by place is cheaper than by name where every home pays for it."""

WITH = (
    "With the lock's battery flat",
    "In a power cut",
    "With the internet down",
    "With the hub down",
    "Without a phone",
    "With the account locked",
    "With the keypad broken",
    "With the bolt jammed",
)
"""How a sentence about each failure begins, in the order of FAILURES."""

DOUBTS = (
    "how the lock can be powered from outside",
    "whether the hub and the router are on a UPS",
    "whether commands to the lock stay at home",
    "",
    "",
    "whether the phone opens the lock while its account is locked",
    "whether the reader works without the keypad",
    "whether the key moves a jammed bolt",
)
"""What is not known where a way in stands but may not survive the failure, in the order of FAILURES."""
