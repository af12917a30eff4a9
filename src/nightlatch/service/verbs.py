"""What commands of this machine may ask the running service."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from nightlatch.configuration.read import load
from nightlatch.guard.autolock import control as autolock
from nightlatch.model.command import CloseJoin, Outcome, SetParameter
from nightlatch.service.accessing import Progress
from nightlatch.service.control import Handler
from nightlatch.service.status import Status

if TYPE_CHECKING:
    from nightlatch.service.service import Service


def verbs(service: Service) -> Mapping[str, Handler]:
    """Every verb, by its name."""

    async def status(_: Mapping[str, Any]) -> Status:
        return service.reporter.status()

    async def alerts_changed(_: Mapping[str, Any]) -> None:
        service.alerts.refresh()

    async def audit(_: Mapping[str, Any]) -> None:
        service.auditor.want()

    async def reload(_: Mapping[str, Any]) -> None:
        # A wrong one is told to who asks, and nothing starts over.
        await asyncio.to_thread(load, service.configuration.path)
        # After the answer is on its way: the socket it goes through is closed by a reload.
        asyncio.get_running_loop().call_later(0.1, service.reload)

    async def command(arguments: Mapping[str, Any]) -> Outcome:
        # What a fix of the audit does. Doors are not opened through here, and codes are the reconciler's.
        return await service.listener.command(msgspec.convert(arguments["command"], SetParameter | CloseJoin))

    async def access_changed(_: Mapping[str, Any]) -> None:
        service.access.look()

    async def access_progress(arguments: Mapping[str, Any]) -> Progress:
        service.access.look()
        return service.access.progress(int(arguments.get("since", 0)))

    async def access_survey(arguments: Mapping[str, Any]) -> None:
        service.access.survey(msgspec.convert(arguments["locks"], list[str]))

    return {
        "access-survey": access_survey,
        "access-changed": access_changed,
        "access-progress": access_progress,
        "command": command,
        "reload": reload,
        "status": status,
        "alerts-changed": alerts_changed,
        "audit": audit,
        **autolock.handlers(service.autolock),
    }
