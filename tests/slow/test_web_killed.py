"""Killed again and again while somebody uses the web app: what was answered as done is done, told, and whole."""

from __future__ import annotations

import random
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from nightlatch.configuration.read import load
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect
from tests.rigs.guard import say
from tests.slow.surfing import Run, Surfer

pytestmark = pytest.mark.timeout(900)

ROUNDS = 20
ACTS = ("add-grant", "end-grant", "answer", "take-answer-back", "home-changed", "token-made", "sign-in")
QUESTION = ("home", "isolated_v4")
MOST_TOKENS = 45
"""A user has at most 50."""


class Known(msgspec.Struct):
    """What was answered as done, and so must be there ever after."""

    sessions: list[str] = []
    tokens: list[str] = []
    open: list[str] = []
    """Ids of grants."""
    ended: list[str] = []
    ending: str = ""
    """One whose end was asked for and not answered: it may have ended."""
    names: tuple[str, ...] = ("Elm",)
    """What the home may be called: by the last answer, and by what was asked for since and not answered."""
    told: dict[str, int] = {}
    """How often each kind of act was answered as done."""

    def count(self, act: str) -> None:
        """One more was answered."""
        self.told[act] = self.told.get(act, 0) + 1


class Somebody(threading.Thread):
    """Does one thing after the other until nobody answers any more."""

    def __init__(self, surfer: Surfer, run: Run, known: Known, number: int) -> None:
        super().__init__(daemon=True)
        self.surfer, self.run_, self.known, self.number = surfer, run, known, number
        self.wrong: BaseException | None = None

    def run(self) -> None:
        try:
            step = 0
            while True:
                step += 1
                self.once(f"{self.number}x{step}", settings=step % 4 == 0)
        except httpx.TransportError:
            pass  # it was killed: what was under way is not known
        except AssertionError as error:
            self.wrong = error

    def once(self, name: str, *, settings: bool) -> None:
        known, surfer = self.known, self.surfer
        surfer.sign_in()
        known.sessions.append(surfer.cookie())
        known.count("sign-in")
        given = surfer.done(
            surfer.post("/access/grants/new", to="new", name=f"Guest {name}", doors="door:front", how="always")
        )
        found = re.search(r"saved=(\w+)", given.headers.get("location", ""))
        assert found, (given.status_code, given.headers, given.text[-3000:])
        known.open.append(found[1])
        known.count("add-grant")
        if len(known.tokens) < MOST_TOKENS:
            made = surfer.done(surfer.post("/settings/me/tokens", name=f"Token {name}", scopes=["see"], days="30"))
            token = re.search(r"nlt_[\w-]{20,}", made.text)
            assert token, made.text
            known.tokens.append(token[0])
            known.count("token-made")
        if len(known.open) > 1:
            known.ending = known.open[0]
            surfer.done(surfer.post(f"/access/grants/{known.ending}/end"))
            known.ended.append(known.open.pop(0))
            known.ending = ""
            known.count("end-grant")
        about, fact = QUESTION
        surfer.done(surfer.post("/posture/answers", about=about, fact=fact, value="yes"))
        known.count("answer")
        surfer.done(surfer.post("/posture/answers/remove", about=about, fact=fact))
        known.count("take-answer-back")
        if settings:
            known.names = (*known.names, f"Elm {name}")
            surfer.done(surfer.post("/settings/home", name=f"Elm {name}", timezone="Europe/Berlin", profile="full"))
            known.names = (f"Elm {name}",)
            known.count("home-changed")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    made.start()
    yield made
    made.stop(signal.SIGKILL)


def events(run: Run) -> list[Event]:
    journal = Journal.open(run.state, read_only=True)
    try:
        return [entry.event for entry in journal.entries() if entry.event is not None]
    finally:
        journal.close()


def looked_at(run: Run, known: Known) -> None:
    """All that was answered as done is there, and in the journal."""
    assert load(run.file).tables.home.name in known.names
    known.names = (load(run.file).tables.home.name,)
    engine = connect(run.state)
    try:
        grants = {one.id: one for one in AccessRecords(engine).grants()}
    finally:
        engine.dispose()
    missing = set(known.open) | set(known.ended)
    assert missing <= grants.keys()
    assert not [id_ for id_ in known.ended if not grants[id_].ended]
    if known.ending and grants[known.ending].ended:
        known.ended.append(known.ending)
        known.open.remove(known.ending)
    known.ending = ""
    assert not [id_ for id_ in known.open if grants[id_].ended]
    acts = [one for one in events(run) if one.kind == "act"]
    told = {name: sum(one.name == name for one in acts) for name in ACTS}
    assert not {name: (count, told[name]) for name, count in known.told.items() if told[name] < count}
    said = " ".join(one.detail for one in acts)
    assert not [id_ for id_ in missing if id_ not in said]
    # The newest are those that a kill might lose.
    for cookie in known.sessions[-5:]:
        got = httpx.get(f"{run.address}/api/me", headers={"cookie": f"nightlatch={cookie}"})
        assert got.status_code == 200, got.text
    for token in known.tokens[-5:]:
        got = httpx.get(f"{run.address}/api/me", headers={"authorization": f"Bearer {token}"})
        assert got.status_code == 200, got.text


def test_what_was_answered_as_done_outlives_every_kill_and_is_in_the_journal(run: Run) -> None:
    surfer, known, chance = Surfer(run.address), Known(), random.Random(5)
    surfer.by_passkey(run.code(), id="olga", name="Olga")
    for number in range(ROUNDS):
        somebody = Somebody(surfer, run, known, number)
        somebody.start()
        somebody.join(chance.uniform(0.3, 3.5))
        run.stop(signal.SIGKILL)
        somebody.join(30)
        assert not somebody.is_alive()
        if somebody.wrong is not None:
            raise somebody.wrong
        load(run.file)
        run.start()
        looked_at(run, known)
    say(f"killed {ROUNDS} times: {sum(known.told.values())} acts answered as done, all there: {known.told}")
    assert all(known.told.get(name) for name in ACTS)
    run.stop()
    assert "Traceback" not in run.log.read_text()
    assert "Intact" in run.command("journal", "verify", "--full")
