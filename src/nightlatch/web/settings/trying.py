"""Tries a source before it is kept: whether it answers, and what it is. Only what the owner typed is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from nightlatch.audit.run import gather
from nightlatch.configuration.plugs import make
from nightlatch.configuration.read import Configuration
from nightlatch.ecosystems.interface import Live
from nightlatch.errors import NightlatchError
from nightlatch.model.home import SourceState
from nightlatch.reading.threads import apart
from nightlatch.web.house import House
from nightlatch.web.texts import _

CONNECT_S, READ_S = 12.0, 40.0
"""For how long a hub is waited for, and a file is read."""


class Tried(msgspec.Struct, frozen=True):
    """How a try went."""

    ok: bool
    what: str
    todo: str = ""


async def tried(house: House, configuration: Configuration, id_: str, secrets: Mapping[str, str]) -> Tried:
    """Try one source of a configuration, which may not be written yet; `secrets` are variables that it refers to."""
    env = {**house.service.env, **secrets}
    found = make(configuration, now=house.today(), env=env, only=frozenset((id_,)))
    plug = next((one for one in found if (one.id if isinstance(one, SourceState) else one.context.id) == id_), None)
    if plug is None:
        return Tried(False, _("there is no source %(id)s", id=id_))
    if isinstance(plug, SourceState):
        return Tried(False, plug.reason.partition(": ")[2] or plug.reason, plug.todo)
    try:
        if isinstance(plug, Live) and plug.connects:
            async with asyncio.timeout(CONNECT_S), plug.connect():
                return Tried(True, _("It answers, and lets Nightlatch in."))
        return await _read(house, configuration, id_, env)
    except TimeoutError:
        return Tried(False, _("it did not answer in time"), _("Is it on, and is the address right?"))
    except NightlatchError as error:
        return Tried(False, error.what, error.todo)


async def _read(house: House, configuration: Configuration, id_: str, env: Mapping[str, str]) -> Tried:
    """Read a source that is not heard, as an audit would."""
    now, only = house.today(), frozenset((id_,))
    async with asyncio.timeout(READ_S):
        home = await apart(lambda: asyncio.run(gather(configuration, now=now, env=env, only=only)))
    state = next((one for one in home.sources if one.id == id_), None)
    if state is None or state.status == "failed":
        return Tried(False, state.reason if state else _("it told nothing"), state.todo if state else "")
    count = _("It can be read: %(count)s facts.", count=state.facts)
    return Tried(True, f"{count} {state.reason}".strip(), state.todo)
