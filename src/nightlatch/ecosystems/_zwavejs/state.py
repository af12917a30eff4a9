"""What the driver's state tells of the hub and of each lock, without asking a lock anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Raw, Struct

from nightlatch.ecosystems._zwavejs.messages import (
    FIRMWARE_UPDATE,
    NOTIFICATION,
    SCHEDULE_ENTRY_LOCK,
    USER_CREDENTIAL,
    Node,
    State,
    Version,
    decoded,
)
from nightlatch.model.evidence import Claim, Gap, Item, Ref, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock, SecurityClass

LOCK_FIELDS = (
    Lock.name,
    Lock.hub,
    Lock.maker,
    Lock.model,
    Lock.zwave_id,
    Lock.radio,
    Lock.path,
    Lock.security,
    Lock.firmware,
    Lock.can_report_tamper,
    Lock.can_report_wrong_code,
    Lock.can_schedule,
    Lock.can_update,
    Lock.last_heard,
)
HUB_FIELDS = (Hub.software, Hub.version, Hub.parts, Hub.permit_join, Hub.analytics, Hub.locks)

SECURITY: dict[int, SecurityClass] = {
    2: "s2_access_control",
    1: "s2_authenticated",
    0: "s2_unauthenticated",
    7: "s0",
    -1: "none",
}
"""The driver's security classes."""
_INCLUDING = 1

_ACCESS_CONTROL, _HOME_SECURITY = "6", "7"
_INVALID_CODE = "4"
_KEYPAD_DISABLED = "16"
_TAMPERING = "Tampering, product"


class Notifications(Struct, frozen=True):
    """The events that a notification type can tell."""

    supportedEvents: dict[str, Raw] = {}


class NotificationTypes(Struct, frozen=True):
    """The notification types of one endpoint."""

    supportedNotificationTypes: dict[str, Notifications] = {}


class Reported(Struct, frozen=True):
    """The result of `node.get_supported_notification_events`."""

    events: tuple[NotificationTypes, ...] = ()

    def types(self) -> dict[str, Notifications]:
        """The events by notification type, over all endpoints."""
        return {number: one for part in self.events for number, one in part.supportedNotificationTypes.items()}


def hub_claims(hub: Ref, version: Version, state: State, locks: tuple[Ref, ...]) -> Iterator[Claim]:
    """What the server, the driver and the controller stick are, and whether they let devices join."""
    parts = {
        "server": version.serverVersion,
        "device database": state.driver.configVersion,
        "controller firmware": state.controller.firmwareVersion,
        "controller SDK": state.controller.sdkVersion,
    }
    yield Hub.software.claim(hub, "zwave-js", where="version")
    if version.driverVersion:
        yield Hub.version.claim(hub, version.driverVersion, where="version.driverVersion")
    yield Hub.parts.claim(hub, tuple(f"{name} {number}" for name, number in parts.items() if number), where="version")
    if state.controller.inclusionState is not None:
        joining = state.controller.inclusionState == _INCLUDING
        yield Hub.permit_join.claim(hub, joining, where="controller.inclusionState")
    if state.driver.statisticsEnabled is not None:
        yield Hub.analytics.claim(hub, state.driver.statisticsEnabled, where="driver.statisticsEnabled")
    yield Hub.locks.claim(hub, locks, where="nodes")


def lock_items(lock: Ref, hub: Ref, home_id: int, node: Node, reported: Reported | None) -> Iterator[Item]:
    """What the driver knows of a lock. `reported` is None where the server cannot tell it."""
    at = f"node {node.nodeId}"
    yield Same(lock, f"zwave:0x{home_id:08x}/{node.nodeId}")
    yield Lock.hub.claim(lock, hub, where=at)
    yield Lock.radio.claim(lock, "zwave", where=at)
    yield Lock.path.claim(lock, "local", where=at)
    config = node.deviceConfig
    texts = {
        Lock.name: (node.name, "name"),
        Lock.maker: (config and config.manufacturer, "deviceConfig.manufacturer"),
        Lock.model: ((config and config.label) or node.label, "deviceConfig.label"),
        Lock.firmware: (node.firmwareVersion, "firmwareVersion"),
    }
    for field, (text, name) in texts.items():
        if text:
            yield field.claim(lock, text, where=f"{at}, {name}")
    if node.ids is not None:
        yield Lock.zwave_id.claim(
            lock, ":".join(f"0x{number:04x}" for number in node.ids), where=f"{at}, manufacturerId"
        )
    if node.heard is not None:
        yield Lock.last_heard.claim(lock, node.heard, where=f"{at}, lastSeen")
    yield from _security(lock, node)
    yield from _abilities(lock, node, reported)


def _security(lock: Ref, node: Node) -> Iterator[Item]:
    security = SECURITY.get(node.highestSecurityClass) if node.highestSecurityClass is not None else None
    if security is not None:
        yield Lock.security.claim(lock, security, where=f"node {node.nodeId}, highestSecurityClass")
    else:
        yield Gap(
            (Lock.security.path,),
            f"The driver has not found out the security class of node {node.nodeId}.",
            f"Interview node {node.nodeId} again in your Z-Wave software, then audit again.",
            lock,
        )


def _abilities(lock: Ref, node: Node, reported: Reported | None) -> Iterator[Claim]:
    if not node.supports:
        return
    at = f"node {node.nodeId}"
    if USER_CREDENTIAL not in node.supports:
        # A lock with the newer User Credential class keeps schedules there; that is not asked.
        schedules = SCHEDULE_ENTRY_LOCK in node.supports
        yield Lock.can_schedule.claim(lock, schedules, where=f"{at}, command class Schedule Entry Lock")
    if FIRMWARE_UPDATE in node.supports:
        yield Lock.can_update.claim(lock, True, where=f"{at}, command class Firmware Update Meta Data")
    types = reported.types() if reported is not None else {}
    events = {f"{number}/{event}" for number, one in types.items() for event in one.supportedEvents}
    states = _states(node)
    wrong_code = f"{_HOME_SECURITY}/{_INVALID_CODE}" in events or _KEYPAD_DISABLED in states.get("Keypad state", {})
    tamper = any(str(label).startswith(_TAMPERING) for labels in states.values() for label in labels.values())
    where = f"{at}, supported notification events"
    # Without any list, as on locks older than Notification version 3, silence proves nothing.
    if wrong_code or types:
        yield Lock.can_report_wrong_code.claim(lock, wrong_code, where=where)
    if tamper or types:
        yield Lock.can_report_tamper.claim(lock, tamper, where=where)


def _states(node: Node) -> dict[str, dict[str, Any]]:
    """The states that notification values can take, with their labels, by the value's name."""
    return {
        str(value.propertyKey): {number: decoded(label, str) for number, label in value.metadata.states.items()}
        for value in node.values
        if value.commandClass == NOTIFICATION and value.endpoint == 0
    }
