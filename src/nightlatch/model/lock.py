"""A lock: what it is, how it is reached, how it is set, how it fares, and what its model can do."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from nightlatch.model.evidence import Ref
from nightlatch.model.thing import MONTH, Field, Thing
from nightlatch.model.values import KnownVulnerability

SecurityClass = Literal[
    "s2_access_control", "s2_authenticated", "s2_unauthenticated", "s0", "none", "zigbee", "matter", "ble", "tls"
]

NO_POWER = frozenset(("", "no", "none"))
"""What `Lock.emergency_power` says of a lock that cannot be powered from outside, lower case."""


class Lock(Thing, kind="lock"):
    """A smart lock. Fields that begin with `can_` or are marked "of the model" say nothing of its settings."""

    # What it is
    name = Field[str]("what the hub or the owner calls it")
    door = Field[Ref]("the door it is fitted to")
    hub = Field[Ref]("the hub that commands it")
    maker = Field[str]("the maker's name", ask="Who made this lock?")
    model = Field[str]("the maker's model name or number", ask="Which maker and model is this lock?")
    zwave_id = Field[str]("Z-Wave manufacturer:product type:product id, as 0x0129:0x8104:0x45d5")
    zigbee_model = Field[str]("the Zigbee model that Zigbee2MQTT identified")
    matter_id = Field[str]("Matter vendor:product id, as 0x101d:0x0001")
    serial = Field[str]("the maker's serial number")
    address = Field[str]("its IP address, for locks that have one")
    controllers = Field[tuple[str, ...]]("the controllers paired with it (Matter fabrics), each in words")
    zone = Field[Ref]("which network zone it lives on; of locks that have an address")
    beside_phones = Field[bool](
        "it shares a network with phones and laptops",
        ask="Is this lock on the same Wi-Fi or network as your phones and laptops?",
    )

    # How it is reached
    radio = Field[Literal["zwave", "zigbee", "matter", "ble", "wifi", "proprietary"]](
        "which protocol commands it",
        ask="How is the lock connected: zwave, zigbee, matter, ble, wifi or proprietary?",
    )
    security = Field[SecurityClass]("which security its link to the hub really uses")
    iot_class = Field[str]("which class Home Assistant gives its integration; local_push, local_polling, cloud_push, …")
    path = Field[Literal["local", "cloud"]](
        "whether commands stay in the home or pass through the vendor's cloud",
        ask="Do commands to this lock stay at home (local) or pass through the vendor's servers (cloud)?",
    )
    works_offline_tested_on = Field[date](
        "the day it was last seen working with the internet cut",
        ask="When did you last check that the lock works with the internet cut off?",
    )
    remote_access = Field[bool](
        "it can be opened from outside the home through its maker's app or bridge",
        ask="Can this lock be opened from anywhere with its maker's app (remote access, a Wi-Fi bridge)?",
    )
    certificate = Field[str]("the certificate id that its protocol's alliance published")

    # How it is set
    wrong_code_limit = Field[int](
        "after how many wrong codes the keypad locks out; 0: never",
        ask="After how many wrong codes in a row does the keypad lock out? (0: never)",
    )
    wrong_code_lockout_s = Field[int]("how long the keypad stays locked out, in s")
    tamper_alarm = Field[bool]("the tamper alarm is on", ask="Is the lock's tamper alarm switched on?")
    auto_relock_s = Field[int]("after how many seconds it locks itself; 0: never")
    auto_lock_by = Field[Literal["lock", "hub", "nobody"]](
        "who locks the door by itself (the lock, the hub's automation, or nobody)",
        ask="Who locks this door by itself: the lock itself (lock), a hub automation (hub), or nobody?",
    )
    one_touch = Field[bool]("anybody outside can lock it with one touch")
    pin_for_remote = Field[bool]("a remote unlock needs a PIN (Matter RequirePINforRemoteOperation)")
    opens_by_phone = Field[bool](
        "a resident's phone opens it directly, without hub and internet",
        ask="Can a resident's phone open this lock directly over Bluetooth, without hub and internet?",
    )
    local_programming = Field[bool]("codes can be changed at the keypad itself")
    pin_over_air = Field[bool](
        "PINs can be read over the air; Matter SendPINOverTheAir, or the last used PIN reported",
        ask="Does the hub or app show the digits of a code that somebody entered at the keypad?",
    )
    defaults_changed = Field[bool](
        "every code that it came with was changed or deleted",
        ask="Did you change or delete every code that the lock came with, a master code included?",
    )
    operating_mode = Field[str]("its mode: normal, vacation, privacy, no_remote, passage")
    language = Field[str]("the language it speaks")

    # How it fares
    firmware = Field[str]("which firmware it runs", ask="Which firmware version does the lock run?")
    update_available = Field[bool](
        "a newer firmware is offered", ask="Does the app offer a firmware update?", stale_after=MONTH
    )
    update_version = Field[str]("the newest firmware known for it")
    update_since = Field[date](
        "the day the offered update was published or first seen",
        ask="Since when is the update offered (the day of its release notes, or when you first saw it)?",
    )
    auto_update = Field[bool]("it updates itself", ask="Are automatic firmware updates switched on?")
    battery_percent = Field[int](
        "how much charge its battery has left, in %",
        ask="What battery level does the app show, in %?",
        stale_after=MONTH,
    )
    battery_low = Field[bool]("it says its battery is low")
    battery_days_left = Field[int](
        "how many days its battery will last, by its own history",
        ask="For how many more days will the battery last, going by how long the last ones did?",
        stale_after=MONTH,
    )
    bolt = Field[Literal["thrown", "retracted", "jammed", "unknown"]]("where the bolt is")
    door_open = Field[bool]("the door stands open")
    reachable = Field[bool]("it answers now")
    codes_read = Field[bool]("every code slot was read in this run")

    # What the model can do, and what is known of it
    can_keypad = Field[bool]("of the model: it has a keypad", ask="Does the lock have a keypad?")
    can_cylinder = Field[bool]("of the model: it has a mechanical cylinder", ask="Does the lock have a keyhole?")
    can_auto_relock = Field[bool]("of the model: it can lock itself")
    can_lockout = Field[bool]("of the model: its keypad can lock out after wrong codes")
    can_tamper_alarm = Field[bool]("of the model: it can raise a tamper alarm")
    can_report_wrong_code = Field[bool](
        "it can report wrong codes to the hub", ask="Does the lock's hub or app tell you of wrong codes?"
    )
    can_report_tamper = Field[bool](
        "it can report tampering to the hub", ask="Does the lock's hub or app tell you of tampering?"
    )
    can_schedule = Field[bool]("it can hold a schedule for a code by itself")
    can_update = Field[bool]("of the model: its firmware can be updated")
    code_slots = Field[int]("how many codes it holds")
    code_length_min = Field[int]("how short a code it takes at least, in digits")
    code_length_max = Field[int](
        "how long a code it takes at most, in digits", ask="How many digits may a code on this lock have at most?"
    )
    battery_type = Field[str]("its batteries, as 4×AA")
    emergency_power = Field[str](
        "how it can be powered from outside when flat (9V terminals, USB-C, none)",
        ask="How can the lock be powered from outside when its battery is flat (9V, USB-C, none)?",
    )
    default_codes_known = Field[tuple[str, ...]]("of the model: which default codes its manual names, in words")
    vulnerabilities = Field[tuple[KnownVulnerability, ...]]("which vulnerabilities of the model were published")
    known_issues = Field[tuple[str, ...]]("other known issues of the model")
    publishes_updates = Field[bool](
        "the maker publishes firmware updates for it", ask="Does the maker publish firmware updates for this lock?"
    )
    disclosure_contact = Field[str](
        "where the maker takes reports of flaws",
        ask="Where does the maker take reports of security flaws (an address or a page)?",
    )
    support_until = Field[date](
        "the day the maker's security support ends", ask="Until when does the maker promise security updates?"
    )
    last_release_on = Field[date](
        "the day of the newest firmware the maker released",
        ask="When did the maker release the newest firmware for this lock?",
    )

    # What only a person can tell
    cylinder_grade = Field[Literal["high", "standard", "low", "none"]](
        "how well the cylinder resists picking, drilling and snapping",
        ask="How strong is the cylinder: high (graded or certified), standard, low, or none?",
    )
    keypad_sheltered = Field[bool](
        "the keypad is out of the weather and out of strangers' view",
        ask="Is the keypad sheltered from weather and from strangers' view?",
    )
    on_flat_battery = Field[Literal["stays_locked", "unlocks", "stays_as_is"]](
        "what it does when its battery runs flat",
        ask="What does the lock do when its battery runs flat: stays_locked, unlocks or stays_as_is?",
    )
    flat_battery_tested_on = Field[date](
        "the day it was last tried with its battery out",
        ask="When did you last try the door with the lock's battery out?",
    )
    power_cut_tested_on = Field[date](
        "the day it was last tried with the home's power off",
        ask="When did you last try the door with the home's power off?",
    )
    network_loss_tested_on = Field[date](
        "the day it was last tried with the network off",
        ask="When did you last try the door with the Wi-Fi and hub off?",
    )
    jams_30_days = Field[int]("how often it jammed in the last 30 days")
    last_heard = Field[datetime]("when it last spoke")
