"""Starts the whole rig: broker, simulated radio, Zigbee2MQTT, and a lock that has joined."""

from __future__ import annotations

import secrets
import socket
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import yaml

from rigs.launch import RIGS, Process, RigError, free_port, install_node, node_bin, node_env

from . import broker
from .traffic import Traffic

HERE = Path(__file__).parent
LOCK = "0x000d6f0011223344"
Configuration = dict[str, Any]
NetworkKey = Literal["random", "published", "absent", "generate"] | tuple[int, ...]


@dataclass(frozen=True)
class Settings:
    """How the owner set it up.

    network_key: `random`, `published` (the one in Zigbee2MQTT's manual), `absent` (Zigbee2MQTT then uses
        the published one too), `generate` (Zigbee2MQTT makes one), or 16 numbers of 0 to 255.
    auth_token: what the frontend asks for, or `!secret.yaml NAME`; None leaves it open.
    frontend: whether the web frontend runs.
    frontend_host: the address that the frontend listens on.
    accounts: user names of the broker, the first being Zigbee2MQTT's; none lets anybody in.
    acl: the text of the broker's ACL file.
    homeassistant: whether Zigbee2MQTT announces its devices to Home Assistant.
    device_options: what Zigbee2MQTT's `device_options` set, as `{"qos": 1}`.
    log_level: what Zigbee2MQTT logs, and publishes on `bridge/logging`.
    """

    network_key: NetworkKey = "random"
    auth_token: str | None = None
    frontend: bool = True
    frontend_host: str = "127.0.0.1"
    accounts: tuple[str, ...] = ()
    acl: str | None = None
    homeassistant: bool = False
    device_options: Configuration = field(default_factory=dict)
    log_level: str = "info"


@dataclass
class ZigbeeRig:
    """A running Zigbee2MQTT with one Yale lock; use it in a `with` statement.

    base_topic: the MQTT topic that everything of Zigbee2MQTT is under.
    data: its data folder; the broker's files are in `mosquitto` beside it.
    passwords: made at random for each of the settings' accounts.
    """

    settings: Settings = field(default_factory=Settings)
    base_topic: str = "zigbee2mqtt"

    def __post_init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="nightlatch-zigbee-")
        self.folder = Path(self._temporary.name)
        self.data = self.folder / "data"
        self.data.mkdir()
        self.passwords: dict[str, str] = {}
        self._network_key = _make_key(self.settings.network_key)
        self._mqtt_port, self._frontend_port = free_port(), free_port()
        self._radio_port, self._control_port = free_port(), free_port()
        self._running: dict[str, Process] = {}
        self._traffic: Traffic | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
            self._let_the_lock_join()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def mqtt_url(self) -> str:
        """Where the broker listens; without user and password."""
        return f"mqtt://127.0.0.1:{self._mqtt_port}"

    @property
    def frontend_url(self) -> str:
        """Where the web frontend listens when it is on."""
        return f"http://127.0.0.1:{self._frontend_port}"

    @property
    def user(self) -> str | None:
        """The broker's user name that Zigbee2MQTT signs in with."""
        return self.settings.accounts[0] if self.settings.accounts else None

    @property
    def traffic(self) -> Traffic:
        """What goes over the broker under the base topic, seen with Zigbee2MQTT's own account."""
        if self._traffic is None:
            raise RuntimeError("the zigbee rig is not running")
        return self._traffic

    def do(self, order: str) -> str:
        """Give the simulated lock an order (see fakeznp/control.py); returns its answer."""
        with socket.create_connection(("127.0.0.1", self._control_port), timeout=5) as control:
            control.sendall(order.encode() + b"\n")
            answer = control.makefile().readline().strip()
        if answer.startswith("error"):
            raise ValueError(answer)
        return answer

    def permit_join(self, allowed: bool) -> None:
        """Open or close the network for new devices; returns when bridge/info says so."""
        since = self.traffic.mark()
        self.traffic.request("permit_join", {"time": 254 if allowed else 0})
        self.traffic.wait("bridge/info", lambda info: bool(info["permit_join"]) is allowed, since=since)

    def restart(self, **changes: Any) -> None:
        """Stop, change these `Settings`, start again.

        Another network key is another network: the stick then starts empty and the lock joins anew.
        """
        self._halt("zigbee2mqtt", "mosquitto")
        before, self.settings = self.settings, replace(self.settings, **changes)
        new_network = before.network_key != self.settings.network_key
        if new_network:
            self._halt("radio")
            self._network_key = _make_key(self.settings.network_key)
        self._start()
        if new_network:
            self._let_the_lock_join()

    def restart_zigbee2mqtt(self) -> None:
        """End Zigbee2MQTT and start it again; broker and stick go on."""
        self._running.pop("zigbee2mqtt").stop()
        self._running["zigbee2mqtt"] = self._start_zigbee2mqtt()

    def restart_broker(self) -> None:
        """End the broker and start it again, empty; Zigbee2MQTT connects anew by itself (after some seconds)."""
        self._halt("mosquitto")
        self._running["mosquitto"] = self._start_broker()
        password = self.passwords[self.user] if self.user else None
        self._traffic = Traffic(self._mqtt_port, self.base_topic, self.user, password)
        self._traffic.wait("bridge/state", lambda state: state["state"] == "online", seconds=30)

    def stop(self) -> None:
        """End every process and delete the folder."""
        self._halt("zigbee2mqtt", "radio", "mosquitto")
        self._temporary.cleanup()

    def _halt(self, *names: str) -> None:
        if self._traffic is not None:
            self._traffic.close()
            self._traffic = None
        for name in names:
            if process := self._running.pop(name, None):
                process.stop()

    def _start(self) -> None:
        self.passwords = {name: self.passwords.get(name) or secrets.token_hex(12) for name in self.settings.accounts}
        self._running["mosquitto"] = self._start_broker()
        if "radio" not in self._running:
            self._running["radio"] = self._start_radio()
        self._write_configuration()
        password = self.passwords[self.user] if self.user else None
        self._traffic = Traffic(self._mqtt_port, self.base_topic, self.user, password)
        self._running["zigbee2mqtt"] = self._start_zigbee2mqtt()

    def _start_broker(self) -> Process:
        return broker.start(self.folder / "mosquitto", self._mqtt_port, self.passwords, self.settings.acl)

    def _start_radio(self) -> Process:
        ports = [str(self._radio_port), str(self._control_port)]
        command = [sys.executable, "-m", "rigs.zigbee.fakeznp", *ports]
        radio = Process("radio", command, folder=RIGS.parent, log=self.folder / "radio.log")
        radio.wait_port(self._control_port)
        return radio

    def _start_zigbee2mqtt(self) -> Process:
        # It rebuilds itself when its working folder is in a git repository whose commit it does not know.
        log = self.folder / "zigbee2mqtt.log"
        log.unlink(missing_ok=True)
        hub = Process(
            "zigbee2mqtt",
            [str(node_bin() / "node"), str(HERE / "node_modules/zigbee2mqtt/cli.js")],
            folder=self.folder,
            log=log,
            env=node_env(ZIGBEE2MQTT_DATA=str(self.data)),
        )
        # bridge/state says "online" before requests are listened to; this line comes after.
        if self.settings.log_level == "info":
            hub.wait_log("Zigbee2MQTT started!")
        else:
            self._wait_until_it_listens()
        return hub

    def _wait_until_it_listens(self) -> None:
        """A request before it listens is lost: ask until it answers."""
        for _ in range(40):
            since = self.traffic.mark()
            self.traffic.publish("bridge/request/health_check", {})
            try:
                self.traffic.wait("bridge/response/health_check", lambda _: True, since=since, seconds=0.5)
            except RigError:
                continue
            return
        raise RigError("Zigbee2MQTT answered no request within 20 s")

    def _write_configuration(self) -> None:
        """Write configuration.yaml, keeping what Zigbee2MQTT itself has written into it (its devices)."""
        path = self.data / "configuration.yaml"
        before: Configuration = yaml.safe_load(path.read_text()) if path.exists() else {}
        now = {key: value for key, value in before.items() if key in ("version", "devices", "groups")}
        path.write_text(yaml.safe_dump(now | self._configuration(), sort_keys=False))

    def _configuration(self) -> Configuration:
        settings = self.settings
        mqtt: Configuration = {"base_topic": self.base_topic, "server": self.mqtt_url}
        if self.user:
            mqtt |= {"user": self.user, "password": self.passwords[self.user]}
        frontend: Configuration = {
            "enabled": settings.frontend,
            "host": settings.frontend_host,
            "port": self._frontend_port,
        }
        if settings.auth_token is not None:
            frontend["auth_token"] = settings.auth_token
        network: Configuration = {"channel": 15, "pan_id": 0x1A2B, "ext_pan_id": [113, 174, 149, 142, 116, 36, 84, 26]}
        if self._network_key is not None:
            network["network_key"] = self._network_key
        return {
            "version": 5,
            "mqtt": mqtt,
            "serial": {"port": f"tcp://127.0.0.1:{self._radio_port}", "adapter": "zstack"},
            "advanced": {"log_level": settings.log_level, "log_output": ["console"], **network},
            "frontend": frontend,
            "homeassistant": {"enabled": settings.homeassistant},
            "device_options": settings.device_options,
            "ota": {"disable_automatic_update_check": True},
            "onboarding": False,
        }

    def _let_the_lock_join(self) -> None:
        since = self.traffic.mark()
        self.permit_join(True)
        self.traffic.wait(
            "bridge/devices",
            lambda devices: any(d["ieee_address"] == LOCK and d["interview_state"] == "SUCCESSFUL" for d in devices),
            since=since,
            seconds=30,
        )
        self.permit_join(False)


def _make_key(wanted: NetworkKey) -> list[int] | str | None:
    """What configuration.yaml shall say; None for nothing."""
    match wanted:
        case "generate":
            return "GENERATE"
        case "absent":
            return None
        case "published":
            return [1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13]
        case "random":
            return list(secrets.token_bytes(16))
    return list(wanted)


def install() -> None:
    """Everything the rig needs on the machine: Zigbee2MQTT by npm, and Mosquitto."""
    install_node(HERE)
    broker.install()
