"""What is journalled of users: one kind of event, `act`, and a name for each."""

from __future__ import annotations

from typing import Literal

from nightlatch.model.event import Event
from nightlatch.store.users import Code, User

Act = Literal[
    "sign-in",
    "sign-in-failed",
    "sign-out",
    "step-up",
    "step-up-failed",
    "locked-out",
    "recovery-used",
    "user-added",
    "user-invited",
    "invitation-withdrawn",
    "user-changed",
    "user-removed",
    "reset",
    "setup-code",
    "password-set",
    "authenticator-set",
    "password-removed",
    "recovery-made",
    "passkey-added",
    "passkey-renamed",
    "passkey-removed",
    "passkey-doubtful",
    "session-ended",
    "token-made",
    "token-ended",
]


def act(
    at: int, name: Act, *, person: str = "", about: User | Code | None = None, detail: str = "", way: str = ""
) -> Event:
    """An event of the journal. `person` is who did it: nothing, at the terminal of this machine.

    About whom is told by their handle, which says nothing once they are removed; `way` is by what: "passkey",
    "password", "code".
    """
    subject = f"user:{about.handle}" if about is not None and about.id != person else "home"
    return Event(at, "act", subject, name=name, person=person, detail=detail, value=way)
