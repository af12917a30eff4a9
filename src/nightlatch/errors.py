"""What went wrong, where, and what to do: every error that reaches a user is one of these."""

from __future__ import annotations


class NightlatchError(Exception):
    """An error with text for people.

    `what` happened, `where` (file and line, field, address; empty when it has no place) and what
    `todo`. Secrets are never part of any of them.
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" {self.todo}" if self.todo else ""
        return f"{place}{self.what}{'' if self.what.endswith(('.', '?')) else '.'}{advice}"


class UsageError(NightlatchError):
    """The command line or an argument cannot be used as given."""


class ConfigurationError(NightlatchError):
    """`nightlatch.toml` cannot be used; `where` names the file and the line."""


class SecretError(ConfigurationError):
    """A secret's reference cannot be resolved: variable not set, file missing or readable by others."""


class ReadError(NightlatchError):
    """A file or answer from outside is damaged, too large, too deep, or not what it should be."""


class SourceError(NightlatchError):
    """A source could not give its facts: peer unreachable, permission missing, protocol broken."""


class StoreError(NightlatchError):
    """The database cannot be opened, read or written."""


class JournalError(StoreError):
    """The journal cannot be opened, written or read, or is not what was written."""
