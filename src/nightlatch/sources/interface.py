"""The one interface of a source: settings in, items out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from nightlatch.model.evidence import Grade, Item
from nightlatch.plugs import Context, PathSettings, Plug, Settings

__all__ = ["Context", "PathSettings", "Settings", "Source"]


class Source(Plug):
    """Reads facts from a file, an export or a command's output. Runs in a thread.

    `collect` yields claims, identities and gaps as it finds them, so that what was read before a
    failure is kept. It raises SourceError or ReadError when it cannot go on; every other exception
    is a defect.
    """

    grade = Grade.RECORDED

    @abstractmethod
    def collect(self) -> Iterator[Item]:
        """The facts, each with its place in the source."""
