"""A home's events, a million of them if need be: a quarter is about a credential, so sealed; all have a raw message."""

from __future__ import annotations

from nightlatch.model.event import Event

AT = 1_790_000_000_000_000
STEP = 1_000


def event(number: int) -> Event:
    """One of eight kinds of message, in turn, each with content of its own."""
    at, lock, turn = AT + number * STEP, f"lock:door{number % 5}", number % 8
    node = f'"source":"node","nodeId":{3 + number % 5}'
    if turn in (0, 4):
        slot = 1 + number % 20
        raw = f'{{{node},"event":"notification","args":{{"type":6,"event":6,"parameters":{{"userId":{slot}}}}}}}'
        return Event(at, "unlocked", lock, "zwavejs", "code", slot, raw=raw)
    value = f'{{{node},"event":"value updated","args":{{"commandClass":%d,"property":"%s","newValue":%s}}}}'
    if turn in (1, 5):
        return Event(at, "locked", lock, "zwavejs", "auto", raw=value % (98, "boltStatus", '"locked"'))
    if turn == 2:
        return Event(at, "door_opened", f"door:door{number % 5}", "zwavejs", raw=value % (98, "doorStatus", '"open"'))
    if turn == 6:
        return Event(at, "door_closed", f"door:door{number % 5}", "zwavejs", raw=value % (98, "doorStatus", '"closed"'))
    charge = 100 - number % 90
    return Event(at, "battery", lock, "zwavejs", value=charge, raw=value % (128, "level", charge))


def events(start: int, count: int) -> list[Event]:
    """So many of them in a row."""
    return [event(number) for number in range(start, start + count)]
