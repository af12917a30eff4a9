"""Whether the pages may be reached from beyond this machine: not before an owner can sign in, and by two factors."""

from __future__ import annotations

from nightlatch.configuration.read import Configuration
from nightlatch.errors import ConfigurationError
from nightlatch.service.hosts import is_loopback
from nightlatch.store.users import User, UserBook
from nightlatch.text import listed
from nightlatch.web.signin import users

LOOPBACK = 'set host = "127.0.0.1" in [service] of nightlatch.toml'


def check(configuration: Configuration, book: UserBook) -> None:
    """Refuse to start otherwise: ConfigurationError says why, and what to do."""
    host = configuration.tables.service.host
    if is_loopback(host):
        return
    where = configuration.where("service", "host")
    if users.none(book):
        raise ConfigurationError(
            f"host = {host!r} reaches beyond this machine, and nobody is an owner yet: whoever comes first could be",
            where=where,
            todo=f"First {LOOPBACK}, start nightlatch run, and make the owner on this machine.",
        )
    single = sorted(one.id for one in book.every(User) if _by_password_alone(book, one))
    if single:
        raise ConfigurationError(
            f"host = {host!r} reaches beyond this machine, and {listed(single)} signed up with a password alone",
            where=where,
            todo=f"Have them add an authenticator app or a passkey first: {LOOPBACK} meanwhile. "
            "Or take them away with: nightlatch users remove",
        )


def _by_password_alone(book: UserBook, user: User) -> bool:
    return bool(user.password) and not users.able(book, user)
