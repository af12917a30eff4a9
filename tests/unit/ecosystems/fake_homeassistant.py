"""A Home Assistant in this process, and a configuration folder of one: answers as 2024.3.3 gives them (trimmed)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

TOKEN = "token-that-nobody-may-see"
SEED = "72MN7DO37QX42E36M2OTMHUI3FI7DRTA"
PIN = "860413"

OWNER = {"id": "aaaaaaaa1111", "name": "olivia", "is_owner": True, "group_ids": ["system-admin"]}
RESIDENT = {"id": "bbbbbbbb2222", "name": "rob", "group_ids": ["system-users"], "local_only": True}
GUEST = {"id": "cccccccc3333", "name": "gia", "group_ids": ["system-read-only"]}
SYSTEM = {"id": "dddddddd4444", "name": "Content", "system_generated": True}
LEFT = {"id": "eeeeeeee5555", "name": "lee", "is_active": False, "group_ids": ["system-users"]}

ZWAVE_LOCK = {
    "entity_id": "lock.front",
    "device_id": "dev1",
    "platform": "zwave_js",
    "unique_id": "1",
    "options": {"conversation": {"should_expose": True}, "cloud.alexa": {"should_expose": True}},
}
ENTITIES = [
    ZWAVE_LOCK,
    {"entity_id": "update.front", "device_id": "dev1", "platform": "zwave_js", "unique_id": "1.u"},
    {"entity_id": "sensor.front_battery", "device_id": "dev1", "platform": "zwave_js", "unique_id": "1.b"},
    {"entity_id": "update.core", "platform": "hassio", "unique_id": "home_assistant_core_version_latest"},
    {"entity_id": "lock.shed", "device_id": "dev2", "platform": "cloudlock", "disabled_by": "user"},
]
DEVICE = {
    "id": "dev1",
    "identifiers": [["zwave_js", "3245146787-12"], ["zwave_js", "3245146787-12-297:1:2"]],
    "connections": [],
    "manufacturer": "Yale",
    "model": "YRD256",
    "name": "YRD256",
    "name_by_user": "Front",
    "serial_number": None,
    "sw_version": "1.70",
}
UPDATE = {"installed_version": "1.70", "latest_version": "1.78", "skipped_version": None, "auto_update": False}


def state(entity_id: str, value: str, **attributes: Any) -> dict[str, Any]:
    """A state as `get_states` gives it."""
    at = "2026-11-20T08:30:00.000000+00:00"
    return {"entity_id": entity_id, "state": value, "attributes": attributes, "last_changed": at, "last_updated": at}


STATES = [
    state("lock.front", "locked", friendly_name="Front"),
    state("lock.gate", "unlocked", friendly_name="Gate"),
    state("update.front", "on", **UPDATE),
    state("sensor.front_battery", "61.0", device_class="battery"),
    state("update.core", "off", **UPDATE),
]
ANSWERS: Mapping[str, Any] = {
    "auth/current_user": {
        "id": OWNER["id"],
        "name": "olivia",
        "is_owner": True,
        "is_admin": True,
        "mfa_modules": [{"id": "totp", "name": "TOTP", "enabled": True}],
    },
    "get_config": {"version": "2024.3.3", "location_name": "Elm Street", "external_url": None, "components": []},
    "get_states": STATES,
    "config/auth/list": [OWNER, RESIDENT, GUEST, SYSTEM, LEFT],
    "config/entity_registry/list": ENTITIES,
    "config/device_registry/list": [DEVICE],
    "homeassistant/expose_entity/list": {
        "exposed_entities": {"lock.front": {"conversation": True, "cloud.alexa": True}}
    },
    "cloud/status": {"logged_in": True, "prefs": {"remote_enabled": True, "alexa_enabled": True}},
    "analytics": {"preferences": {"base": True, "usage": False}, "onboarded": True},
    "network/url": {"internal": None, "external": "https://abc.ui.nabu.casa", "cloud": None},
    "entity/source": {"lock.front": {"domain": "zwave_js"}, "lock.gate": {"domain": "cloudlock"}},
    "manifest/get zwave_js": {"domain": "zwave_js", "iot_class": "local_push"},
    "manifest/get cloudlock": {"domain": "cloudlock", "iot_class": "cloud_polling"},
}
REFUSED = {"code": "unauthorized", "message": "Unauthorized"}
UNKNOWN = {"code": "unknown_command", "message": "Unknown command."}


class FakeHomeAssistant:
    """Answers from `answers`; REFUSED and UNKNOWN are errors. `asked` holds the commands it was sent."""

    def __init__(
        self, answers: Mapping[str, Any] | None = None, providers: tuple[str, ...] = ("homeassistant",)
    ) -> None:
        self.answers = {**ANSWERS, **(answers or {})}
        self.providers = providers
        self.asked: list[str] = []

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        """The WebSocket API."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required", "ha_version": "2024.3.3"})
        if (await socket.receive_json())["access_token"] != TOKEN:
            await socket.send_json({"type": "auth_invalid", "message": "Invalid access token or password"})
            return socket
        await socket.send_json({"type": "auth_ok", "ha_version": "2024.3.3"})
        async for message in socket:
            asked = json.loads(message.data)
            self.asked.append(asked["type"])
            await socket.send_json({"id": asked["id"], "type": "result", **self._answer(asked)})
        return socket

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        key = f"{asked['type']} {asked['integration']}" if "integration" in asked else asked["type"]
        answer = self.answers.get(key, UNKNOWN)
        if answer is REFUSED or answer is UNKNOWN:
            return {"success": False, "error": answer}
        return {"success": True, "result": answer}

    async def sign_in_ways(self, request: web.Request) -> web.Response:
        """`GET /auth/providers`."""
        return web.json_response({"providers": [{"type": each} for each in self.providers]})


@asynccontextmanager
async def serve(fake: FakeHomeAssistant) -> AsyncIterator[str]:
    """The url of a server that answers as `fake`."""
    app = web.Application()
    app.router.add_get("/api/websocket", fake.talk)
    app.router.add_get("/auth/providers", fake.sign_in_ways)
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/")


STORAGE: Mapping[str, Any] = {
    "auth": {"users": [OWNER, RESIDENT, GUEST, SYSTEM, LEFT], "refresh_tokens": [{"token": TOKEN}]},
    "auth_module.totp": {"users": {OWNER["id"]: SEED}},
    "http": {"server_port": 8123, "ip_ban_enabled": True, "login_attempts_threshold": 5},
    "core.entity_registry": {"entities": ENTITIES, "deleted_entities": []},
    "core.device_registry": {"devices": [DEVICE], "deleted_devices": []},
    "homeassistant.exposed_entities": {
        "assistants": {},
        "exposed_entities": {"lock.gate": {"assistants": {"conversation": {"should_expose": True}}}},
    },
    "core.analytics": {"onboarded": True, "preferences": {"base": True}, "uuid": "f" * 32},
}
CONFIGURATION = """
homeassistant:
  name: Elm Street
  external_url: https://home.example.org
  auth_providers:
    - type: homeassistant
    - type: trusted_networks
      trusted_networks:
        - 192.168.66.0/24
        - fd00::/8
"""


def write_folder(
    folder: Path, storage: Mapping[str, Any] = STORAGE, *, configuration: str | None = CONFIGURATION
) -> Path:
    """A configuration folder with these files in .storage; a value that is bytes is written as it is."""
    (folder / ".storage").mkdir(parents=True, exist_ok=True)
    for name, data in storage.items():
        if isinstance(data, bytes):
            content = data
        else:
            content = json.dumps({"version": 1, "minor_version": 1, "key": name, "data": data}).encode()
        path = folder / ".storage" / name
        path.write_bytes(content)
        path.chmod(0o600)
    if configuration is not None:
        (folder / "configuration.yaml").write_text(configuration)
    (folder / ".HA_VERSION").write_text("2024.3.3\n")
    return folder
