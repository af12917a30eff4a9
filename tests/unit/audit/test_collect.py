"""Collecting: one source that fails, hangs or breaks costs nobody else a thing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from nightlatch.audit.collect import Collected, collect
from nightlatch.ecosystems.interface import Ecosystem
from nightlatch.errors import SourceError
from nightlatch.model.evidence import Claim, Gap, Grade, Item, Ref, Same
from nightlatch.model.home import SourceState
from nightlatch.model.router import Router
from nightlatch.plugs import Context, Plug, Settings
from nightlatch.secrets import Fingerprinter
from nightlatch.sources.interface import Source

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CLAIM = Router.upnp.claim(Ref("router", "r"), True)


class Files(Source):
    kind = "files"
    Settings = Settings
    gives = (Router.upnp,)

    def collect(self) -> Iterator[Item]:
        yield CLAIM
        yield from self.rest()

    def rest(self) -> Iterator[Item]:
        return iter(())


class Refusing(Files):
    def collect(self) -> Iterator[Item]:
        raise SourceError("the file is gone", where="/x", todo="Bring it back.")
        yield CLAIM


class Truncated(Files):
    def rest(self) -> Iterator[Item]:
        raise SourceError("ends in the middle")
        yield CLAIM


class Broken(Files):
    def rest(self) -> Iterator[Item]:
        raise ZeroDivisionError(f"secret {47 * 100 + 11}")
        yield CLAIM


class Endless(Files):
    def rest(self) -> Iterator[Item]:
        while True:
            time.sleep(0.01)
            yield CLAIM


class Stuck(Files):
    """Waits in one call, as on a network drive that is gone."""

    def rest(self) -> Iterator[Item]:
        threading.Event().wait(3600)
        return super().rest()


class Knowing(Files):
    def rest(self) -> Iterator[Item]:
        yield Same(CLAIM.about, "serial:4711")


class Denied(Files):
    def rest(self) -> Iterator[Item]:
        yield Gap(("router.wan_admin",), "not an administrator", "Use an administrator's token.")


class Hanging(Ecosystem):
    kind = "hanging"
    Settings = Settings
    gives = (Router.upnp,)

    async def collect(self) -> AsyncIterator[Item]:
        yield CLAIM
        await asyncio.sleep(3600)


def made(*plugs: type[Plug], deadline: float = 5) -> list[Collected]:
    context = Context("x", "x", NOW, Fingerprinter())
    return asyncio.run(collect([plug(Settings(), context) for plug in plugs], deadline=deadline))


def test_claims_are_stamped_with_source_grade_and_time() -> None:
    ((state, items),) = [(one.state, one.items) for one in made(Files)]
    assert (state.status, state.facts) == ("ok", 1)
    (claim,) = items
    assert isinstance(claim, Claim)
    assert (claim.source, claim.grade, claim.at) == ("x", Grade.RECORDED, NOW)


def test_an_identity_is_stamped_with_the_source_that_tells_it() -> None:
    (knowing,) = made(Knowing)
    assert Same(CLAIM.about, "serial:4711", "x") in knowing.items


def test_a_source_that_fails_is_reported_and_the_others_go_on() -> None:
    states = [one.state for one in made(Refusing, Files)]
    assert [state.status for state in states] == ["failed", "ok"]
    assert (states[0].reason, states[0].todo) == ("/x: the file is gone", "Bring it back.")
    assert states[0].gives == {"router.upnp"}


def test_what_was_read_before_a_failure_is_kept() -> None:
    (one,) = made(Truncated)
    assert (one.state.status, one.state.facts, one.state.reason) == ("partial", 1, "ends in the middle")


def test_a_defect_in_a_source_is_told_without_what_it_was_reading() -> None:
    (one,) = made(Broken)
    assert one.state.status == "partial"
    assert "ZeroDivisionError" in one.state.reason
    assert "4711" not in one.state.reason + one.state.todo


def test_not_even_the_log_has_the_text_of_a_defect(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    made(Broken)
    assert "source x broke (ZeroDivisionError)" in caplog.text
    assert "test_collect.py" in caplog.text
    assert "4711" not in caplog.text


def test_a_source_that_never_ends_is_cut_off() -> None:
    begun = time.monotonic()
    states = [one.state for one in made(Endless, Hanging, deadline=0.2)]
    assert [state.status for state in states] == ["partial", "partial"]
    assert all("did not finish" in state.reason for state in states)
    assert time.monotonic() - begun < 30


def test_a_source_that_is_stuck_in_one_call_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.audit.collect.GRACE", 0.1)
    begun = time.monotonic()
    states = [one.state for one in made(Stuck, Files, deadline=0.2)]
    assert [(state.status, state.facts) for state in states] == [("partial", 1), ("ok", 1)]
    assert time.monotonic() - begun < 30


def test_a_gap_makes_a_source_partial_and_tells_what_is_missing() -> None:
    (one,) = made(Denied)
    assert (one.state.status, one.state.reason) == ("partial", "Not an administrator.")
    assert one.state.gives == frozenset()


def test_a_source_that_could_not_be_made_stays_failed() -> None:
    failed = SourceState("ha", "ha", "failed", 0, "TOKEN is not set")
    (one,) = asyncio.run(collect([failed]))
    assert one.state is failed


def test_progress_is_told_of_each_source() -> None:
    told: list[str] = []
    context = Context("x", "x", NOW, Fingerprinter())
    asyncio.run(
        collect([Files(Settings(), context), Refusing(Settings(), context)], done=lambda s: told.append(s.status))
    )
    assert sorted(told) == ["failed", "ok"]
