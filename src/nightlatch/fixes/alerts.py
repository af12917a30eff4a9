"""Next steps for alerts and for the log at home: `(home, home) -> Fix`, or `(lock, home) -> Fix` for one lock."""

from __future__ import annotations

from nightlatch.fixes.keyholes import model
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.text import listed

EVENTS = {
    "failed_codes": "wrong codes",
    "tamper": "tampering",
    "low_battery": "a low battery",
    "offline": "a lock that no longer answers",
}
"""What must raise an alert, with the words for it."""


def make_channel(home: Home, _: Home) -> Fix:
    """Get alerts to a person."""
    return Fix(
        "Let lock alerts reach your phone or mail.",
        (
            "Let Nightlatch stand guard: give it a channel ([[alerts.channels]] in nightlatch.toml), then keep it "
            "running with: nightlatch run",
            "Send one test alert with: nightlatch alerts test. See that it arrives with the phone locked, then confirm "
            "it with: nightlatch alerts confirm and the number it shows",
            f"Or, without it: {_lower(_where(home))} Send {listed(EVENTS.values())} there, and tell Nightlatch: "
            "nightlatch answer home alert_channel true",
        ),
    )


def try_channel(home: Home, _: Home) -> Fix:
    """Send a test alert."""
    return Fix(
        "Send a test alert and see that it arrives.",
        (
            "If Nightlatch sends your alerts: nightlatch alerts test, then nightlatch alerts confirm and the number "
            "that arrived.",
            "If something else does: enter one wrong code at the keypad, and tell Nightlatch when the alert arrived: "
            f"nightlatch answer home alert_tested_on {home.today}",
        ),
    )


def add_alerts(home: Home, _: Home) -> Fix:
    """Raise alerts for what raises none."""
    on = home.alerts_on.value if home.alerts_on is not None else ()
    missing = [event for event in EVENTS if event not in on]
    return Fix(
        f"Raise an alert for {listed(EVENTS[event] for event in missing)}.",
        (
            "If Nightlatch sends your alerts: switch these detections on, and let a channel take their severity "
            "(nightlatch guard detections, nightlatch alerts channels).",
            f"If something else does: {_lower(_where(home))} Then tell Nightlatch: "
            f"nightlatch answer home alerts_on {','.join(EVENTS)}",
        ),
    )


def read_log(home: Home, _: Home) -> Fix:
    """Read the log."""
    return Fix(
        "Read the locks' log once a month.",
        (
            "Look for entries at hours when nobody came, codes of people who no longer come, and wrong codes: "
            "nightlatch journal show --since 30d",
            "If the log is kept by something else, tell Nightlatch when you read it: "
            f"nightlatch answer home log_read_on {home.today}",
        ),
    )


def substitute_reports(lock: Lock, home: Home) -> Fix:
    """Notice wrong codes although the lock cannot report them."""
    nearest = []
    if lock.can_report_tamper is not None and lock.can_report_tamper.value:
        nearest.append("Raise an alert on its tamper report: some locks send one after repeated wrong codes.")
    if lock.can_lockout is None or lock.can_lockout.value:
        nearest.append("Keep its lockout after wrong codes on and low: it slows somebody who tries codes.")
    nearest.append("Let a door sensor, a doorbell or a camera that looks at the keypad raise the alert instead.")
    return Fix(
        f"Use the nearest substitute: the {model(lock)} cannot report wrong codes.",
        (*nearest, "When the lock is replaced, choose one that reports wrong codes to its hub."),
    )


def keep_log(home: Home, _: Home) -> Fix:
    """Keep a log at home."""
    return Fix(
        "Keep a log of every lock event at home.",
        (
            "Keep Nightlatch running as a service: nightlatch run hears every lock of the configured hubs and writes "
            "a log that nobody can quietly change. nightlatch unit prints the unit for systemd.",
            f"Or, without it: {_lower(_recorder(home))} Keep that log for some months, then let it go, and tell "
            "Nightlatch: nightlatch answer home journal_running true",
        ),
    )


def complete_log(home: Home, _: Home) -> Fix:
    """Log the locks and the times that are missing."""
    missing = home.journal_missing_locks
    labels = [
        lock.label if (lock := home.get(Lock, ref.key)) is not None else ref.key
        for ref in (missing.value if missing is not None else ())
    ]
    steps = [f"Connect {listed(labels)} to the log: bind each to its hub in nightlatch.toml."] if labels else []
    if home.journal_gaps is not None and home.journal_gaps.value:
        steps.append("Find why it stopped: look for restarts, a full disk or a hub that was away at those times.")
    return Fix("Close the gaps of the log.", tuple(steps))


def verify_log(home: Home, _: Home) -> Fix:
    """Verify the log every day."""
    return Fix(
        "Verify the log now, and let it be verified every day.",
        ("nightlatch journal verify", "Keep Nightlatch running as a service: it verifies its journal every day."),
    )


def distrust_log(home: Home, _: Home) -> Fix:
    """Treat the log as evidence of tampering."""
    return Fix(
        "Treat the log as tampered with until you know better.",
        (
            "Stop what writes to it, and copy the log's database as it is.",
            "See what differs: nightlatch journal verify --full names the first bad entry and asks every witness; "
            "compare it with a backup.",
            "See who can sign in to that machine, change its passwords, and start a new log.",
        ),
    )


def bound_log(home: Home, _: Home) -> Fix:
    """Give the log a retention."""
    return Fix(
        "Set how long the log keeps personal data.",
        ("Set retention_days of [journal] in nightlatch.toml: as short a time as you really look back, such as 90.",),
    )


def _hub(home: Home) -> str:
    names = [hub.software.value for hub in home.all(Hub) if hub.software is not None]
    return "homeassistant" if "homeassistant" in names else names[0] if names else ""


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _where(home: Home) -> str:
    if _hub(home) == "homeassistant":
        return (
            "In Home Assistant open Settings > Automations, add one that starts on the lock's event, and choose "
            "`notify` of your phone's app as its action."
        )
    if _hub(home):
        return "Connect the hub to something that notifies you, such as Home Assistant with its app on your phone."
    return "Open the lock's app and switch notifications on for every event it offers."


def _recorder(home: Home) -> str:
    if _hub(home) == "homeassistant":
        return (
            "In Home Assistant keep the recorder on and include the lock entities; its log book then holds every event."
        )
    if _hub(home):
        return "Let a machine at home record what the hub reports, such as Home Assistant with its recorder."
    return "Connect the lock to a hub at home first: a log in the vendor's cloud is the vendor's."
