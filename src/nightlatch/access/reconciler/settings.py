"""How patient and how sparing the reconciler is."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Bounds on what is sent to locks."""

    deadline_s: int = 120
    """Within how many seconds a code that has ended is to be gone before its door counts as exposed."""
    lock_messages_per_hour: float = 6.0
    """To one lock, to find out whether its codes are as they were; 0: never."""
    hub_messages_per_hour: float = 60.0
    """The same, to all locks of one hub."""
    heard_again_per_hour: float = 12.0
    """How often a lock that says that it is back is tried at once, however long it was to wait."""
