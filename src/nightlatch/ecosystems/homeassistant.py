"""Home Assistant, asked live over WebSocket and REST, and from its configuration folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Set
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from yarl import URL

from nightlatch.ecosystems._homeassistant import folder as _folder
from nightlatch.ecosystems._homeassistant import hub as _hub
from nightlatch.ecosystems._homeassistant import link, live, locks, people
from nightlatch.ecosystems._homeassistant.live import NAME, Answers
from nightlatch.ecosystems._homeassistant.messages import LONGEST, Analytics, Cloud
from nightlatch.ecosystems._listening import listens
from nightlatch.ecosystems._told import Told
from nightlatch.ecosystems.interface import Context, Link, Live
from nightlatch.ecosystems.interface import Settings as PlugSettings
from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.model.evidence import Claim, Gap, Grade, Item, Ref
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.thing import Field
from nightlatch.reading.threads import apart
from nightlatch.secrets import Secret

_NO_SUCH_COMMAND = "unknown_command"
_TRUST = "trusted_networks"
_SET_CONFIG = 'its configuration folder: set "config" of this source'
_SET_TOKEN = "a long-lived access token of an administrator"
_ADMIN_ONLY: dict[str, Field[Any]] = {
    "config/auth/list": Hub.users,
    "homeassistant/expose_entity/list": Hub.voice_exposed,
    "analytics": Hub.analytics,
}
_LIVE_ONLY = (Lock.iot_class, Lock.bolt, Lock.reachable, Lock.battery_percent, Lock.update_available)


class HomeAssistant(Live, kind="homeassistant"):
    """Asks Home Assistant for its accounts, settings, locks and updates, and reads its configuration folder.

    Collecting calls no service and changes nothing; a link calls `lock.lock` and `lock.unlock` when told to.
    Never keeps a token, the seed of an authenticator app, a password or a default code: only that it is there.
    """

    class Settings(PlugSettings, frozen=True):
        """`url` with a long-lived access `token`, `config` (Home Assistant's configuration folder), or all three."""

        url: str | None = None
        token: Secret | None = None
        config: Path | None = None

        def __post_init__(self) -> None:
            """Refuse what cannot work."""
            if self.url is None and self.config is None:
                raise ValueError('set "url" and "token" (a long-lived access token), "config" (the folder) or all')
            if (self.url is None) != (self.token is None):
                raise ValueError('"url" and "token" need each other')

    gives = tuple(
        dict.fromkeys(
            (
                *(Hub.name, Hub.software, Hub.version, Hub.address, Hub.listens, Hub.asks_sign_in, Hub.tls),
                *(Hub.frontend_sign_in, Hub.default_name, Lock.iot_class),
                *_folder.FIELDS,
                *locks.FIELDS,
                *locks.UPDATE_FIELDS,
            )
        )
    )

    def __init__(self, settings: Settings, context: Context) -> None:
        super().__init__(settings, context)
        self._hub = self.ref(Hub, "server")

    async def collect(self) -> AsyncIterator[Item]:
        """The facts of the folder, then those of the running server; the one failing does not stop the other."""
        failures: list[NightlatchError] = []
        told: set[str] = set()
        locks_told: dict[Ref, None] = {}
        if self.settings.config is not None:
            reading = _folder.Folder(self.settings.config, self, self._hub)
            try:
                for item in await apart(lambda: list(reading.read())):
                    if isinstance(item, Claim):
                        told.add(f"{item.about.kind}.{item.fact}")
                        if item.about.kind == Lock.kind:
                            locks_told[item.about] = None
                    yield item
            except ReadError as error:
                failures.append(error)
        if self.settings.url is not None:
            answers = Answers()
            try:
                base = live.address(self.settings.url)
                await live.ask_all(base, self.settings.token, answers)
            except (ReadError, SourceError) as error:
                failures.append(error)
            if answers.version:
                for item in self._answered(base, answers, told):
                    yield item
        else:
            for gap in self._live_only(locks_told):
                yield gap
        if failures:
            raise failures[0] if len(failures) == 1 else SourceError("; ".join(str(one) for one in failures))

    @property
    def connects(self) -> bool:
        """With `url`."""
        return self.settings.url is not None

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        """A signed-in WebSocket to the running Home Assistant."""
        if self.settings.url is None:
            raise SourceError(
                "only a running Home Assistant tells what happens",
                where=self.context.id,
                todo='Set "url" and "token" of this source.',
            )
        async with link.connect(self, live.address(self.settings.url), self.settings.token) as connected:
            yield connected

    def _answered(self, base: URL, answers: Answers, told: Set[str]) -> Iterator[Item]:
        """Everything that follows from the answers, and a gap for what was refused and the folder did not tell."""
        hub = self._hub
        yield from self._server_claims(base, answers)
        if answers.providers is not None and _TRUST in answers.providers and Hub.trusted_networks.path not in told:
            where = "GET /auth/providers (it is offered to this machine)"
            yield Hub.trusted_networks.claim(hub, ("the network of this machine",), where=where)
        has_locks = any(state.entity_id.startswith("lock.") for state in answers.states)
        if answers.me is not None:
            yield from people.own_account(self, hub, answers.me, has_locks=has_locks)
        if answers.users is not None:
            yield from people.accounts(self, hub, answers.users, Told("config/auth/list"), has_locks=has_locks)
        if answers.states:
            yield from self._locks(answers)
        if answers.exposed is not None:
            exposed = answers.exposed.exposed_entities.items()
            yield _hub.voice_claim(hub, exposed, answers.cloud, Told("homeassistant/expose_entity/list"))
        yield from self._optional(answers)
        yield from self._gaps(answers, told)

    def _server_claims(self, base: URL, answers: Answers) -> Iterator[Claim]:
        hub, host, port = self._hub, str(base.host), base.port or 0
        told, greeting = Told("url"), Told("auth_required")
        yield told(Hub.address, hub, f"{host}:{port}")
        yield told(Hub.tls, hub, base.scheme == "https")
        yield from _hub.default_name_claim(hub, host, told)
        reach = listens(host, port)
        if reach is not None:
            yield Hub.listens.claim(hub, reach, where=f"who can connect to {host}:{port}")
        yield greeting(Hub.software, hub, "homeassistant")
        yield greeting(Hub.version, hub, answers.version[:32], "ha_version")
        yield greeting(Hub.asks_sign_in, hub, True)
        yield greeting(Hub.frontend_sign_in, hub, True)
        if answers.config is not None:
            config = Told("get_config")
            if answers.config.location_name:
                yield config(Hub.name, hub, answers.config.location_name[:LONGEST], "location_name")
            url = answers.config.external_url
            if url is None and answers.urls is not None and answers.urls.external:
                yield Told("network/url")(Hub.external_url, hub, _hub.origin(answers.urls.external), "external")
            else:
                yield config(Hub.external_url, hub, _hub.origin(url), "external_url")

    def _locks(self, answers: Answers) -> Iterator[Item]:
        states = {state.entity_id: state for state in answers.states}
        found = locks.known(answers.entities, answers.devices, states, answers.sources)
        yield Told("get_states")(Hub.locks, self._hub, tuple(self.ref(Lock, one.entity_id) for one in found))
        registry = Told("config/device_registry/list", grade=Grade.RECORDED)
        for one in found:
            lock = self.ref(Lock, one.entity_id)
            yield from locks.identity(lock, one)
            yield from locks.described(self, self._hub, one, registry)
            yield from locks.state_claims(self, one, states, answers.entities)
            iot_class = answers.classes.get(one.integration)
            if iot_class is not None:
                yield Told(f"manifest/get {one.integration}")(Lock.iot_class, lock, iot_class, "iot_class")
        yield from locks.core_update(self._hub, states, answers.entities)
        yield from _hub.plain_pins_claim(self._hub, answers.entities, Told("config/entity_registry/list"))

    def _optional(self, answers: Answers) -> Iterator[Claim]:
        """Integrations that may not be there: then what they would do is not done."""
        if answers.cloud is not None:
            yield from _hub.cloud_claims(self._hub, answers.cloud, Told("cloud/status"))
        elif answers.refused.get("cloud/status") == _NO_SUCH_COMMAND:
            yield from _hub.cloud_claims(self._hub, Cloud(), Told("cloud/status, which no integration answers"))
        if answers.analytics is not None:
            yield _hub.analytics_claim(self._hub, answers.analytics, Told("analytics"))
        elif answers.refused.get("analytics") == _NO_SUCH_COMMAND:
            yield _hub.analytics_claim(self._hub, Analytics(), Told("analytics, which no integration answers"))

    def _gaps(self, answers: Answers, told: Set[str]) -> Iterator[Item]:
        who = f"the token is {answers.me.name[:LONGEST]}'s, who is" if answers.me is not None else "its user may be"
        for command, field in _ADMIN_ONLY.items():
            code = answers.refused.get(command)
            if code is None or code == _NO_SUCH_COMMAND or field.path in told:
                continue
            reason = f"{NAME} refused {command} ({code[:LONGEST]}): {who} not an administrator"
            if field is Hub.users:
                yield from people.unseen_accounts(self, self._hub, reason, _SET_TOKEN)
            else:
                yield self.gap(field, reason=reason, settle=_SET_TOKEN, about=self._hub)
        if self.settings.config is None:
            yield self.gap(
                *_folder.ONLY_HERE,
                reason=f"{NAME} tells nobody its trusted networks, sign-in limits and files over the network",
                settle=_SET_CONFIG,
                about=self._hub,
            )
            reason = f"{NAME} tells nobody whether another user has a second factor"
            own = answers.me.id if answers.me is not None else None
            yield from people.unread_factors(self, answers.users or [], reason, _SET_CONFIG, own)

    def _live_only(self, known: Iterable[Ref]) -> Iterator[Gap]:
        """What the folder does not tell of itself and of the locks it knows."""
        reason = "states, updates and integrations are told by the running Home Assistant only"
        settle = 'set "url" and "token" of this source'
        yield self.gap(Hub.update_available, reason=reason, settle=settle, about=self._hub)
        for lock in known:
            yield self.gap(*_LIVE_ONLY, reason=reason, settle=settle, about=lock)
