"""Entries of the journal as sentences: who did what to which thing, for people who read a page of them."""

from __future__ import annotations

from datetime import tzinfo

from nightlatch.guard.alerts.render import label
from nightlatch.journal.leaves import Entry
from nightlatch.model.event import INTACT, Event, instant
from nightlatch.report.entries import BAD, BY, ENDINGS, ODD, OWN, WORDS, Names, printable

MOST_LETTERS = 400
"""Of a sentence: what a device says of itself may be long."""
ACTS = {
    "sign-in": "signed in",
    "sign-in-failed": "tried to sign in and failed",
    "sign-out": "signed out",
    "step-up": "confirmed who they are",
    "step-up-failed": "could not confirm who they are",
    "locked-out": "is locked out of signing in",
    "recovery-used": "signed in with a recovery code",
    "user-added": "added {thing}",
    "user-invited": "invited {thing}",
    "invitation-withdrawn": "withdrew the invitation of {thing}",
    "user-changed": "changed {thing}",
    "user-removed": "removed {thing}",
    "reset": "set the ways in of {thing} anew",
    "setup-code": "made a code to set up the first owner",
    "password-set": "set a password",
    "authenticator-set": "set up an authenticator",
    "password-removed": "removed a password",
    "recovery-made": "made new recovery codes",
    "passkey-added": "added a passkey",
    "passkey-renamed": "renamed a passkey",
    "passkey-removed": "removed a passkey",
    "passkey-doubtful": "used a passkey that may be a copy",
    "session-ended": "ended a session",
    "token-made": "made an API token",
    "token-ended": "ended an API token",
    "lock": "asked in the web app to lock {thing}",
    "unlock": "asked in the web app to unlock {thing}",
    "pause-auto-lock": "paused the auto-lock of {thing}",
    "resume-auto-lock": "ended the pause of the auto-lock of {thing}",
    "add-person": "added a person",
    "change-person": "changed a person",
    "remove-person": "removed a person",
    "import-names": "took people and codes over from a list of names",
    "add-grant": "gave somebody leave",
    "change-grant": "changed a grant",
    "end-grant": "ended a grant",
    "reveal-code": "had a code shown",
    "print-card": "had a card with a code made",
    "new-code": "had a new code made for somebody",
    "end-code": "ended the codes of somebody",
    "keep-code": "said that a code on {thing} may stay",
    "take-code": "had Nightlatch take a code on {thing} over",
    "remove-code": "asked to have a code taken off {thing}",
    "add-feed": "began to follow a calendar",
    "read-feed": "had a calendar read",
    "remove-feed": "stopped following a calendar",
    "read-lock": "asked to have the codes on {thing} read",
    "retire-lock": "gave {thing} up: its codes are to come off",
    "unretire-lock": "took back that {thing} was given up",
    "sync": "had Nightlatch look at what is to be done at the locks",
    "audit": "asked for an audit",
    "fix": "asked to have {thing} put right",
    "answer": "answered a question about {thing}",
    "take-answer-back": "took an answer about {thing} back",
    "waive": "accepted a finding about {thing}",
    "take-waiver-back": "took back that a finding about {thing} is accepted",
    "home-changed": "changed the settings of the home",
    "service-changed": "changed the settings of the service",
    "retention-changed": "changed how long the journal keeps what happened",
    "door-added": "added a door",
    "door-changed": "changed {thing}",
    "door-removed": "removed {thing}",
    "lock-changed": "changed {thing}",
    "lock-removed": "removed {thing}",
    "locks-bound": "said which locks are on which doors",
    "source-added": "added a source",
    "source-changed": "changed a source",
    "source-removed": "removed a source",
    "configuration-reread": "had the configuration read again",
    "backup": "made a backup",
    "erase": "erased a person",
    "journal-exported": "exported the journal",
    "journal-verify": "had the journal verified",
    "alert-test": "had a test message sent",
    "alert-test-confirmed": "confirmed that a test message arrived",
    "channel-added": "added a channel for alerts",
    "channel-changed": "changed a channel for alerts",
    "channel-removed": "removed a channel for alerts",
    "alert-rules": "changed whom alerts are told to, and when",
    "detection-changed": "changed a detection",
}
"""What users do in the web app, by the name of the act; others as they are called."""
_ON_USERS = frozenset(("user-added", "user-invited", "invitation-withdrawn", "user-changed", "user-removed", "reset"))
"""Acts on users: of oneself where no other is named, by nobody at the terminal of this machine."""
_ALERTS = {
    "raised": "alert: {label}",
    "again": "alert goes on: {label}",
    "worse": "alert got worse: {label}",
    "over": "alert is over: {label}",
    "escalated": "nobody acknowledged, so more people were told: {label}",
    "acknowledged": "acknowledged the alert: {label}",
    "closed": "put the alert aside: {label}",
}
_SAYING = frozenset(("raised", "again", "worse", "over"))
"""What becomes of an alert with words of its own, not with a note of who saw to it."""
_DELIVERIES = {"failed": "messages do not arrive by {name}", "delivered": "messages arrive by {name} again"}
_DONE = {
    "locked": "locked",
    "unlocked": "unlocked",
    "code_added": "had a code added",
    "code_changed": "had a code changed",
    "code_removed": "had a code removed",
}
"""What somebody does, where it is known who."""


def tone(entry: Entry) -> str:
    """How grave an entry is: bad, warn, mute, or nothing."""
    event = entry.event
    if entry.damaged:
        return "bad"
    if event is None:
        return "mute"
    if event.kind == "verified":
        return "mute" if event.value == INTACT else "bad"
    if event.kind == "alert" and event.value in ("over", "acknowledged", "closed"):
        return "mute"
    if event.kind == "act" and event.name.endswith("-failed"):
        return "warn"
    return "bad" if event.kind in BAD else "warn" if event.kind in ODD else "mute" if event.kind in OWN else ""


def sentence(entry: Entry, names: Names, zone: tzinfo) -> str:
    """What an entry tells, in one sentence without a full stop."""
    event = entry.event
    if entry.damaged:
        return "This entry is damaged and cannot be read"
    if event is None:
        return "What stood here was older than the journal keeps; its hash is still there"
    text = printable(_told(event, names, zone, _who(entry, event, names)))
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def _who(entry: Entry, event: Event, names: Names) -> str:
    if entry.erased:
        return "Somebody who was erased"
    return names.person(event.person) if event.person else ""


def _told(event: Event, names: Names, zone: tzinfo, who: str) -> str:
    thing = "" if event.about == "home" else names.thing(event.about)
    means = BY.get(event.by, f"by {event.by}" if event.by else "")
    match event.kind:
        case "act":
            done = ACTS.get(event.name, f"{event.name.replace('-', ' ')}: {{thing}}" if thing else "{name}")
            on_users = event.name in _ON_USERS
            done = done.replace("{thing}", thing or ("themselves" if on_users else "the home"))
            done = done.replace("{name}", event.name.replace("-", " "))
            return f"{who or ('Somebody at this machine' if on_users else 'Somebody')} {done}"
        case "alert":
            done = _ALERTS.get(str(event.value), "alert {value}: {label}")
            said = event.detail if event.value in _SAYING and event.detail else label(event.name)
            done = done.format(label=said.removesuffix("."), value=event.value)
            return f"{who} {done}" if who and event.value in ("acknowledged", "closed") else _capital(done)
        case "delivery":
            return _capital(_DELIVERIES.get(str(event.value), "messages by {name}: {value}").format(
                name=event.name, value=event.value
            ))  # fmt: skip
        case "outcome":
            done = f"{event.name.replace('_', ' ')}: {ENDINGS.get(str(event.value), event.value)}"
            return f"{thing}: {done}" if thing else _capital(done)
        case "gap":
            begin, end = instant(event.since).astimezone(zone), event.instant.astimezone(zone)
            span = f"{begin:%H:%M}–{end:%H:%M}" if event.since else f"until {end:%H:%M}"
            return f"{thing or 'Nightlatch'}: nothing was heard {span}"
        case kind if kind in _DONE and who:
            return " ".join(filter(None, (who, _DONE[kind], thing, means)))
    since = f"{instant(event.since).astimezone(zone):%Y-%m-%d %H:%M:%S}" if event.since else "an unknown time"
    words = WORDS.get(event.kind, event.kind.replace("_", " "))
    if event.kind == "audited" and event.value == "":
        words = "audited, nothing to score"
    if event.kind == "verified" and event.name:
        words = "journal compared with witness {name}: {value}"
    done = " ".join(words.format(value=event.value, name=event.name, since=since).split())
    done = " ".join(filter(None, (done, means)))
    return f"{thing}: {done}" if thing else _capital(done)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
