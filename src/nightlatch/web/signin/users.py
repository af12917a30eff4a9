"""Changes of users: who is invited, changed, reset and removed, and what each of them signs in with.

There is always an owner who can sign in, once there was one. Whoever calls these is allowed to; each is one
transaction's work, in a `UserBook`. UsageError says what cannot be.
"""

from __future__ import annotations

import re
import secrets
from typing import Literal, TypeVar

import msgspec

from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.store.users import Code, Device, Passkey, Recovery, Role, Session, Token, User, UserBook
from nightlatch.text import listed
from nightlatch.web.errors import NotFound
from nightlatch.web.signin import chance, limits
from nightlatch.web.signin.passwords import Passwords

ROLES: tuple[Role, ...] = ("owner", "resident", "viewer")
HOUR = 3_600_000_000
DAY = 24 * HOUR
SETUP_FOR, RESET_FOR, INVITED_FOR = DAY, DAY, 3 * DAY
"""How long a code is good (µs)."""
RECOVERY = 10
LONGEST_NAME = 80
MOST = 200
"""Users, and as many invitations."""
LONGEST_TOKEN = 366 * DAY
SETUP = "setup"
Owned = TypeVar("Owned", Passkey, Session, Token)
_ID = re.compile(r"[a-z0-9][a-z0-9\-_.]{0,63}")


class Ways(msgspec.Struct, frozen=True):
    """What a user signs in with."""

    passkeys: int
    password: bool
    authenticator: bool
    recovery: int
    """Recovery codes that are left."""


def none(book: UserBook) -> bool:
    """Whether nobody is an owner yet."""
    return not any(one.role == "owner" for one in book.every(User))


def ways(book: UserBook, user: User) -> Ways:
    """What they sign in with by now."""
    left = sum(not one.used for one in book.every(Recovery, user=user.id))
    return Ways(len(book.every(Passkey, user=user.id)), bool(user.password), bool(user.totp), left)


def user(book: UserBook, id_: str) -> User:
    """The user with this id; UsageError where there is none."""
    found = book.one(User, id_)
    if found is None:
        known = [one.id for one in book.every(User)]
        raise UsageError(f"there is no user {id_!r}", todo=f"There are: {listed(known) or 'none'}.")
    return found


def new(book: UserBook, id_: str, name: str, role: Role, now: int, *, handle: str = "") -> User:
    """Somebody new, checked and not kept yet."""
    if not _ID.fullmatch(id_):
        todo = "Begin with a letter or digit; then also -, _ and ., 64 signs at most."
        raise UsageError(f"{id_!r} cannot be a user's id: small letters and digits only", where="id", todo=todo)
    if book.one(User, id_) is not None:
        raise UsageError(f"there is a user {id_!r} already", where="id", todo="Take another id.")
    if len(book.every(User)) >= MOST:
        raise UsageError(f"there are {MOST} users already")
    return User(id_, named(name or id_), role, handle or secrets.token_urlsafe(16), now)


def named(name: str) -> str:
    """A name that people read; UsageError where it cannot be one."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        what = f"a name is 1 to {LONGEST_NAME} printable characters on one line"
        raise UsageError(what, where="name")
    return name


# One-time codes


def setup_code(book: UserBook, passwords: Passwords, now: int) -> Secret:
    """A code with which the first owner is made, in the place of a former one. UsageError once there is an owner."""
    if not none(book):
        raise UsageError("there is an owner already", todo="Locked out? Run: nightlatch users reset NAME")
    code = chance.code(2)
    hashed = passwords.hash(Secret(chance.plain(code)))
    book.put(Code(SETUP, "setup", hashed, "", "", "owner", secrets.token_urlsafe(16), now, now + SETUP_FOR))
    return Secret(code)


def invite(book: UserBook, id_: str, name: str, role: Role, now: int) -> tuple[Code, Secret]:
    """A code with which somebody makes themself a user. A former one for this id is no good any more."""
    made = new(book, id_, name, role, now)
    book.sweep(Code, "ends", now)
    book.drop(Code, user=id_)
    if len(book.every(Code)) >= MOST:
        raise UsageError(f"{MOST} codes wait to be used", todo="Withdraw some of them first.")
    return _coded(book, "invite", made, now, INVITED_FOR)


def reset(book: UserBook, id_: str, now: int) -> tuple[Code, Secret]:
    """End a lock-out and every session of a user, and make a code with which they set a new way to sign in."""
    found = user(book, id_)
    limits.forgiven(book, id_)
    book.sessions_but(id_)
    book.drop(Code, user=id_)
    return _coded(book, "reset", found, now, RESET_FOR)


def withdraw(book: UserBook, id_: str) -> Code:
    """Take back an invitation by the id that it is for."""
    found = [one for one in book.every(Code, user=id_) if one.kind == "invite"]
    if not found:
        raise UsageError(f"nobody is invited as {id_!r}")
    book.drop(Code, id=found[0].id)
    return found[0]


def _coded(book: UserBook, kind: Literal["invite", "reset"], of: User, now: int, lasts: int) -> tuple[Code, Secret]:
    code = chance.code(4)
    digest = chance.digest(chance.plain(code))
    made = Code(digest, kind, "", of.id, of.name, of.role, of.handle, now, now + lasts)
    book.put(made)
    return made, Secret(code)


def coded(book: UserBook, passwords: Passwords, typed: str, now: int) -> Code | None:
    """What a one-time code is for; None where it is none, or was used, or its time is over."""
    text = chance.plain(typed)
    found = book.one(Code, chance.digest(text)) if text else None
    if found is None and (setup := book.one(Code, SETUP)) is not None:
        found = setup if none(book) and passwords.same(setup.hashed, Secret(text)) else None
    return found if found is not None and now < found.ends else None


def enter(book: UserBook, code_id: str, id_: str, name: str, now: int) -> tuple[Code, User]:
    """Use up a code: who they are by it. The first owner says who they are; UsageError where that cannot be."""
    code = book.one(Code, code_id)
    if code is None or now >= code.ends:
        raise UsageError("this code was used, withdrawn, or its time is over", todo="Ask for another.")
    match code.kind:
        case "setup":
            if not none(book):
                raise UsageError("there is an owner already", todo="Sign in, or ask the owner for an invitation.")
            made = new(book, id_, name, "owner", now, handle=code.handle)
        case "invite":
            made = new(book, code.user, code.name, code.role, now, handle=code.handle)
        case "reset":
            made = msgspec.structs.replace(user(book, code.user), password="", totp=0, step=0)
            book.drop(Recovery, user=made.id)
            book.drop(Device, user=made.id)
            book.sessions_but(made.id)
            unseal(book, made.id)
    book.drop(Code, id=code.id)
    book.put(made)
    return code, made


# Roles


def change(book: UserBook, id_: str, *, name: str | None = None, role: Role | None = None) -> User:
    """Another name or role. With another role their sessions end."""
    before = user(book, id_)
    made = msgspec.structs.replace(
        before, name=before.name if name is None else named(name), role=before.role if role is None else role
    )
    if made == before:
        raise UsageError("nothing would be other than it is")
    if before.role == "owner" and made.role != "owner":
        _another_owner(book, id_)
    book.put(made)
    if made.role != before.role:
        book.sessions_but(id_)
    return made


def remove(book: UserBook, id_: str) -> User:
    """Take a user away. What they may open stays: that is access."""
    found = user(book, id_)
    if found.role == "owner":
        _another_owner(book, id_)
    book.forget(id_)
    return found


def _another_owner(book: UserBook, id_: str) -> None:
    if not any(one.role == "owner" and one.id != id_ and able(book, one) for one in book.every(User)):
        todo = "Make another user an owner first."
        raise UsageError(f"{id_} is the only owner who can sign in", todo=todo)


def able(book: UserBook, of: User, *, without: str = "") -> bool:
    """Whether somebody can sign in; `without` this passkey."""
    return bool(of.password and of.totp) or any(one.id != without for one in book.every(Passkey, user=of.id))


# What a user signs in with


def set_password(book: UserBook, id_: str, hashed: str, *, keep: str = "") -> None:
    """Another password. Every other session ends, and every browser is a stranger again."""
    book.put(msgspec.structs.replace(user(book, id_), password=hashed))
    book.sessions_but(id_, keep)
    book.drop(Device, user=id_)


def set_totp(book: UserBook, id_: str, step: int, now: int) -> tuple[Secret, ...]:
    """An authenticator app was set up, whose first code was of this step. The new recovery codes."""
    book.put(msgspec.structs.replace(user(book, id_), totp=now, step=step))
    return recovery_codes(book, id_)


def recovery_codes(book: UserBook, id_: str) -> tuple[Secret, ...]:
    """Ten codes in the place of any former ones: shown once, kept as digests."""
    codes = [chance.code(4) for _ in range(RECOVERY)]
    book.drop(Recovery, user=id_)
    book.put(*(Recovery(chance.digest(f"{id_} {chance.plain(one)}"), id_) for one in codes))
    return tuple(Secret(one) for one in codes)


def recovered(book: UserBook, id_: str, typed: str, now: int) -> bool:
    """Whether a recovery code is theirs and was not used; it is used up by this."""
    found = book.one(Recovery, chance.digest(f"{id_} {chance.plain(typed)}"))
    if found is None or found.used or found.user != id_:
        return False
    book.put(msgspec.structs.replace(found, used=now))
    return True


def remove_password(book: UserBook, id_: str) -> None:
    """Passkeys only from now on: password, authenticator app and recovery codes go."""
    found = user(book, id_)
    if not book.every(Passkey, user=id_):
        raise UsageError("this is the only way in", todo="Add a passkey first.")
    book.put(msgspec.structs.replace(found, password="", totp=0, step=0))
    book.drop(Recovery, user=id_)
    unseal(book, id_)


def unseal(book: UserBook, id_: str) -> None:
    """Take away what their authenticator app makes codes of."""
    book.connection.exec_driver_sql("DELETE FROM access_secrets WHERE id = ?", (f"totp:{id_}",))


def remove_passkey(book: UserBook, id_: str, passkey: str) -> Passkey:
    """Take away a passkey of theirs; never the last way in."""
    found = mine(book.one(Passkey, passkey), id_)
    if not able(book, user(book, id_), without=passkey):
        raise UsageError("this is the only way in", todo="Add another passkey, or a password with an app, first.")
    book.drop(Passkey, id=passkey)
    return found


def mine(found: Owned | None, id_: str) -> Owned:
    """What is this user's; of another's it is not even told that it is there."""
    if found is None or found.user != id_:
        raise NotFound
    return found
