"""Starts the real Home Assistant, onboards it and changes what owners change in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from rigs.homeassistant import mqtt
from rigs.homeassistant.client import Client, totp
from rigs.launch import RIGS, Process, RigError, free_port, install_python
from rigs.namespace import Namespace
from rigs.zwave.rig import ZwaveRig

HERE = RIGS / "homeassistant"
OWNER, RESIDENT = "olivia", "rob"
_PASSWORD = "a rig that only listens on loopback"


class HomeAssistantRig:
    """Home Assistant with four demo locks, one over MQTT, an owner, and a resident who is no administrator.

    url: its HTTP address, such as http://127.0.0.1:40123. config: its configuration folder.
    token, user_token: long-lived access tokens of the owner (administrator) and of the resident.
    users: the id of each user by name. mqtt_port: its MQTT broker's port on loopback, open to all.
    With `zwave`, a running Z-Wave house, its locks are shown too, by Home Assistant's own Z-Wave.
    """

    def __init__(self, folder: Path, *, zwave: ZwaveRig | None = None) -> None:
        self._program = str(install_python(HERE) / "hass")
        self._folder = folder
        port, self.mqtt_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.config = folder / "config"
        self.config.mkdir(parents=True)
        shutil.copy(HERE / "configuration.yaml", self.config)
        with (self.config / "configuration.yaml").open("a") as settings:
            settings.write(f"\nhttp:\n  server_host: 127.0.0.1\n  server_port: {port}\n")
        # Its integrations call home (weather, alerts, the cloud): in a namespace they can't.
        lent = [int(zwave.url.rpartition(":")[2])] if zwave is not None else []
        self._namespace = Namespace(folder, ports=[port, self.mqtt_port], lent=lent)
        self._running: list[Process] = []
        try:
            self._running.append(mqtt.start_broker(self._namespace, folder, self.mqtt_port))
            mqtt.announce_lock(self.mqtt_port)
            self.client = Client(self.url)
            process = self._start()
            self._onboard()
            mqtt.set_up(self.client, self.token, self.mqtt_port)
            self._wait(process, "show the lock over MQTT", self._knows_mqtt_lock)
            if zwave is not None:
                self._add_zwave(zwave.url)
                nodes = {*zwave.nodes}
                self._wait(process, "show the Z-Wave locks", lambda: nodes <= self.zwave_locks().keys())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End Home Assistant (it writes what it still holds in memory to `config`), broker and namespace."""
        for process in reversed(self._running):
            process.stop(30)
        self._namespace.stop()

    def restart(self) -> None:
        """Stop Home Assistant and start it again, its configuration folder as it was; back when it has started."""
        self.end()
        self.begin()

    def end(self) -> None:
        """Stop Home Assistant; the broker stays."""
        self._running.pop().stop(30)

    def begin(self) -> None:
        """Start Home Assistant again; back when it shows its locks."""
        self._wait(self._start(), "show the lock over MQTT", self._knows_mqtt_lock)

    def _start(self) -> Process:
        process = Process(
            "Home Assistant",
            # Everything it needs is in the lock file; --skip-pip keeps it from asking the internet for more.
            self._namespace.command(self._program, "--config", str(self.config), "--skip-pip"),
            folder=self._folder,
            log=self._folder / "homeassistant.log",
        )
        self._running.append(process)
        self._wait(process, "answer over HTTP", self.client.answers)
        return process

    def state(self, entity_id: str) -> str | None:
        """The state of an entity; None where there is no such entity."""
        states = self.client.command(self.token, type="get_states")
        return next((each["state"] for each in states if each["entity_id"] == entity_id), None)

    def zwave_locks(self) -> dict[int, str]:
        """The Z-Wave locks that it shows: their entities by node id."""
        entities = self.client.command(self.token, type="config/entity_registry/list")
        devices = {one["id"]: one for one in self.client.command(self.token, type="config/device_registry/list")}
        found: dict[int, str] = {}
        for entity in entities:
            if entity["platform"] == "zwave_js" and entity["entity_id"].startswith("lock."):
                ids = [one for _, one in devices[entity["device_id"]]["identifiers"]]
                found[int(ids[0].split("-")[1])] = entity["entity_id"]
        return found

    def _add_zwave(self, url: str) -> None:
        path = "/api/config/config_entries/flow"
        flow = self.client.post(path, {"handler": "zwave_js", "show_advanced_options": False}, token=self.token)
        done = self.client.post(f"{path}/{flow['flow_id']}", {"url": url}, token=self.token)
        if done["type"] != "create_entry":
            raise RigError(f"Home Assistant did not take the Z-Wave server: {done}")

    def wait_state(self, entity_id: str, state: str | None, seconds: float = 15) -> None:
        """Return once an entity shows a state, or (None) is gone; RigError when that takes longer."""
        deadline = time.monotonic() + seconds
        while (shown := self.state(entity_id)) != state:
            if time.monotonic() > deadline:
                raise RigError(f"{entity_id} showed {shown!r} instead of {state!r} for {seconds:g} s")
            time.sleep(0.05)

    def ask_alexa(self, name: str, entity_id: str) -> None:
        """Have Alexa say `Lock` or `Unlock` to a lock, as her cloud tells Home Assistant."""
        header = {"namespace": "Alexa.LockController", "name": name, "payloadVersion": "3", "messageId": "1"}
        endpoint = {"endpointId": entity_id.replace(".", "#"), "cookie": {}}
        directive = {"header": {**header, "correlationToken": "1"}, "endpoint": endpoint, "payload": {}}
        self.client.post("/api/alexa/smart_home", {"directive": directive}, token=self.token)

    def expose(self, entity_id: str, *, to: str = "conversation", exposed: bool = True) -> None:
        """Let a voice assistant (conversation, cloud.alexa, cloud.google_assistant) use an entity, or stop it."""
        self.client.command(
            self.token,
            type="homeassistant/expose_entity",
            assistants=[to],
            entity_ids=[entity_id],
            should_expose=exposed,
        )

    def enable_totp(self, token: str) -> None:
        """Set up an authenticator app for the user a token belongs to."""
        form = self.client.command(token, type="auth/setup_mfa", mfa_module_id="totp")
        code = totp(form["description_placeholders"]["code"], time.time())
        done = self.client.command(token, type="auth/setup_mfa", flow_id=form["flow_id"], user_input={"code": code})
        if done["type"] != "create_entry":
            raise RigError(f"Home Assistant did not take the authenticator app: {done}")

    def disable_totp(self, token: str) -> None:
        """Take the authenticator app of the user a token belongs to away again."""
        self.client.command(token, type="auth/depose_mfa", mfa_module_id="totp")

    def wait_stored(self, name: str, text: str, seconds: float = 20) -> None:
        """Return once the file `name` in .storage holds `text`: Home Assistant writes up to 10 s late."""
        path = self.config / ".storage" / name
        deadline = time.monotonic() + seconds
        while not (path.exists() and text in path.read_text()):
            if time.monotonic() > deadline:
                raise RigError(f"Home Assistant did not write {text!r} to {name} in {seconds:g} s")
            time.sleep(0.1)

    def _knows_mqtt_lock(self) -> bool:
        states = {each["entity_id"]: each["state"] for each in self.client.command(self.token, type="get_states")}
        return states.get("lock.back_door") == "locked" and states.get("update.back_door") == "on"

    def _wait(self, process: Process, what: str, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not done():
            if process.popen.poll() is not None or time.monotonic() > deadline:
                raise process.fail(f"did not {what}")
            time.sleep(0.1)

    def _onboard(self) -> None:
        client = self.client
        code = client.post(
            "/api/onboarding/users",
            {
                "client_id": client.id,
                "name": OWNER,
                "username": OWNER,
                "password": _PASSWORD,
                "language": "en",
            },
        )["auth_code"]
        owner = client.exchange(code)
        client.post("/api/onboarding/analytics", {}, token=owner)
        self.token = self._long_lived(owner)
        user = client.command(
            owner, type="config/auth/create", name=RESIDENT, group_ids=["system-users"], local_only=False
        )["user"]
        client.command(
            owner,
            type="config/auth_provider/homeassistant/create",
            user_id=user["id"],
            username=RESIDENT,
            password=_PASSWORD,
        )
        self.user_token = self._long_lived(client.sign_in(RESIDENT, _PASSWORD))
        self.users = {each["name"]: each["id"] for each in client.command(owner, type="config/auth/list")}

    def _long_lived(self, token: str) -> str:
        made: str = self.client.command(
            token, type="auth/long_lived_access_token", client_name="Nightlatch", lifespan=30
        )
        return made
