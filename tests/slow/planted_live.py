"""Peers of every live kind that tell a secret in each place that can hold one, and refuse every order with others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from typing import Any, Protocol

from aiohttp import web

from tests.slow.planted import Secrets
from tests.unit.ecosystems import fake_homeassistant, fake_matter, fake_mqtt, fake_zwavejs
from tests.unit.ecosystems.test_homeassistant_link import Home
from tests.unit.ecosystems.test_matter_link import House
from tests.unit.ecosystems.test_zigbee2mqtt import LOCK, STATE
from tests.unit.ecosystems.test_zigbee2mqtt_link import Bridge
from tests.unit.ecosystems.test_zwavejs_events import SENSED

SURNAME, NICK = "Quistgaard", "Zuzinka"
"""Of the person whose code is used, as a hub and as the owner have them."""


_SOCKET: ContextVar[web.WebSocketResponse | None] = ContextVar("socket", default=None)
"""Of the connection whose task this is; none in a test's own."""


class _Several:
    """Serves several clients, an audit beside the service; what is told unasked goes to the one that subscribed."""

    subscriber: web.WebSocketResponse | None = None

    @property
    def socket(self) -> web.WebSocketResponse | None:
        return _SOCKET.get() or self.subscriber

    @socket.setter
    def socket(self, socket: web.WebSocketResponse | None) -> None:
        _SOCKET.set(socket)


class Talker(Protocol):
    """A peer of one kind. `lock` is the key of its lock, `settings` what stands beside `url` in the configuration."""

    lock: str
    settings: str

    def __init__(self, secret: Secrets) -> None: ...

    def serve(self) -> AbstractAsyncContextManager[str]:
        """The url of its server."""

    async def unlock(self) -> None:
        """Somebody opens its lock by the code in slot 3; the order to lock it that follows is refused."""

    async def chatter(self) -> None:
        """It tells whatever else can hold a secret."""

    def forget(self) -> None:
        """Its owner deletes the person there."""

    def told(self) -> bytes:
        """Everything that Nightlatch told it, its sign-in aside."""


class ZwaveJs:
    lock = "3"
    settings = ""

    def __init__(self, secret: Secrets) -> None:
        self.secret = secret
        codes = {slot: secret.pin(f"Z-Wave code {slot} in the cache") for slot in (1, 3)}
        node = fake_zwavejs.lock(3, values=(*SENSED, *fake_zwavejs.code_values(codes)))
        self.server = fake_zwavejs.FakeServer(node)
        self.server.codes = codes
        self.server.admin_code = secret.pin("Z-Wave admin code")
        self.server.operation = {"currentMode": 255, "boltStatus": "locked", "doorStatus": "closed"}
        self.server.obeys = False

    def serve(self) -> AbstractAsyncContextManager[str]:
        return fake_zwavejs.served(self.server)

    async def _node(self, event: str, **more: Any) -> None:
        await self.server.tell(source="node", event=event, nodeId=3, **more)

    async def _value(self, class_: int, property_: str | int, new: Any, old: Any = None, **more: Any) -> None:
        args = {"commandClass": class_, "endpoint": 0, "property": property_, "newValue": new, "prevValue": old}
        await self._node("value updated", args={**args, **more})

    async def unlock(self) -> None:
        secret = self.secret
        self.server.operation = {"currentMode": 0, "boltStatus": "unlocked", "doorStatus": "closed"}
        self.server.fail[3] = {
            "errorCode": "zwave_error",
            "zwaveErrorCode": 204,
            "zwaveErrorCodeName": secret.pin("name of a Z-Wave error"),
            "zwaveErrorMessage": f"cannot set the code {secret.pin('Z-Wave error message')}",
            "message": secret("Z-Wave message"),
            "args": {"userCode": secret.pin("Z-Wave error's arguments")},
        }
        parameters = {"userId": 3, "userCode": secret.pin("Z-Wave notification"), "userName": NICK}
        deeper = {"credentialData": [{"data": secret.pin("nested in a Z-Wave notification")}]}
        await self._node(
            "notification",
            ccId=113,
            args={"type": 6, "event": 6, "label": "Access Control", "parameters": {**parameters, "more": deeper}},
            text=json.dumps({"userCode": secret.pin("JSON in text of Z-Wave")}),
        )

    async def chatter(self) -> None:
        secret = self.secret
        name = {"propertyName": "userCode", "propertyKey": 2}
        await self._value(99, "userCode", secret.pin("new Z-Wave code"), secret.pin("old Z-Wave code"), **name)
        await self._value(99, "userIdStatus", 1, 0, propertyKey=2, note=secret("beside a status"))
        for number, words in enumerate(
            ("Master code", "Code of user 1 (4 to 8 digits)", "PIN code: guest", "Duress PIN")
        ):
            value = int(secret.pin(f"Z-Wave parameter {words}"))
            await self._value(112, number + 100, value, 0, propertyName=words)
        await self._node("notification", ccId=113, args={"type": 6, "event": 16, "eventLabel": "a wrong code",
                         "parameters": {"userCode": secret.pin("wrong code at a Z-Wave lock")}})  # fmt: skip
        node = {**self.server.state["nodes"][1], "highestSecurityClass": 0}
        await self._node("ready", nodeState=node)
        await self._node("alive", error=secret("error of a node"))
        error = f"Timeout: {secret.pin('error of the driver')}"
        await self.server.tell(source="driver", event="error", error=error)
        await self.server.tell(source="driver", event="logging", formattedMessage=[secret.pin("log of the driver")])
        dsk = {"dsk": secret("DSK"), "pin": secret.pin("S2 PIN")}
        await self.server.tell(source="controller", event="inclusion started", secure=True, provisioning=dsk)

    def forget(self) -> None:
        self.server.codes.pop(3)

    def told(self) -> bytes:
        return json.dumps(self.server.commands).encode()


class Zigbee2Mqtt:
    lock = LOCK
    settings = 'username = "hub"\npassword = "file:mqtt"\n'

    def __init__(self, secret: Secrets) -> None:
        self.secret = secret
        users = {"3": {"status": "enabled", "pin_code": secret.pin("PIN in a Zigbee state"), "user_name": NICK}}
        self.bridge = Bridge({**STATE, "users": users})
        info = json.loads(self.bridge.retained["zigbee2mqtt/bridge/info"])
        info["config"]["mqtt"] |= {"user": secret("hub's MQTT user"), "password": secret("hub's MQTT password")}
        info["config"]["advanced"]["network_key"] = secret("Zigbee network key")
        info["config"]["frontend"] = {"auth_token": secret("frontend token over MQTT")}
        self.bridge.retained["zigbee2mqtt/bridge/info"] = json.dumps(info).encode()
        self.bridge.retained["zigbee2mqtt/front_door"] = json.dumps(self.bridge.lock).encode()
        self.bridge.moves = False

    def serve(self) -> AbstractAsyncContextManager[str]:
        return fake_mqtt.listening(self.bridge.serve)

    async def unlock(self) -> None:
        secret = self.secret
        assert self.bridge.lock is not None
        self.bridge.lock |= {"state": "UNLOCK", "lock_state": "unlocked"}
        odd = {
            "pin_code": {"user": 3, "user_type": "unrestricted", "pin_code": secret.pin("pin_code of Zigbee")},
            "action_code": secret.pin("action_code of Zigbee"),
            "last_used_pin_code": secret.pin("last used code of Zigbee"),
            "pin_code_3": secret.pin("a numbered code of Zigbee"),
            "userPin": secret.pin("userPin of Zigbee"),
            "details": json.dumps({"deeper": [{"pin_code": secret.pin("JSON in text of Zigbee")}]}),
            "text": f"PIN {secret.pin('text of Zigbee')} was accepted",
            "otp": f"otpauth://totp/a?secret={secret('TOTP seed of Zigbee')}",
            "rfid_code": secret("tag of Zigbee"),
        }
        action = {"action": "unlock", "action_source_name": "keypad", "action_user": 3, "action_user_name": NICK}
        self.bridge.tell({**self.bridge.lock, **action, **odd})

    async def chatter(self) -> None:
        secret, bridge = self.secret, self.bridge
        assert bridge.lock is not None
        answer = (
            f"Publish 'set' 'state' to 'front_door' failed: 'PIN {secret.pin('log of Zigbee2MQTT')} Status 'FAILURE''"
        )
        bridge.tell({"level": "error", "message": answer}, "zigbee2mqtt/bridge/logging")
        order = {"pin_code": {"user": 4, "pin_code": secret.pin("order of another client")}}
        bridge.tell(order, "zigbee2mqtt/front_door/set")
        users = {"5": {"status": "enabled", "pin_code": secret.pin("PIN of a new user"), "user_name": NICK}}
        bridge.tell({**bridge.lock, "users": users})
        bridge.tell({**bridge.lock, "users": users, "battery": 12, "user_name": NICK, "code": secret.pin("plain code")})
        wrong = {"action": "unlock_failure_invalid_pin_or_id", "action_source_name": "keypad"}
        bridge.tell({**bridge.lock, **wrong, "entered_code": secret.pin("wrong code of Zigbee")})
        bridge.tell({**bridge.lock, "alarm": "tamper_alarm_front_escutcheon", "user_name": NICK})
        fake_mqtt.FakeBroker.say(
            bridge, "zigbee2mqtt/front_door", f'{{"pin_code": {secret.pin("cut off JSON")}'.encode()
        )
        info = json.loads(bridge.retained["zigbee2mqtt/bridge/info"])
        bridge.tell({**info, "permit_join": not info["permit_join"]}, "zigbee2mqtt/bridge/info")

    def forget(self) -> None:
        assert self.bridge.lock is not None
        self.bridge.lock |= {"users": {}}
        self.bridge.retained["zigbee2mqtt/front_door"] = json.dumps(self.bridge.lock).encode()

    def told(self) -> bytes:
        ours = [payload for topic, payload in self.bridge.published if topic.endswith(("/get", "front_door/set"))]
        return b"\n".join(one for one in ours if b'"user": 4' not in one)


class _House(_Several, House):
    """Answers with more than it was asked for, and refuses every order with a secret."""

    def __init__(self, secret: Secrets, node: dict[str, Any]) -> None:
        super().__init__(node)
        pin = secret.pin("details of a Matter error")
        self.declines = f"InteractionModelError: Failure (0x1, PIN {pin})"
        self._more = {
            "1/257/4661": {"pINCode": secret.pin("PIN in an answer of Matter")},
            "1/257/4662": secret.pin("bare"),
        }

    def answer(self, command: str, args: dict[str, Any]) -> dict[str, Any] | None:
        if command == "start_listening":
            self.subscriber = self.socket
        if command == "get_nodes":
            return {"result": self.nodes}
        said = super().answer(command, args)
        if command == "read_attribute" and said is not None:
            said["result"] |= self._more
        return said


class Matter:
    lock = "1"
    settings = ""

    def __init__(self, secret: Secrets) -> None:
        self.secret = secret
        pin = secret.pin("PIN among the attributes of Matter")
        self.house = _House(
            secret, fake_matter.node(attributes={**fake_matter.LOCK, "1/257/4660": pin, "0/40/5": NICK})
        )

    def serve(self) -> AbstractAsyncContextManager[str]:
        return fake_matter.talking(self.house.talk)

    async def unlock(self) -> None:
        secret = self.secret
        self.house.lock["1/257/0"] = 2
        credential = {"credentialType": 1, "credentialIndex": 3, "credentialData": secret.pin("credential of Matter")}
        await self.house.happen(
            2,
            number=7,
            lockOperationType=1,
            operationSource=3,
            userIndex=3,
            credentials=[credential],
            userName=NICK,
            pINCode=secret.pin("PIN in an event of Matter"),
            text=json.dumps({"PINCode": secret.pin("JSON in text of Matter")}),
        )
        await self.house.say("attribute_updated", [1, "1/257/0", 2])

    async def chatter(self) -> None:
        secret, house = self.secret, self.house
        await house.happen(3, number=8, lockOperationType=1, operationError=1, operationSource=3,
                           enteredPin=secret.pin("wrong PIN of Matter"), userName=NICK)  # fmt: skip
        await house.happen(4, number=9, lockDataType=6, dataOperationType=0, userIndex=4, userName=NICK,
                           pinCode=secret.pin("new PIN of Matter"))  # fmt: skip
        await house.happen(0, number=10, alarmCode=5, note=f"code: {secret.pin('note of Matter')}", userName=NICK)
        await house.say("attribute_updated", [1, "1/257/9", secret.pin("an attribute of Matter")])
        await house.say("attribute_updated", [1, "1/257/51", True])
        node = fake_matter.node(attributes={**house.lock, "1/257/3": 0, "1/47/12": 100})
        await house.say("node_updated", {**node, "commissioning_code": secret.pin("commissioning code")})
        await house.say("server_info_updated", {"wifi_credentials": secret("Wi-Fi password of Matter")})

    def forget(self) -> None:
        self.house.nodes[0]["attributes"]["0/40/5"] = "Back"

    def told(self) -> bytes:
        return json.dumps(self.house.asked).encode()


class _Home(_Several, Home):
    """Refuses every service with secrets."""

    def __init__(self, secret: Secrets, answers: dict[str, Any]) -> None:
        super().__init__(answers)
        self._secret = secret

    async def _handle(self, asked: dict[str, Any]) -> None:
        if asked["type"] == "subscribe_entities":
            self.subscriber = self.socket
        if asked["type"] != "call_service":
            await super()._handle(asked)
            return
        secret = self._secret
        error = {
            "code": f"bad_code_{secret.pin('code of an error of Home Assistant')}",
            "message": f"Code {secret.pin('message of an error of Home Assistant')} is wrong",
            "translation_placeholders": {"code": secret.pin("placeholder of Home Assistant")},
        }
        await self.send({"id": asked["id"], "type": "result", "success": False, "error": error})


class HomeAssistant:
    lock = "lock.gate"
    settings = 'token = "env:TOKEN"\n'

    def __init__(self, secret: Secrets) -> None:
        self.secret = secret
        secret.planted["Home Assistant's token"] = fake_homeassistant.TOKEN
        entity = {"entity_id": "lock.gate", "platform": "zwave_js", "device_id": "dev1", "unique_id": "1"}
        secrets = {"code": secret.pin("code of a state"), "access_token": secret("access token of a state")}
        states = [fake_homeassistant.state("lock.gate", "locked", changed_by=SURNAME, **secrets)]
        person = {**fake_homeassistant.OWNER, "name": f"{NICK} {SURNAME}"}
        answers = {
            "config/entity_registry/list": [entity],
            "get_states": states,
            "config/auth/list": [person],
        }
        self.home = _Home(
            secret, {**fake_homeassistant.ANSWERS, "get_config": {"version": "1", "state": "RUNNING"}, **answers}
        )
        self.home.shown = {"lock.gate": {"s": "locked", "a": secrets, "c": "C0"}}

    def serve(self) -> AbstractAsyncContextManager[str]:
        return fake_homeassistant.serve(self.home)

    async def unlock(self) -> None:
        secret = self.secret
        code = secret.pin("attribute of Home Assistant")
        await self.home.show("lock.gate", s="unlocked", a={"changed_by": f"{NICK} {SURNAME}", "code": code}, lc=1.7e9)
        data = {"device_id": "dev1", "command_class": 113, "type": 6, "event": 6, "event_label": "Keypad unlock"}
        parameters = {"userId": 3, "userCode": secret.pin("notification by Home Assistant"), "userName": NICK}
        await self.home.fire("zwave_js_notification", **data, parameters=parameters, text=json.dumps(parameters))

    async def chatter(self) -> None:
        secret, home = self.secret, self.home
        call = {"domain": "lock", "service": "unlock", "service_data": {"code": secret.pin("service data")}}
        await home.fire("automation_triggered", name=f"{NICK} {SURNAME}", source=secret("automation"), **call)
        await home.show("lock.gate", s="jammed", a={"message": f"PIN {secret.pin('message of a lock')}"})
        await home.show("lock.gate", s=secret("an odd state"))
        await home.show("lock.gate", s="unavailable", a={"changed_by": SURNAME})
        context = {"id": "C7", "user_id": secret("id of a user"), "parent_id": None}
        await home.show("lock.gate", s="locked", c=context)

    def forget(self) -> None:
        self.home.answers["config/auth/list"] = []
        state = fake_homeassistant.state("lock.gate", "unlocked")
        self.home.answers["get_states"] = [state]

    def told(self) -> bytes:
        return json.dumps(self.home.said).encode()


TALKERS: Mapping[str, type[Talker]] = {
    "homeassistant": HomeAssistant,
    "matter": Matter,
    "zigbee2mqtt": Zigbee2Mqtt,
    "zwavejs": ZwaveJs,
}
"""Every kind that is heard while Nightlatch runs."""
