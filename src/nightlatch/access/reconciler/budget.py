"""How many messages may be sent: buckets that fill evenly, and waits that grow."""

from __future__ import annotations

from random import Random

from nightlatch.guard.backoff import Backoff

HOUR_S = 3600.0
AGAIN = Backoff(first_s=2.0, cap_s=HOUR_S)
"""Between attempts at a lock that does not answer, and at one that refuses to let go of a code."""
HEARD_AGAIN = 12
"""How often an hour a lock that tells that it is back is tried at once, however long its wait."""


class Bucket:
    """Room for `per_hour` messages each hour; at most an hour's worth is saved up. Times are monotonic seconds."""

    def __init__(self, per_hour: float, now: float) -> None:
        self.per_hour = per_hour
        self._room = per_hour
        self._at = now

    def ready_at(self, now: float, room: float = 1.0) -> float:
        """From when there is room for so many; never where nothing is allowed at all."""
        self._fill(now)
        if self._room >= min(room, self.per_hour) > 0:
            return now
        if self.per_hour <= 0:
            return float("inf")
        return now + (min(room, self.per_hour) - self._room) / self.per_hour * HOUR_S

    def take(self, messages: float, now: float) -> None:
        """They were sent; what was sent beyond the room is paid back before the next."""
        self._fill(now)
        self._room -= messages

    def _fill(self, now: float) -> None:
        if now > self._at:
            self._room = min(self.per_hour, self._room + (now - self._at) / HOUR_S * self.per_hour)
            self._at = now


class Waits:
    """For how long something is left alone after attempts that came to nothing. Its clock is never set."""

    def __init__(self, chance: Random, backoff: Backoff = AGAIN) -> None:
        self._chance = chance
        self._backoff = backoff
        self._failed: dict[object, int] = {}
        self._until: dict[object, float] = {}
        self._silent: set[object] = set()

    def until(self, key: object) -> float:
        """Not before this."""
        return self._until.get(key, 0.0)

    def failed(self, key: object, now: float) -> float:
        """One more attempt came to nothing; for how many seconds it is left alone now."""
        number = self._failed.get(key, 0)
        self._failed[key] = number + 1
        wait = self._backoff.wait(number, self._chance.random())
        self._until[key] = now + wait
        return wait

    def unanswered(self, key: object, link: object, now: float) -> float:
        """The lock did not answer: it is left alone, and of its lines this one longest, so that others get a turn."""
        wait = self.failed(link, now)
        self._until[key] = now + wait + 1.0
        self._silent.add(key)
        return wait

    def silent(self, link: object, now: float) -> bool:
        """Whether anything waits because the lock did not answer."""
        return bool(self._silent) or self.until(link) > now

    def back(self, link: object, at: float) -> None:
        """The lock is heard: what waited for it may go on from then. When it does not answer, waits go on growing."""
        for key in (link, *self._silent):
            self._until[key] = min(self.until(key), at)
        self._silent.clear()

    def soon(self, key: object) -> None:
        """There is a reason to try it at once. When that comes to nothing, its waits go on growing."""
        self._until.pop(key, None)

    def hold(self, key: object, until: float) -> None:
        """Leave it alone until then."""
        self._until[key] = until

    def over(self, key: object) -> None:
        """It was done."""
        self._failed.pop(key, None)
        self._until.pop(key, None)
