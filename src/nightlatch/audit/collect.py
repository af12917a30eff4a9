"""Asks every configured source at once. One that fails or hangs costs nobody else a thing."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any, Literal, cast

import msgspec

from nightlatch.audit.printable import printable
from nightlatch.configuration.plugs import Made
from nightlatch.ecosystems.interface import Ecosystem
from nightlatch.errors import ConfigurationError, NightlatchError
from nightlatch.model.evidence import Claim, Gap, Item, Same
from nightlatch.model.home import SourceState
from nightlatch.plugs import Plug
from nightlatch.reading.threads import apart
from nightlatch.sources.interface import Source
from nightlatch.text import sentences

log = logging.getLogger(__name__)

DEADLINE = 120.0
"""Seconds that one source may take."""
GRACE = 5.0
"""Seconds more after which a source that does not end by itself is left behind."""
MAX_ITEMS = 200_000
"""Claims that one source may make: a thousand doors need fewer."""


class Collected(msgspec.Struct, frozen=True):
    """What one source gave, stamped, and how it fared."""

    state: SourceState
    items: list[Item]


async def collect(
    plugs: Iterable[Made], *, deadline: float = DEADLINE, done: Callable[[SourceState], None] = lambda _: None
) -> list[Collected]:
    """Every source's items, in the order of the sources; `done` is told of each as it ends."""
    asyncio.get_running_loop().set_exception_handler(_left_over)

    async def one(plug: Made) -> Collected:
        collected = Collected(plug, []) if isinstance(plug, SourceState) else await _ask(plug, deadline)
        done(collected.state)
        return collected

    return list(await asyncio.gather(*(one(plug) for plug in plugs)))


def _left_over(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a library left unread of a peer that broke; what it meant to the source is in the source's own error.

    The loop's message may quote what was called with what.
    """
    log.debug("a library left an error behind (%s)", type(context.get("exception")).__name__)


async def _ask(plug: Plug, deadline: float) -> Collected:
    items: list[Item] = []
    failure: NightlatchError | None = None
    try:
        async with asyncio.timeout(deadline + GRACE):
            if isinstance(plug, Ecosystem):
                async with asyncio.timeout(deadline):
                    async for item in plug.collect():
                        _keep(items, item)
            else:
                until = time.monotonic() + deadline
                await apart(lambda: _read(cast(Source, plug), items, until))
    except ConfigurationError:
        raise
    except NightlatchError as error:
        failure = error
    except TimeoutError:
        failure = NightlatchError(f"did not finish within {deadline:g} s", todo="Is it overloaded, or the file huge?")
    except Exception as error:  # noqa: BLE001  # the one boundary where a defect must not stop the audit
        # The audit goes on without a source whose code is at fault; the defect is shown and its place
        # logged, both without the exception's text, which might hold what the source was reading.
        place = "".join(traceback.format_tb(error.__traceback__))
        log.debug("source %s broke (%s)\n%s", plug.context.id, type(error).__name__, place)
        failure = NightlatchError(
            f"broke on what it read ({type(error).__name__})", todo="This is a defect: please report it."
        )
    return Collected(_state(plug, items, failure), [_stamp(item, plug) for item in items])


def _read(source: Source, items: list[Item], until: float) -> None:
    for item in source.collect():
        _keep(items, item)
        if time.monotonic() > until:
            raise TimeoutError


def _keep(items: list[Item], item: Item) -> None:
    if len(items) >= MAX_ITEMS:
        raise NightlatchError(f"gave more than {MAX_ITEMS} facts", todo="Is it the right file?")
    items.append(item)


def _state(plug: Plug, items: list[Item], failure: NightlatchError | None) -> SourceState:
    facts = sum(isinstance(item, Claim) for item in items)
    gives = frozenset(field.path for field in plug.gives)
    context = plug.context
    if failure is not None:
        place = f"{failure.where}: " if failure.where else ""
        status: Literal["partial", "failed"] = "partial" if facts else "failed"
        return SourceState(
            plug.kind, context.id, status, facts, printable(place + failure.what), printable(failure.todo), gives
        )
    gaps = [item for item in items if isinstance(item, Gap)]
    if gaps:
        reasons = sentences(gap.reason for gap in gaps)
        settle = sentences(gap.settle for gap in gaps)
        return SourceState(plug.kind, context.id, "partial", facts, printable(reasons), printable(settle), frozenset())
    return SourceState(plug.kind, context.id, "ok", facts, "", "", gives)


def _stamp(item: Item, plug: Plug) -> Item:
    """An item with the source's id; its grade and time where the source left them open; what settles it as a step."""
    if isinstance(item, Claim):
        return Claim(
            item.about,
            item.fact,
            item.value,
            item.where,
            item.at or plug.context.now,
            item.grade or plug.grade,
            plug.context.id,
            item.confidence,
        )
    if isinstance(item, Gap):
        return Gap(item.facts, item.reason, sentences((item.settle,)), item.about, plug.context.id)
    return Same(item.about, item.key, plug.context.id)
