"""What holds of alerts whatever happens: restarts at any point, clocks that are set, channels that fail."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nightlatch.guard.alerts.outbox import LAST_RETRY
from nightlatch.guard.alerts.owner import acknowledge, close
from nightlatch.guard.alerts.rules import MINUTE, SECOND
from nightlatch.guard.alerts.sealed import take
from nightlatch.guard.detections.interface import Noticed
from nightlatch.model.finding import Severity
from nightlatch.store.alerts import lines
from tests.unit.guard.alerts.homes import HOUSEHOLD, Standing, at, noticed, rules

CHANNELS = ("phone", "mail", "partner")
RULES = """
[alerts.quiet]
from = "22:30"
until = "07:00"
[alerts.digest]
at = "08:00"
[[alerts.escalation]]
after_minutes = 10
channels = ["partner"]
"""
KEYS = st.sampled_from(("a", "b", "c"))
DAY = 24 * 60 * MINUTE


class Life(RuleBasedStateMachine):
    """A home's alerts, with everything that may go wrong, and a count of what must come out."""

    @initialize(start=st.sampled_from(("2026-03-28 23:30", "2026-10-25 02:10", "2026-11-22 12:00")))
    def begin(self, start: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.home = Standing(Path(self.folder.name), rules(RULES, channels=CHANNELS), now=at(start))
        self.given: list[Noticed] = []
        self.serial = 0
        self.home.run(1)

    def teardown(self) -> None:
        if not hasattr(self, "home"):
            return
        try:
            self._say_everything()
        finally:
            self.folder.cleanup()

    @rule(
        key=KEYS,
        severity=st.sampled_from(Severity),
        over=st.sampled_from((False, False, True)),
        person=st.sampled_from(("", "ana")),
        at_once=st.booleans(),
    )
    def notice(self, key: str, severity: Severity, over: bool, person: str, at_once: bool) -> None:
        self.serial += 1
        one = noticed(self.home.now + self.serial, key=key, severity=severity, over=over, person=person)
        self.given.append(one)
        self.home.take(one)
        if at_once:
            self.home.send()
            self._nothing_held_that_is_critical()

    @rule(seconds=st.sampled_from((1, 4, 60, 700)))
    def pass_time(self, seconds: int) -> None:
        self.home.run(seconds, step=max(1, seconds / 10))
        self._nothing_held_that_is_critical()

    @rule(hours=st.sampled_from((6, 13)))
    def sleep_on_it(self, hours: int) -> None:
        self.home.run(hours * 3600, step=1800)

    @rule(hours=st.sampled_from((-25, -1, 1, 30)))
    def set_the_clock(self, hours: int) -> None:
        self.home.now += hours * 60 * MINUTE
        self.home.desk.stepped(hours * 60 * MINUTE)

    @rule(channel=st.sampled_from(CHANNELS))
    def break_or_mend(self, channel: str) -> None:
        self.home.down ^= {channel}

    @rule(again=st.integers(0, 20))
    def restart(self, again: int) -> None:
        """Ends at any point, and is given once more what a replay of the journal gives."""
        self.home.start()
        before = self._rows()
        if self.given and again:
            self.home.take(*self.given[-again:])
        assert self._rows() == before

    @rule()
    def end_between_sending_and_marking(self) -> None:
        """What was sent and not marked goes out once more, and nothing behind it is lost."""
        now, home = self.home.now, self.home
        if home.outbox.wait("phone", now, HOUSEHOLD) == 0:
            batch = home.outbox.batch("phone", now, HOUSEHOLD)
            home.start()
            assert home.outbox.batch("phone", now, HOUSEHOLD) == batch

    @rule(data=st.data())
    def owner_acts(self, data: Any) -> None:
        live = [row.id for row in self.home.live]
        if live:
            do = data.draw(st.sampled_from((acknowledge, close)))
            do(self.home.records, [data.draw(st.sampled_from(live))], self.home.now)

    @invariant()
    def no_two_open_alerts_have_the_same_key(self) -> None:
        if hasattr(self, "home"):
            opened = self.home.sealer.open
            keys = Counter((row.detection, row.about, take(row.sealed, row.data, opened).key) for row in self.home.live)
            assert all(number == 1 for number in keys.values()), keys

    @invariant()
    def lines_go_out_in_order_but_for_what_is_held(self) -> None:
        """Of the lines that are held alike, none is delivered before an earlier one."""
        if not hasattr(self, "home"):
            return
        for channel in CHANNELS:
            for patient in (False, True):
                mine = [row for row in self._rows() if row.channel == channel and row.patient == patient]
                waiting = [not row.delivered for row in mine]
                assert waiting == sorted(waiting), "delivered ones come first"

    @invariant()
    def a_day_has_one_digest(self) -> None:
        if hasattr(self, "home"):
            digests = Counter(row.channel for row in self._rows() if row.form == "digest")
            with self.home.records.read() as book:
                days = len(book.digest_days())
            assert all(number <= days - 1 for number in digests.values())

    def _rows(self) -> list[Any]:
        with self.home.records.read() as book:
            return list(book._connection.execute(lines.select().order_by(lines.c.id)))

    def _nothing_held_that_is_critical(self) -> None:
        """After a step of the clock, what is urgent is gone from every channel that works and was not failing."""
        home = self.home
        for channel in CHANNELS:
            with home.records.read() as book:
                if channel not in home.down and not book.fare(channel).failures:
                    assert not [line for line in book.waiting(channel, patient=True, limit=500) if line.urgent]

    def _say_everything(self) -> None:
        """When all channels work and a day passes, everything was said."""
        self.home.down.clear()
        self.home.run(LAST_RETRY / SECOND + 5, step=30)
        self.home.run(86_400, step=1800)
        self.home.now = self.home.rules.quiet_ends(self.home.now, HOUSEHOLD.zone)
        self.home.run(10)
        with self.home.records.read() as book:
            assert [book.backlog(channel) for channel in CHANNELS] == [0, 0, 0]


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.reuse, Phase.generate),  # to shrink a life takes minutes
)
