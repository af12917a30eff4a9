"""Signing in, and confirming that it is you: by a passkey, or by a password and a code of the app or a recovery code.

A password alone never suffices. Whether the name, the password or the code was wrong is told to nobody, and
takes as long.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Request

from nightlatch.errors import StoreError
from nightlatch.secrets import Secret
from nightlatch.store.users import Passkey, Session, User, UserBook
from nightlatch.web.errors import NeedsSignIn, Refused
from nightlatch.web.signin import limits, passkeys, sessions, totp, users
from nightlatch.web.signin.acts import act
from nightlatch.web.signin.desk import Desk, Entered, visitor
from nightlatch.web.signin.limits import Admission
from nightlatch.web.signin.passkeys import NotProven, Party
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

Second = Literal["", "code", "recovery"]
LONGEST_NAME = 200


class Wrong(Refused):
    """Name, password and code do not belong together."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            _("name, password and code do not belong together"),
            todo=_("Which of the three is wrong is not told. A code is good once, and for half a minute."),
        )


class WrongCode(Refused):
    """A code is not theirs, or it was used."""

    status = 403

    def __init__(self) -> None:
        super().__init__(_("this code is wrong, or was used"), todo=_("Wait for the next one of the app."))


async def by_password(desk: Desk, request: Request[Any, Any, Any], name: str, password: Secret, code: str) -> Entered:
    """Sign in. Wrong, TooMany or Busy."""
    name, at = name.strip()[:LONGEST_NAME], visitor(request)
    known = await desk.read(lambda book: book.one(User, name.lower()))
    person = known.id if known is not None else ""
    under = limits.keys(name, person, at, await desk.device(request, person))
    admission = await desk.admit(under)
    kept = known.password if known is not None else ""
    right = await desk.passwords.is_same(kept, password)
    renewed = await desk.passwords.hashed(password) if right and desk.passwords.stale(kept) else ""

    def enter(book: UserBook, now: int) -> tuple[Entered | None, Second]:
        user = book.one(User, person)
        # What was compared must still be theirs: it may have been changed meanwhile.
        if not right or user is None or user.password != kept:
            return None, ""
        way = second(desk, book, user, code, now)
        if not way:
            return None, ""
        user = book.one(User, person) or user
        if renewed:
            user = msgspec.structs.replace(user, password=renewed)
            book.put(user)
        limits.cleared(book, under)
        return desk.entered(book, request, user, now), way

    entered, way = await desk.change(enter)
    if entered is None:
        detail = f"from {at.address}{', with the right password' if right else ''}"
        await desk.failed(admission, act(desk.now(), "sign-in-failed", person=person, detail=detail, way="password"))
        raise Wrong
    await _welcome(desk, entered, "password", way)
    return entered


async def by_passkey(desk: Desk, request: Request[Any, Any, Any], answer: dict[str, Any]) -> Entered:
    """Sign in. NotProven, Expired or NoPasskeys."""
    at, party = visitor(request), passkeys.needed(request.headers.get("host", ""))
    id_, handle = passkeys.presented(answer)

    def whose(book: UserBook) -> str:
        found = book.one(Passkey, id_)
        return found.user if found is not None else ""

    person = await desk.read(whose)
    under = limits.place("passkey", at, await desk.device(request, person))
    admission = await desk.admit(under)

    def enter(book: UserBook, now: int) -> Entered | NotProven:
        passkey = book.one(Passkey, id_)
        user = book.one(User, passkey.user) if passkey is not None else None
        if passkey is None or user is None or user.handle.rstrip("=") != handle.rstrip("="):
            return NotProven("it is not known")
        refused = _prove(desk, book, passkey, answer, party=party, purpose="sign-in", now=now)
        if refused is not None:
            return refused
        limits.cleared(book, under)
        return desk.entered(book, request, user, now)

    entered = await desk.change(enter)
    if isinstance(entered, NotProven):
        await _not_proven(desk, entered, admission, person=person, where=f"from {at.address}", name="sign-in-failed")
        raise entered
    await _welcome(desk, entered, "passkey", "")
    return entered


def passkey_options(desk: Desk, request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What a browser is asked to sign in: any passkey that it has for this machine."""
    party = passkeys.needed(request.headers.get("host", ""))
    return passkeys.options(party, desk.ceremonies.challenge("sign-in", desk.now()))


# Confirming that it is you


async def again_options(desk: Desk, request: Request[Who, Any, Any]) -> dict[str, Any]:
    """What a browser is asked to confirm: one of the user's passkeys."""
    who, party = request.user, passkeys.needed(request.headers.get("host", ""))
    mine = await desk.read(lambda book: book.every(Passkey, user=who.id))
    challenge = desk.ceremonies.challenge(f"again {who.session}", desk.now())
    return passkeys.options(party, challenge, mine)


async def again_by_passkey(desk: Desk, request: Request[Who, Any, Any], answer: dict[str, Any]) -> Entered:
    """Confirm by a passkey of theirs. NotProven, Expired, TooMany."""
    who, party = request.user, passkeys.needed(request.headers.get("host", ""))
    id_, _handle = passkeys.presented(answer)
    under = limits.again(who.id, who.session)
    admission = await desk.admit(under)

    def confirm(book: UserBook, now: int) -> tuple[Entered, Session] | NotProven:
        passkey = book.one(Passkey, id_)
        if passkey is None or passkey.user != who.id:
            return NotProven("it is not known")
        refused = _prove(desk, book, passkey, answer, party=party, purpose=f"again {who.session}", now=now)
        return refused if refused is not None else _renewed(book, request, under, now)

    done = await desk.change(confirm)
    if isinstance(done, NotProven):
        await _not_proven(desk, done, admission, person=who.id, where="", name="step-up-failed")
        raise done
    return await _confirmed(desk, done, "passkey")


async def again_by_code(desk: Desk, request: Request[Who, Any, Any], code: str) -> Entered:
    """Confirm by a code of the app, or a recovery code. WrongCode, TooMany."""
    who, under = request.user, limits.again(request.user.id, request.user.session)
    admission = await desk.admit(under)

    def confirm(book: UserBook, now: int) -> tuple[tuple[Entered, Session] | None, Second]:
        way = second(desk, book, users.user(book, who.id), code, now)
        return (_renewed(book, request, under, now) if way else None), way

    done, way = await desk.change(confirm)
    if done is None:
        await desk.failed(admission, act(desk.now(), "step-up-failed", person=who.id, way="code"))
        raise WrongCode
    if way == "recovery":
        await desk.tell(act(desk.now(), "recovery-used", person=who.id))
    return await _confirmed(desk, done, way)


def second(desk: Desk, book: UserBook, user: User, code: str, now: int) -> Second:
    """By what a code is theirs, which is used up by this; nothing where it is not."""
    if user.totp:
        try:
            secret = desk.house.service.access.vault.totp(user.id)
        except StoreError:
            secret = None  # its key is missing, which the service tells; recovery codes still open
        step = totp.step_of(secret, code, now, user.step) if secret is not None else None
        if step is not None:
            book.put(msgspec.structs.replace(user, step=step))
            return "code"
    return "recovery" if users.recovered(book, user.id, code, now) else ""


def _prove(
    desk: Desk, book: UserBook, passkey: Passkey, answer: dict[str, Any], *, party: Party, purpose: str, now: int
) -> NotProven | None:
    """Take the answer of a passkey; why it is not taken. That it was copied is kept then."""
    try:
        book.put(passkeys.proven(answer, passkey, party, desk.ceremonies, now, purpose=purpose))
    except NotProven as error:
        if error.copied:
            book.put(msgspec.structs.replace(passkey, doubtful=now))
        return error
    return None


def _renewed(
    book: UserBook, request: Request[Who, Any, Any], under: tuple[str, ...], now: int
) -> tuple[Entered, Session]:
    """The session with another token; and as it was."""
    who = request.user
    user, session = book.one(User, who.id), book.one(Session, who.session)
    if user is None or session is None:
        raise NeedsSignIn
    limits.cleared(book, under)
    renewed, token = sessions.renew(book, session, now)
    left = (session.made + sessions.LONGEST - now) // 1_000_000
    cookie = sessions.cookie(request, sessions.SESSION, token, max(1, left))
    return Entered(user, renewed, (cookie,)), session


async def _confirmed(desk: Desk, done: tuple[Entered, Session], way: str) -> Entered:
    entered, former = done
    desk.identify.replaced(former, desk.now())
    await desk.tell(act(desk.now(), "step-up", person=entered.user.id, way=way))
    return entered


async def _welcome(desk: Desk, entered: Entered, way: str, second_way: Second) -> None:
    now, session = desk.now(), entered.session
    detail = f"{session.agent}, from {session.address}"
    await desk.tell(act(now, "sign-in", person=entered.user.id, detail=detail, way=way))
    if second_way == "recovery":
        await desk.tell(act(now, "recovery-used", person=entered.user.id))


async def _not_proven(
    desk: Desk,
    error: NotProven,
    admission: Admission,
    *,
    person: str,
    where: str,
    name: Literal["sign-in-failed", "step-up-failed"],
) -> None:
    detail = ", ".join(part for part in (where, error.why) if part)
    await desk.failed(admission, act(desk.now(), name, person=person, detail=detail, way="passkey"))
    if error.copied:
        await desk.tell(act(desk.now(), "passkey-doubtful", person=person, detail=error.why))
