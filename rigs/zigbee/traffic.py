"""What goes over the broker: every message under the base topic, kept in order."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from rigs.launch import RigError

Accept = Callable[[Any], bool]


class Traffic:
    """Listens from the moment it is made until `close`; topics are given without the base topic."""

    def __init__(self, port: int, base_topic: str, user: str | None, password: str | None) -> None:
        self._base = base_topic
        self._seen: list[tuple[str, Any]] = []
        self._news = threading.Condition()
        subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(user, password)
        self._client.on_message = self._keep
        self._client.on_connect = lambda client, *_: client.subscribe(f"{base_topic}/#")
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not subscribed.wait(10):
            raise RigError(f"the broker on port {port} does not let {user or 'an anonymous client'} subscribe")

    def _keep(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        with self._news:
            self._seen.append((message.topic.removeprefix(f"{self._base}/"), _decoded(bytes(message.payload))))
            self._news.notify_all()

    def mark(self) -> int:
        """A place in the stream of messages; `wait(since=...)` looks only at what came after it."""
        with self._news:
            return len(self._seen)

    def publish(self, topic: str, payload: object) -> None:
        """Send `payload` as JSON; returns when the broker has it."""
        self._client.publish(f"{self._base}/{topic}", json.dumps(payload), qos=1).wait_for_publish(10)

    def request(self, what: str, payload: dict[str, Any]) -> Any:
        """Ask the bridge for something; returns the data of its answer, RigError if it refuses."""
        transaction, since = secrets.token_hex(4), self.mark()
        self.publish(f"bridge/request/{what}", {**payload, "transaction": transaction})
        answer = self.wait(f"bridge/response/{what}", lambda a: a.get("transaction") == transaction, since=since)
        if answer["status"] != "ok":
            raise RigError(f"bridge/request/{what}: {answer.get('error')}")
        return answer["data"]

    def last(self, topic: str) -> Any:
        """The newest message on a topic; LookupError if there was none."""
        with self._news:
            for seen, payload in reversed(self._seen):
                if seen == topic:
                    return payload
        raise LookupError(f"nothing was published on {topic}")

    def sent(self, since: int) -> list[str]:
        """The topics, after `since`, on which clients asked or ordered something, in order."""
        with self._news:
            orders = ("/get", "/set")
            return [
                seen for seen, _ in self._seen[since:] if seen.endswith(orders) or seen.startswith("bridge/request")
            ]

    def wait(self, topic: str, accept: Accept, *, since: int = 0, seconds: float = 15) -> Any:
        """The first accepted message on a topic, of those after `since`; RigError if none comes in time."""
        found: list[Any] = []

        def arrived() -> bool:
            nonlocal since
            news, since = self._seen[since:], len(self._seen)
            found.extend(payload for seen, payload in news if seen == topic and accept(payload))
            return bool(found)

        with self._news:
            if not self._news.wait_for(arrived, timeout=seconds):
                raise RigError(f"nothing that was waited for came on {self._base}/{topic} in {seconds:g} s")
        return found[0]

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()


def _decoded(payload: bytes) -> Any:
    """JSON, or the plain word that Zigbee2MQTT sends for Home Assistant on DEVICE/action."""
    try:
        return json.loads(payload) if payload else None
    except ValueError:
        return payload.decode()
