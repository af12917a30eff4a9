"""An open protocol has many readers and many makers: its flaws are found, and its locks outlive a vendor."""

from __future__ import annotations

from nightlatch.fixes import locks
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.practices.interface import Judgement, Practice, fails, passes, unknown

practice = Practice(
    "open-standards",
    number=4,
    section=Section.DEVICE_SELECTION,
    severity=Severity.LOW,
    title="Prefer locks that speak an open standard",
    why="A published protocol is examined by many and works with hubs of many makers. A secret one ties the door to "
    "one company, and nobody outside can say how safe it is.",
    standards=("ETSI EN 303 645 V3.1.3 5.5-2",),
)

_OPEN = {"zwave": "Z-Wave", "zigbee": "Zigbee", "matter": "Matter"}


@practice.check(
    "open-radio",
    per=Lock,
    title="The lock speaks an open standard",
    needs=(Lock.radio,),
    settled_by="the hub that commands the lock, the lock's model for the catalogue, or your answer",
)
def open_radio(lock: Lock, home: Home) -> Judgement:
    """Judge the protocol, which is a property of the model: catalogued evidence counts."""
    radio = lock.radio
    if radio is None:
        return unknown()
    name = _OPEN.get(radio.value)
    certificate = lock.certificate
    if name is not None:
        proof = f", certificate {certificate.value}" if certificate is not None and certificate.value else ""
        return passes(radio, certificate, because=f"It speaks {name}{proof}.")
    if radio.value == "proprietary":
        return fails(radio, because="It speaks only its maker's own protocol.", fix=locks.choose_open_lock)
    carrier = "Bluetooth" if radio.value == "ble" else "Wi-Fi"
    iot_class = lock.iot_class
    if iot_class is not None:
        if iot_class.value.startswith("local"):
            return passes(
                radio, iot_class, because=f"Its {carrier} protocol is known well enough for a hub to speak it."
            )
        if iot_class.value.startswith("cloud"):
            return fails(
                radio,
                iot_class,
                because=f"Its {carrier} carries a protocol that only its maker's cloud speaks.",
                fix=locks.choose_open_lock,
            )
    return unknown(radio, because=f"What its {carrier} carries, a documented protocol or a secret one, is not known.")
