"""How sentences name a credential: by its slot, never by its person."""

from __future__ import annotations

from nightlatch.model.event import Event

_FORMS = {"tag": "tag", "biometric": "fingerprint", "remote": "app share"}


def credential(event: Event) -> str:
    """`the code in slot 3`."""
    return f"the {_FORMS.get(event.by, 'code')} in slot {event.slot}"


def slot_key(event: Event) -> str:
    """`lock:front/3`: a case's key."""
    return f"{event.about}/{event.slot}"
