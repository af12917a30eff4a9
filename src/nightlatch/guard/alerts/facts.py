"""What the audit may know of alerts: whether they reach somebody, when that was last confirmed, what raises one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nightlatch.configuration.read import Configuration
from nightlatch.guard.alerts.rules import Channel, Rules, read_rules
from nightlatch.guard.alerts.sending import Apprise
from nightlatch.guard.detections.registry import configured
from nightlatch.model.event import instant, micros
from nightlatch.model.evidence import Grade, Item, Ref
from nightlatch.model.home import Home
from nightlatch.sources.interface import Context, Settings, Source
from nightlatch.store.alerts import AlertRecords, Fare, Test
from nightlatch.store.database import connect, state_folder
from nightlatch.store.occupied import running
from nightlatch.text import listed

HOME = Ref("home", "home")
DETECTIONS = {
    "failed_codes": "repeated-wrong-codes",
    "tamper": "tamper",
    "low_battery": "battery-low",
    "offline": "offline",
}
"""The detection behind each word of `Home.alerts_on`."""


class AlertFacts(Source, kind="alerts"):
    """The channels of `nightlatch.toml`, how they fared, and which tests of them the owner confirmed."""

    Settings = Settings
    grade = Grade.RECORDED
    gives = (Home.alert_channel, Home.alert_tested_on, Home.alerts_on)

    def __init__(self, configuration: Configuration, env: Mapping[str, str], context: Context) -> None:
        super().__init__(Settings(), context)
        self.configuration = configuration
        self.env = env

    def collect(self) -> Iterator[Item]:
        """What is known of alerts, each with its place."""
        rules = read_rules(self.configuration, self.env)
        fares, tests = self._kept(rules)
        now = micros(self.context.now)
        confirmed = [test for test in tests if test.confirmed and test.channel in rules.channels]
        if confirmed:
            last = max(confirmed, key=lambda test: test.confirmed)
            at = instant(last.confirmed)
            day = at.astimezone(self.configuration.zone).date()
            yield Home.alert_tested_on.claim(HOME, day, where=f"test of channel {last.channel}", at=at)
        if not running(state_folder(self.env)):
            yield self.gap(
                Home.alert_channel,
                Home.alerts_on,
                reason="no Nightlatch is running that would send an alert",
                settle="start it: nightlatch run",
            )
            return
        problem = Apprise().problem
        working = [one for one in rules.channels.values() if not problem(one) and not fares[one.id].failing(now)]
        where = self.configuration.place("alerts", "channels", 0)
        secret = [f"{one.id}: {one.problem}" for one in rules.channels.values() if one.url is None]
        if secret and not working:
            yield self.gap(
                Home.alert_channel,
                Home.alerts_on,
                reason=f"no channel's URL can be had here ({listed(secret)})",
                settle="run the audit with the secrets that the service has",
            )
        else:
            yield Home.alert_channel.claim(HOME, bool(working), where=where)
            takes = tuple(word for word, detection in DETECTIONS.items() if self._raised(detection, working))
            yield Home.alerts_on.claim(HOME, takes, where=where)

    def _kept(self, rules: Rules) -> tuple[dict[str, Fare], list[Test]]:
        folder = state_folder(self.env)
        if not (folder / "nightlatch.db").is_file():
            return {channel: Fare(channel) for channel in rules.channels}, []
        engine = connect(folder)
        try:
            with AlertRecords(engine).read() as book:
                return {channel: book.fare(channel) for channel in rules.channels}, book.tests()
        finally:
            engine.dispose()

    def _raised(self, detection: str, working: list[Channel]) -> bool:
        """Whether a detection is on, and for every door some channel takes it at its usual severity, whoever it was."""
        for found, thresholds in configured(self.configuration):
            if found.id == detection and thresholds.on:
                doors = [f"door:{door}" for door in self.configuration.ids("door")] or [""]
                return all(any(one.takes(detection, found.severity, door, "") for one in working) for door in doors)
        return False
