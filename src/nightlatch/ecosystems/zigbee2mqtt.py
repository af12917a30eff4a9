"""Zigbee2MQTT, over the broker that it talks to, and from its data folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.ecosystems import _codes, _mqtt
from nightlatch.ecosystems._mqtt_session import client_id, open_session
from nightlatch.ecosystems._told import Told
from nightlatch.ecosystems._zigbee2mqtt import data, devices
from nightlatch.ecosystems._zigbee2mqtt import settings as z2m
from nightlatch.ecosystems._zigbee2mqtt.devices import Device
from nightlatch.ecosystems._zigbee2mqtt.link import Before, Zigbee2MqttLink
from nightlatch.ecosystems._zigbee2mqtt.live import LOCK_SECONDS, Bridge, listen
from nightlatch.ecosystems.interface import Context, Link, Live
from nightlatch.ecosystems.interface import Settings as PlugSettings
from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.model.evidence import Claim, Item, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.reading import structured
from nightlatch.reading.threads import apart
from nightlatch.secrets import Secret
from nightlatch.tasks import end


class Zigbee2Mqtt(Live, kind="zigbee2mqtt"):
    """Reads the bridge's own messages, asks each lock for its state once, and reads the data folder.

    `collect` sets nothing. Never keeps a network key, token, password or PIN: only what derives from them.
    """

    class Settings(PlugSettings, frozen=True):
        """`url` (mqtt or mqtts) with an account of the broker, `data` (Zigbee2MQTT's data folder), or both."""

        url: str | None = None
        username: str | None = None
        password: Secret | None = None
        base_topic: str = "zigbee2mqtt"
        data: Path | None = None

        def __post_init__(self) -> None:
            """Refuse what cannot work, without repeating what may hold a password."""
            if self.url is None and self.data is None:
                raise ValueError('set "url" (the MQTT broker), "data" (the data folder) or both')
            if self.url is not None:
                _mqtt.parse(self.url)
            if not self.base_topic or any(sign in self.base_topic for sign in "+#\0"):
                raise ValueError('"base_topic" must be a topic without + and #')

    gives = (
        *(Hub.software, Hub.version, Hub.parts, Hub.address, Hub.locks, Hub.permit_join),
        *(Hub.mqtt_anonymous, Hub.mqtt_acl),
        *z2m.FIELDS,
        *data.FIELDS,
        *devices.LOCK_FIELDS,
        *devices.STATE_FIELDS,
        *_codes.FIELDS,
    )

    def __init__(self, settings: Settings, context: Context) -> None:
        super().__init__(settings, context)
        self._catalogue = Catalogue()
        self._hub = devices.hub_ref(self)
        self._before = Before()

    async def collect(self) -> AsyncIterator[Item]:
        """The facts of the data folder, then those of the running bridge; the one failing does not stop the other."""
        failures: list[NightlatchError] = []
        codes: list[_codes.Code] = []
        guarded = False  # the data folder told whether the broker's access list guards the locks
        if self.settings.data is not None:
            folder = data.DataFolder(self.settings.data, self, self._catalogue)
            try:
                for item in await apart(lambda: list(folder.read())):
                    guarded = guarded or (isinstance(item, Claim) and item.fact == Hub.mqtt_acl.name)
                    yield item
            except ReadError as error:
                failures.append(error)
            codes += folder.codes
        else:
            yield self.gap(
                *data.FIELDS,
                reason="Zigbee2MQTT does not tell its network key, its token and its files over MQTT",
                settle='its data folder: set "data" of this source',
                about=self._hub,
            )
        if self.settings.url is not None:
            try:
                bridge = await listen(
                    _mqtt.parse(self.settings.url),
                    self.settings.username,
                    self.settings.password,
                    self.settings.base_topic,
                )
                for item in self._bridge_items(bridge, codes, guarded=guarded):
                    yield item
            except (ReadError, SourceError) as error:
                failures.append(error)
                if isinstance(error, _mqtt.Refused) and self.settings.username is None:
                    yield Hub.mqtt_anonymous.claim(self._hub, False, where=f"{error.where} (refused us)")
        else:
            yield self.gap(
                Hub.permit_join,
                reason="whether the network is open to new devices is told by the running bridge only",
                settle='a connection to its broker: set "url" of this source',
                about=self._hub,
            )
        for claim in _codes.claims(list({code.about: code for code in codes}.values()), self.context, self._catalogue):
            yield claim
        if failures:
            raise failures[0] if len(failures) == 1 else SourceError("; ".join(str(one) for one in failures))

    @property
    def connects(self) -> bool:
        """With `url`."""
        return self.settings.url is not None

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        """A connection to the broker, with a session there that lasts, once the bridge has told of its locks."""
        if self.settings.url is None:
            raise SourceError(
                "events and orders need the broker", where=self.context.id, todo='Set "url" of this source.'
            )
        broker, base = _mqtt.parse(self.settings.url), self.settings.base_topic
        name = client_id(self.context.id, base)
        settings = self.settings
        async with open_session(broker, settings.username, settings.password, name, self.context.clock) as session:
            link = Zigbee2MqttLink(self, session, base, self._before)
            running = asyncio.create_task(link.run())
            try:
                await link.begin()
                yield link
            finally:
                await end(running)
                if not running.cancelled():
                    running.result()  # a defect, which is told as one

    def _bridge_items(self, bridge: Bridge, codes: list[_codes.Code], *, guarded: bool) -> Iterator[Item]:
        hub, info = self._hub, bridge.info
        told = Told(f"{bridge.base}/bridge/info")
        yield told(Hub.software, hub, "zigbee2mqtt")
        yield told(Hub.version, hub, info.version, "version")
        yield told(Hub.parts, hub, info.parts(), "coordinator, zigbee_herdsman, os")
        yield told(Hub.permit_join, hub, info.permit_join, "permit_join")
        if info.coordinator.ieee_address:
            yield Same(hub, f"ieee:{info.coordinator.ieee_address.lower()}")
        yield from z2m.items(self, hub, info.config, told)
        if address := z2m.address(info.config, bridge.broker.host):
            yield told(Hub.address, hub, address, "frontend.host, mqtt.server")
        yield from self._broker_items(bridge, guarded=guarded)
        listed = Told(f"{bridge.base}/bridge/devices")
        yield listed(Hub.locks, hub, tuple(self.ref(Lock, lock.ieee_address) for lock in bridge.locks))
        for device in bridge.locks:
            yield from devices.lock_items(self, hub, device, listed)
            yield from self._lock_items(bridge, device, told, codes)

    def _lock_items(self, bridge: Bridge, device: Device, told: Told, codes: list[_codes.Code]) -> Iterator[Item]:
        lock, name = self.ref(Lock, device.ieee_address), device.friendly_name
        if z2m.exposes_pins(bridge.info.config, device.ieee_address, name):
            yield told(Lock.pin_over_air, lock, True, f"config.devices.{device.ieee_address}.expose_pin")
        heard, topic = bridge.states.get(name), f"{bridge.base}/{name}"
        reason = f"the lock did not answer within {LOCK_SECONDS:g} s"
        if heard is not None:
            try:
                state: dict[str, Any] = structured.json(heard.payload, dict[str, Any], where=topic)
            except ReadError as error:
                reason = str(error)
            else:
                seen = Told(f"{topic}, retained" if heard.retained else topic)
                known = self._catalogue.zigbee(device.definition.model) if device.definition else None
                yield from devices.state_items(self, device.ieee_address, state, seen)
                codes += devices.codes(self, device.ieee_address, state, seen, known)
        if heard is not None and not heard.retained:
            yield Told(topic)(Lock.reachable, lock, True, "it answered when asked for its state")
        elif (online := bridge.available.get(name)) is not None:
            yield Told(f"{topic}/availability")(Lock.reachable, lock, online, "state")
        else:
            yield self.gap(
                *(Lock.reachable, Lock.bolt, Lock.battery_percent),
                reason=reason,
                settle="another run while the lock is awake and in reach",
                about=lock,
            )

    def _broker_items(self, bridge: Bridge, *, guarded: bool) -> Iterator[Item]:
        hub, probe = self._hub, bridge.probe
        if probe.admitted is not None:
            says = "lets in" if probe.admitted else "refuses"
            where = f"{bridge.broker} ({says} a client without user and password)"
            yield Hub.mqtt_anonymous.claim(hub, probe.admitted, where=where)
        else:
            yield self.gap(
                Hub.mqtt_anonymous, reason=probe.reason, settle="mosquitto.conf in the data folder", about=hub
            )
        if probe.seen:
            where = f"{bridge.broker} (a client without user and password received {probe.seen[0]})"
            yield Hub.mqtt_acl.claim(hub, False, where=where)
        elif not guarded:
            yield self.gap(
                Hub.mqtt_acl,
                reason="what other accounts of the broker may read and set cannot be told from outside",
                settle="the broker's configuration and access list in or next to the data folder",
                about=hub,
            )
