"""Forms that must not do twice what they are sent twice for: a double tap, a page that is sent again."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from nightlatch.access.registrar import Changed

FIELD = "once"
"""The form's field with its id."""
MOST = 1_000
"""Forms that are remembered, those that were sent last."""


def new_once() -> str:
    """An id for one form as it is shown once."""
    return secrets.token_urlsafe(12)


class Once:
    """What forms did, by the user and the form's id. It belongs to the thread of changes."""

    def __init__(self) -> None:
        self._did: dict[tuple[str, str], Changed] = {}

    def do(self, user: str, form: str, make: Callable[[], Changed]) -> tuple[Changed, bool]:
        """What it does, or did when it was sent before; and whether it did it now. A form without an id does it."""
        key = (user, form)
        if form and key in self._did:
            return self._did[key], False
        changed = make()
        if form:
            self._did[key] = changed
            while len(self._did) > MOST:
                del self._did[next(iter(self._did))]
        return changed, True
