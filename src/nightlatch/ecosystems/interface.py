"""The one interface of an ecosystem: settings in, items out, over a live connection."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator

from nightlatch.model.evidence import Grade, Item
from nightlatch.plugs import Context, Plug, Settings

__all__ = ["Context", "Ecosystem", "Settings"]


class Ecosystem(Plug):
    """A live connection to a hub. It reads only: it commands nothing and changes nothing.

    `collect` yields claims, identities and gaps as it finds them, so that what was read before the
    connection broke is kept. It raises SourceError when it cannot go on; every other exception is
    a defect. It ends within the collector's deadline, whatever the peer does.
    """

    grade = Grade.OBSERVED

    @abstractmethod
    def collect(self) -> AsyncIterator[Item]:
        """The facts, each with its place in the hub."""
