"""Ending tasks."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from pathlib import Path

import aiomqtt
import pytest

import nightlatch
from nightlatch.ecosystems._mqtt import Broker, explained
from nightlatch.tasks import end, heed_cancellation


async def test_a_task_that_is_ended_is_over_however_it_ends() -> None:
    async def fails() -> None:
        raise ValueError("told elsewhere")

    tasks = [asyncio.create_task(asyncio.sleep(60)), asyncio.create_task(fails())]
    await asyncio.sleep(0)
    for task in tasks:
        await end(task)

    assert [task.done() for task in tasks] == [True, True]


async def test_our_own_cancellation_while_we_end_a_task_is_not_lost() -> None:
    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(0.05)

    inner = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    outer = asyncio.create_task(end(inner))
    await asyncio.sleep(0.01)
    outer.cancel()

    with pytest.raises(asyncio.CancelledError):
        await outer
    await inner


async def test_a_cancellation_that_a_library_lost_is_found_again() -> None:
    async def library() -> str:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return "went on"

    async def ours() -> None:
        await library()
        heed_cancellation()
        raise AssertionError("went on")

    heed_cancellation()
    task = asyncio.create_task(ours())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_that_comes_with_the_broker_s_answer_ends_the_task() -> None:
    """As asyncio.wait_for of Python 3.11 loses it, by which the MQTT library waits."""
    for failing in (False, True):
        answered = asyncio.get_running_loop().create_future()

        async def library(answer: asyncio.Future[None]) -> None:
            try:
                await asyncio.wait_for(answer, 60)
            except ValueError:
                raise aiomqtt.MqttError("the connection broke") from None

        async def ours(answer: asyncio.Future[None]) -> None:
            with explained(Broker("127.0.0.1", 1883, tls=False)):
                await library(answer)
            raise AssertionError("went on")

        task = asyncio.create_task(ours(answered))
        await asyncio.sleep(0)
        task.cancel()
        if failing:
            answered.set_exception(ValueError())
        else:
            answered.set_result(None)
        with pytest.raises(asyncio.CancelledError):
            await task


FORGETFUL = re.compile(
    r"suppress\([^)]*CancelledError|except [^\n]*CancelledError[^\n]*:\n\s+(?:pass|continue)|asyncio\.wait_for\("
)


def test_nothing_of_ours_waits_in_a_way_that_loses_cancellations() -> None:
    folder = Path(nightlatch.__file__).parent
    found = [
        f"{path.relative_to(folder)}: {match[0]}"
        for path in sorted(folder.rglob("*.py"))
        for match in FORGETFUL.finditer(path.read_text("utf-8"))
    ]
    assert found == []
