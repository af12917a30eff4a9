"""Who is told of what, and when: the tables of `nightlatch.toml` behind it, as forms show and change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from nightlatch.configuration.edit import Editor
from nightlatch.configuration.guarding import AlertsTable
from nightlatch.configuration.read import load
from nightlatch.errors import UsageError
from nightlatch.guard.detections.registry import configured, limits, set_at
from nightlatch.model.finding import Severity
from nightlatch.secrets import Secret
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.settings import keeping
from nightlatch.web.settings.changing import change
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

Change = Callable[[Editor], None]
SEVERITIES = tuple(str(one) for one in Severity)


class Channel(msgspec.Struct, frozen=True):
    """A channel as it is set and as it fares; its URL is never shown."""

    id: str
    severity: str
    """The least severity that it takes."""
    detections: tuple[str, ...]
    doors: tuple[str, ...]
    people: tuple[str, ...]
    quiet: bool
    escalation_only: bool
    problem: str
    """Why it does not work; nothing when it does, as far as is known."""
    failing_since: int
    waiting: int
    """Messages that it has not taken yet."""
    confirmed: int
    """When a test was last confirmed, µs; 0: never."""
    kept_in: str
    """What kind of place holds its URL: file, env, keyring."""


class Threshold(msgspec.Struct, frozen=True):
    """One threshold of a detection."""

    name: str
    doc: str
    value: float
    default: float
    least: float
    most: float
    whole: bool
    """Whether only whole numbers make sense."""
    set_at: str


class Detection(msgspec.Struct, frozen=True):
    """What is watched for, and from when on it is told."""

    id: str
    title: str
    severity: str
    on: bool
    thresholds: tuple[Threshold, ...]


def channels(house: House) -> list[Channel]:
    """Every channel; reads the database and the file."""
    alerts = house.service.alerts
    tables = {one.id: one for one in house.configuration.tables.alerts.channels}
    found = []
    with alerts.records.read() as book:
        tested = {test.channel: test.confirmed for test in book.tests() if test.confirmed}
        for one in alerts.rules.channels.values():
            fare, table = book.fare(one.id), tables[one.id]
            found.append(
                Channel(
                    one.id,
                    str(one.severity),
                    tuple(table.detections),
                    tuple(table.doors),
                    tuple(table.people),
                    one.quiet,
                    one.kept,
                    one.problem or (fare.reason if fare.failures else ""),
                    fare.since if fare.failures else 0,
                    book.backlog(one.id),
                    tested.get(one.id, 0),
                    table.url.partition(":")[0],
                )
            )
    return found


def detections(house: House) -> list[Detection]:
    """Every detection with the thresholds in force."""
    found = []
    for kind, thresholds in configured(house.configuration):
        values = msgspec.structs.asdict(thresholds)
        found.append(
            Detection(
                kind.id,
                kind.title,
                str(kind.severity),
                thresholds.on,
                tuple(
                    Threshold(
                        one.name,
                        one.doc,
                        values[one.name],
                        one.default,
                        one.least,
                        one.most,
                        isinstance(one.default, int),
                        set_at(house.configuration, kind.id, one.name),
                    )
                    for one in limits(kind)
                ),
            )
        )
    return found


async def put_channel(
    house: House, who: Who, id_: str, values: Mapping[str, Any], url: Secret | None, *, since: str, new: bool
) -> None:
    """Add a channel, or change one; its URL goes into a private file of the state folder."""
    written = await house.read(lambda: _written(house))
    places = [number for number, one in enumerate(written.channels) if one.id == id_]
    if new and places:
        raise UsageError(_("there is a channel %(id)s already", id=id_))
    if not new and not places:
        raise NotFound(_("there is no channel %(id)s", id=id_))
    if new and not url:
        raise UsageError(_("a channel needs its address"))
    values = dict(values)
    if url:
        if "://" not in url.reveal():
            raise UsageError(_("the address of a channel looks like ntfy://… or mailto://…"))
        values["url"] = await house.alone(lambda: keeping.keep_secret(house.folder, _plain(id_), "url", url))

    def put(editor: Editor) -> None:
        if new:
            editor.add("alerts.channels", {"id": id_, **values})
        else:
            editor.change("alerts.channels", places[0], values)

    try:
        await change(house, who, put, name="channel-added" if new else "channel-changed", since=since, detail=id_)
    except BaseException:
        if new:  # nothing names the file that was made for it
            await house.alone(partial(keeping.drop, house.folder, {"url": values["url"]}))
        raise


async def drop_channel(house: House, who: Who, id_: str, *, since: str) -> None:
    """Remove a channel, and the file that holds its address where that is ours."""
    written = await house.read(lambda: _written(house))
    for number, one in enumerate(written.channels):
        if one.id == id_:
            await change(
                house, who, _removing("alerts.channels", number), name="channel-removed", since=since, detail=id_
            )
            await house.alone(partial(keeping.drop, house.folder, {"url": one.url}))
            return
    raise NotFound(_("there is no channel %(id)s", id=id_))


async def put_rule(
    house: House, who: Who, table: str, number: int | None, values: Mapping[str, Any], *, since: str
) -> None:
    """Add (number None) or change a row of notices or escalation."""

    def put(editor: Editor) -> None:
        if number is None:
            editor.add(f"alerts.{table}", values)
        elif number < len(editor.tables(f"alerts.{table}")):
            editor.change(f"alerts.{table}", number, values)
        else:
            raise NotFound

    await change(house, who, put, name="alert-rules", since=since, detail=table)


async def drop_rule(house: House, who: Who, table: str, number: int, *, since: str) -> None:
    """Remove a row of notices or escalation."""

    def put(editor: Editor) -> None:
        if not 0 <= number < len(editor.tables(f"alerts.{table}")):
            raise NotFound
        editor.remove(f"alerts.{table}", number)

    await change(house, who, put, name="alert-rules", since=since, detail=table)


async def put_hours(house: House, who: Who, table: str, values: Mapping[str, Any] | None, *, since: str) -> None:
    """Set the quiet hours or the digest; None: there are none."""

    def put(editor: Editor) -> None:
        if values is not None:
            editor.set(f"alerts.{table}", values)
        elif table in editor.data.get("alerts", {}):
            editor.drop(f"alerts.{table}")

    await change(house, who, put, name="alert-rules", since=since, detail=table)


async def put_detection(house: House, who: Who, id_: str, values: Mapping[str, Any], *, since: str) -> None:
    """Set what differs from the default of a detection's thresholds."""
    await change(
        house, who, lambda editor: editor.set(f"detections.{id_}", values), name="detection-changed", since=since,
        detail=id_,
    )  # fmt: skip


def thresholds(detection: Detection, given: Mapping[str, str]) -> dict[str, float]:
    """The thresholds of a form; UsageError names the one that cannot be."""
    found: dict[str, float] = {}
    for one in detection.thresholds:
        text = given.get(one.name, "").strip()
        try:
            value: float = int(text) if one.whole else float(text)
        except ValueError:
            raise UsageError(_("%(name)s is a number", name=one.name)) from None
        if not one.least <= value <= one.most:
            raise UsageError(_("%(name)s is from %(least)s to %(most)s", name=one.name, least=one.least, most=one.most))
        found[one.name] = value
    return found


def _removing(name: str, number: int) -> Change:
    return lambda editor: editor.remove(name, number)


def _written(house: House) -> AlertsTable:
    return load(house.configuration.path).tables.alerts


def _plain(id_: str) -> str:
    """An id that may be part of a file's name; what else is wrong with it the check of the file tells."""
    if not id_ or len(id_) > 64 or not all(one.isalnum() or one in "-_" for one in id_):
        raise UsageError(_("an id is made of letters, digits, - and _"))
    return f"channel.{id_}"


def chosen(given: Sequence[str]) -> list[str] | None:
    """A list for the file; None: everything, which is what stands nowhere."""
    return list(given) or None
