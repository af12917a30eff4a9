"""What the owner says of codes that no grant explains, as a keeper asks for it."""

from __future__ import annotations

from nightlatch.model.access import Decision, Entry
from nightlatch.secrets import Secret


class Owner:
    """One who says nothing: every foreign code stays, and is foreign."""

    def decision(self, lock: str, slot: int) -> Decision | None:
        """What they decided of the code in a slot, and was not done yet."""
        del lock, slot
        return None

    def done(self, decision: Decision) -> None:
        """It was done, or does not hold: it was about another code."""

    def explained(self, lock: str, slot: int) -> str:
        """The person whom the configuration names for a slot; nothing: none."""
        del lock, slot
        return ""

    def leaves(self, lock: str) -> bool:
        """Whether the lock is given up with all that is on it."""
        del lock
        return False

    async def take(self, line: Entry, decision: Decision, code: Secret) -> str:
        """Manage a code from now on as somebody's: the credential that it is by now; nothing: it cannot be."""
        del line, decision, code
        return ""

    def surveyed(self, lock: str) -> bool:
        """Whether the lock was once read whole: a code that is found from then on was not there before."""
        del lock
        return True

    def survey_ended(self, lock: str) -> None:
        """It was read whole."""
