"""The talk with a running Home Assistant: signed in with a token, one command at a time, commands that only read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import msgspec
from yarl import URL

from nightlatch.ecosystems import _websocket
from nightlatch.ecosystems._homeassistant.messages import (
    Analytics,
    Cloud,
    Config,
    Device,
    Entity,
    Exposed,
    Manifest,
    Me,
    Source,
    State,
    Urls,
    User,
)
from nightlatch.ecosystems._raw import error_code
from nightlatch.ecosystems._websocket import Peer
from nightlatch.errors import ReadError, SourceError
from nightlatch.reading import structured
from nightlatch.secrets import Secret

T = TypeVar("T")

NAME = "Home Assistant"
ANSWER_S = 20.0
"""How long Home Assistant may take for one answer."""
TOTAL_S = 100.0
"""How long everything may take; an audit waits 120 s for a source, and then keeps nothing of what was not yet told."""
MOST_INTEGRATIONS = 32
"""Integrations with locks that are asked for their class."""
_MOST_EVENTS = 1000
_MAX_PAGE = 1024 * 1024
_NEW_TOKEN = "Make a new long-lived access token: your profile, Security."


class _Message(msgspec.Struct, frozen=True):
    """Anything that Home Assistant sends."""

    type: str
    id: int | None = None
    success: bool = False
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: dict[str, Any] = {}
    ha_version: str = ""


@dataclass
class Answers:
    """What was asked and answered; None for what was not. `refused` has the error code of each refused command."""

    version: str = ""
    me: Me | None = None
    config: Config | None = None
    users: list[User] | None = None
    exposed: Exposed | None = None
    cloud: Cloud | None = None
    analytics: Analytics | None = None
    urls: Urls | None = None
    states: list[State] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    """By integration: its iot_class."""
    providers: list[str] | None = None
    """The ways to sign in that this machine is offered, from the REST API."""
    refused: dict[str, str] = field(default_factory=dict)


class _Provider(msgspec.Struct, frozen=True):
    type: str


class _Providers(msgspec.Struct, frozen=True):
    providers: list[_Provider]


def address(url: str) -> URL:
    """The base URL of Home Assistant. SourceError when it is none, or holds a password."""
    try:
        parsed = URL(url)
        port = parsed.port
    except ValueError:
        parsed, port = URL(), None
    if parsed.scheme not in ("http", "https") or not parsed.host or not port:
        raise SourceError(
            f"the url of {NAME} begins with http:// or https://, then host and port",
            where="url",
            todo='Write it as url = "http://192.168.1.5:8123".',
        )
    if parsed.user or parsed.password:
        raise SourceError("a password may not stand in the url", where="url", todo="Remove it: it is not used.")
    return parsed.origin()


async def ask_all(base: URL, token: Secret, answers: Answers) -> None:
    """Fill `answers`, in the order of what matters most. SourceError when the talk breaks; what was filled stays."""
    try:
        async with asyncio.timeout(TOTAL_S):
            await _ask_all(base, token, answers)
    except TimeoutError:
        raise SourceError(
            f"{NAME} did not answer everything within {TOTAL_S:g} s", where=str(base), todo="Is it overloaded?"
        ) from None


async def _ask_all(base: URL, token: Secret, answers: Answers) -> None:
    async with signed_in(base, token) as (peer, answers.version):
        talk = _Talk(peer, answers)
        answers.me = await talk.ask(Me, "auth/current_user")
        answers.config = await talk.ask(Config, "get_config")
        answers.states = await talk.ask(list[State], "get_states") or []
        answers.users = await talk.ask(list[User], "config/auth/list")
        answers.entities = await talk.ask(list[Entity], "config/entity_registry/list") or []
        answers.devices = await talk.ask(list[Device], "config/device_registry/list") or []
        answers.exposed = await talk.ask(Exposed, "homeassistant/expose_entity/list")
        answers.cloud = await talk.ask(Cloud, "cloud/status")
        answers.analytics = await talk.ask(Analytics, "analytics")
        answers.urls = await talk.ask(Urls, "network/url")
        answers.sources = await talk.ask(dict[str, Source], "entity/source") or {}
        for name in _integrations(answers)[:MOST_INTEGRATIONS]:
            manifest = await talk.ask(Manifest, "manifest/get", integration=name)
            if manifest is not None and manifest.iot_class:
                answers.classes[name] = manifest.iot_class
    answers.providers = await _providers(base)


def _integrations(answers: Answers) -> list[str]:
    """The integrations that have locks."""
    names = {entity.platform for entity in answers.entities if entity.entity_id.startswith("lock.")}
    names |= {source.domain for entity, source in answers.sources.items() if entity.startswith("lock.")}
    return sorted(names - {""})


class _Talk:
    def __init__(self, peer: Peer, answers: Answers) -> None:
        self._peer = peer
        self._answers = answers
        self._sent = 0

    async def ask(self, answer: Any, command: str, **arguments: Any) -> Any:
        """The answer to a command; None, and noted in `answers.refused`, when it is refused."""
        self._sent += 1
        await self._peer.send({"id": self._sent, "type": command, **arguments})
        message = await self._result(command)
        if not message.success:
            self._answers.refused[command] = error_code(message.error.get("code"))
            return None
        return structured.json(bytes(message.result), answer, where=f"{self._peer.where} ({command})")

    async def _result(self, command: str) -> _Message:
        try:
            async with asyncio.timeout(ANSWER_S):
                for _ in range(_MOST_EVENTS):
                    message: _Message = await self._peer.receive(_Message, ANSWER_S)
                    if message.type == "result" and message.id == self._sent:
                        return message
        except TimeoutError:
            self._peer.fail(f"did not answer {command} within {ANSWER_S:g} s", "Is it overloaded?")
        self._peer.fail(f"sent {_MOST_EVENTS} messages but no answer to {command}", "Is it overloaded?")


@asynccontextmanager
async def signed_in(base: URL, token: Secret, *, heartbeat: float | None = None) -> AsyncIterator[tuple[Peer, str]]:
    """An open, signed-in WebSocket, and Home Assistant's version. SourceError says why there is none."""
    url = base.with_scheme("wss" if base.scheme == "https" else "ws") / "api/websocket"
    async with _websocket.connect(url, NAME, heartbeat=heartbeat) as peer:
        try:
            first: _Message = await peer.receive(_Message, ANSWER_S)
        except ReadError:
            first = _Message("")
        if first.type != "auth_required":
            raise SourceError(f"does not speak as {NAME} does", where=peer.where, todo=f"Is this {NAME}'s address?")
        await peer.send({"type": "auth", "access_token": token.reveal()})
        if (await _reply(peer)).type != "auth_ok":
            raise SourceError(f"{NAME} refused the token", where=peer.where, todo=_NEW_TOKEN)
        yield peer, first.ha_version


async def _reply(peer: Peer) -> _Message:
    message: _Message = await peer.receive(_Message, ANSWER_S)
    return message


async def _providers(base: URL) -> list[str] | None:
    """How this machine may sign in: `trusted_networks` is listed to addresses that it lets in without a password."""
    try:
        async with (
            asyncio.timeout(ANSWER_S),
            aiohttp.ClientSession() as session,
            session.get(base / "auth/providers", allow_redirects=False) as answer,
        ):
            page = b""
            async for chunk in answer.content.iter_chunked(65_536):
                page += chunk
                if len(page) > _MAX_PAGE:
                    return None
            if answer.status != 200:
                return None
    except (TimeoutError, aiohttp.ClientError):
        return None
    found: _Providers = structured.json(page, _Providers, where=f"{base} (auth/providers)")
    return [provider.type for provider in found.providers]
