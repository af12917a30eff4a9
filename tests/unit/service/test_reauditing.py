from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from nightlatch.audit.drift import compare
from nightlatch.audit.run import Audited
from nightlatch.configuration.read import Configuration, parse
from nightlatch.errors import ReadError
from nightlatch.guard.detections.interface import Noticed
from nightlatch.model.document import Audit, FindingDocument, HomeDocument
from nightlatch.model.event import Event, micros
from nightlatch.model.finding import Section, Severity, Verdict
from nightlatch.model.home import Home
from nightlatch.service import reauditing
from nightlatch.service.reauditing import Auditor, worse
from nightlatch.store.audits import Audits
from nightlatch.store.database import connect

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def finding(verdict: Verdict, check: str = "off") -> FindingDocument:
    return FindingDocument(
        practice="upnp",
        practice_title="Keep UPnP off",
        check=check,
        section=Section.NETWORK,
        subject="router:main",
        label="the router",
        verdict=verdict,
        severity=Severity.HIGH,
        weight=4,
        title="UPnP is off",
        summary="It is on.",
        why="w",
        evidence=(),
        contradicts=(),
        stale=(),
        settled_by="",
        fix=None,
        standards=(),
        waiver=None,
    )


def audited(*findings: FindingDocument) -> Audit:
    return Audit(
        version="0",
        home=HomeDocument("Elm", "UTC"),
        at=NOW,
        profile="full",
        score=50.0,
        coverage=0.5,
        worst=None,
        sections=(),
        sources=(),
        findings=findings,
    )


def test_an_audit_that_goes_on_does_not_hold_up_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def waits(*_: object, **__: object) -> None:
        begun.set()
        go_on.wait(20)

    monkeypatch.setattr("nightlatch.service.reauditing.audited", waits)

    async def nobody(*_: object) -> None:
        raise AssertionError("it never ended")

    async def ended_while_it_runs() -> None:
        engine = connect(tmp_path)
        found = Auditor(
            parse("[home]\n", tmp_path / "nightlatch.toml"),
            Audits(engine),
            env={},
            now=lambda: NOW,
            every_s=60,
            apart_s=60,
            told=nobody,
        )
        task = asyncio.create_task(found.run())
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        await asyncio.wait([task])
        engine.dispose()

    start = time.monotonic()
    asyncio.run(ended_while_it_runs())
    took = time.monotonic() - start
    go_on.set()
    assert took < 10


def test_what_began_to_fail_is_noticed_and_what_passes_again_is_over() -> None:
    good, bad = audited(finding(Verdict.PASS)), audited(finding(Verdict.FAIL))
    (notice,) = worse(compare(good, bad), bad)
    assert notice == Noticed(
        "posture", "router:main", micros(NOW), Severity.HIGH, "UPnP is off: no longer so (the router).", key="upnp/off"
    )
    ana = msgspec.structs.replace(finding(Verdict.FAIL), subject="person:ana", label="Ana Silva")
    of_ana = audited(ana)
    assert worse(compare(good, of_ana), of_ana)[0].what == "UPnP is off: no longer so."
    (over,) = worse(compare(bad, good), good)
    assert (over.over, over.key, over.about) == (True, notice.key, notice.about)
    assert worse(compare(bad, bad), bad) == []


class Runs:
    """Stands in for the audit itself, and counts."""

    def __init__(self, *results: Audit | Exception) -> None:
        self.results = list(results)
        self.made = 0
        self.told: list[tuple[Audit, list[Noticed]]] = []
        self.heard = asyncio.Event()

    def audited(self, *_: object, **__: object) -> Audited:
        result = self.results[min(self.made, len(self.results) - 1)]
        self.made += 1
        if isinstance(result, Exception):
            raise result
        return Audited(Home(NOW), msgspec.structs.replace(result, at=NOW + timedelta(seconds=self.made)))

    async def tell(self, _: Home, audit: Audit, noticed: list[Noticed]) -> None:
        self.told.append((audit, noticed))
        self.heard.set()


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return parse("", tmp_path / "nightlatch.toml")


def auditor(configuration: Configuration, runs: Runs, folder: Path, every_s: float) -> Auditor:
    return Auditor(
        configuration, Audits.open(folder), env={}, now=lambda: NOW, every_s=every_s, apart_s=0.01, told=runs.tell
    )


async def test_an_event_that_practices_depend_on_brings_an_audit_before_its_time(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(audited(finding(Verdict.PASS)), audited(finding(Verdict.FAIL)))
    monkeypatch.setattr(reauditing, "audited", runs.audited)
    monkeypatch.setattr(reauditing, "SETTLE_S", 0.01)
    auditing = auditor(configuration, runs, tmp_path, every_s=60)
    task = asyncio.create_task(auditing.run())
    await asyncio.wait_for(runs.heard.wait(), 10)
    runs.heard.clear()
    auditing.event(0, Event(0, "battery", "lock:front", value=50))
    await asyncio.sleep(0.1)
    assert runs.made == 1
    auditing.event(0, Event(0, "security_changed", "lock:front", value="s0"))
    await asyncio.wait_for(runs.heard.wait(), 10)
    task.cancel()
    assert [len(noticed) for _, noticed in runs.told] == [0, 1]
    assert auditing.last is runs.told[-1][0]


async def test_an_audit_that_cannot_be_made_is_told_and_tried_again(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(ReadError("is damaged", where="x"), audited())
    monkeypatch.setattr(reauditing, "audited", runs.audited)
    auditing = auditor(configuration, runs, tmp_path, every_s=0.05)
    task = asyncio.create_task(auditing.run())
    await asyncio.sleep(0.03)
    assert auditing.failed == "x: is damaged."
    await asyncio.wait_for(runs.heard.wait(), 10)
    task.cancel()
    assert auditing.failed == ""


async def test_who_asks_gets_an_audit_at_once_and_one_that_goes_on_is_followed_by_another(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(audited())
    monkeypatch.setattr(reauditing, "audited", runs.audited)
    auditing = Auditor(
        configuration, Audits.open(tmp_path), env={}, now=lambda: NOW, every_s=600, apart_s=600, told=runs.tell
    )
    auditing.want()
    task = asyncio.create_task(auditing.run())
    await asyncio.wait_for(runs.heard.wait(), 10)
    runs.heard.clear()
    assert not auditing.due
    auditing.want()
    assert auditing.due
    await asyncio.wait_for(runs.heard.wait(), 10)
    task.cancel()
    assert runs.made == 2
    assert auditing.before == runs.told[0][0]


async def test_answers_given_since_the_start_count_and_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "nightlatch.toml"
    path.write_text('[home]\nname = "Elm"\n')
    seen: list[Configuration] = []
    runs = Runs(audited())

    def judged(used: Configuration, **_: object) -> Audited:
        seen.append(used)
        return runs.audited()

    monkeypatch.setattr(reauditing, "audited", judged)
    auditing = Auditor(
        parse(path.read_text(), path), Audits.open(tmp_path), env={}, now=lambda: NOW, every_s=600, apart_s=1,
        told=runs.tell,
    )  # fmt: skip
    answer = '[[answers]]\nabout = "home"\nfact = "has_hub"\nvalue = true\non = 2026-11-01\n'
    for text in (f'[home]\nname = "Oak"\n{answer}', "[home\n"):
        path.write_text(text)
        task = asyncio.create_task(auditing.run())
        await asyncio.wait_for(runs.heard.wait(), 10)
        runs.heard.clear()
        task.cancel()
        if len(seen) == 1:
            assert auditing.unread == ""
    # The rest of the file waits for a reload: the service does not run with it yet.
    assert (seen[0].tables.home.name, seen[0].tables.answers[0].fact) == ("Elm", "has_hub")
    assert (seen[1].tables.home.name, seen[1].tables.answers) == ("Elm", [])
    assert "this is not valid TOML" in auditing.unread
