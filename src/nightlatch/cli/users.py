"""`nightlatch users`: who may sign in to the web app. It works while the service runs and while it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.access_common import YesOption, confirmed
from nightlatch.cli.common import ConfigOption, Format, FormatOption, console, now, print_json, print_table
from nightlatch.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from nightlatch.model.event import Event
    from nightlatch.secrets import Secret
    from nightlatch.store.users import Role, Token, UserBook, UserRecords

app = typer.Typer(name="users", help="Who may sign in to the web app.", no_args_is_help=True)
token_app = typer.Typer(name="token", help="API tokens of users.", no_args_is_help=True)
app.add_typer(token_app)

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The user's id.")]
PORT = 5625


@app.callback()
def group() -> None:
    """Who may sign in to the web app."""


@token_app.callback()
def tokens_group() -> None:
    """API tokens of users."""


class _Desk:
    """The users of the state folder, and the journal."""

    def __init__(self, records: UserRecords, append: Any) -> None:
        self.records, self._append = records, append

    def tell(self, event: Event) -> None:
        self._append([event])


@contextmanager
def _opened() -> Iterator[_Desk]:
    from nightlatch.journal.journal import Journal
    from nightlatch.service.folder import prepare
    from nightlatch.store.database import connect, state_folder
    from nightlatch.store.users import UserRecords

    folder = state_folder()
    prepare(folder)
    engine = connect(folder)
    try:
        journal = Journal.open(folder)
        try:
            yield _Desk(UserRecords(engine), journal.append)
        finally:
            journal.close()
    finally:
        engine.dispose()


@app.command("list")
def list_(*, form: FormatOption = Format.TEXT) -> None:
    """List everybody who may sign in, how they do, and who is invited.

    Examples: nightlatch users list; nightlatch users list --format json
    """
    from nightlatch.model.event import instant, micros

    at = micros(now())
    with _opened() as desk, desk.records.read() as book:
        rows = _rows(book, at)
    if form is Format.JSON:
        print_json(rows)
        return
    cells = []
    for row in rows:
        seen = f"{instant(row['seen']):%Y-%m-%d %H:%M} UTC" if row["seen"] else ""
        cells.append((row["id"], row["name"], row["role"], "invited" if row["invited"] else row["ways"], seen))
    if rows:
        print_table(console(), ("id", "name", "role", "signs in by", "last seen"), cells)
    else:
        console().print("Nobody yet. Make the first owner: nightlatch users setup", markup=False)


@app.command()
def setup(config: ConfigOption = None, *, form: FormatOption = Format.TEXT) -> None:
    """Make the code by which the first owner is made, in the place of a former one. Good once, and for a day.

    Examples: nightlatch users setup; nightlatch users setup --format json
    """
    from nightlatch.model.event import micros
    from nightlatch.web.signin import users
    from nightlatch.web.signin.acts import act
    from nightlatch.web.signin.desk import setup_link
    from nightlatch.web.signin.passwords import Passwords

    at = micros(now())
    with _opened() as desk:
        with desk.records.begin() as book:
            code = users.setup_code(book, Passwords(), at)
        desk.tell(act(at, "setup-code"))
    _link(setup_link(_address(config), code), code, form, "Make the first owner here")


@app.command()
def add(
    user: UserArgument,
    config: ConfigOption = None,
    *,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What people call them.")] = "",
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="owner, resident or viewer.")] = "resident",
    form: FormatOption = Format.TEXT,
) -> None:
    """Invite somebody: make the link by which they set how they sign in. Good once, and for three days.

    Take the id under which somebody is in `nightlatch people`, where they are.

    Examples: nightlatch users add ana --name "Ana Silva"; nightlatch users add rosa --role owner
    """
    from nightlatch.model.event import micros
    from nightlatch.web.signin import users
    from nightlatch.web.signin.acts import act

    at, wanted = micros(now()), _role(role)
    with _opened() as desk:
        with desk.records.begin() as book:
            if users.none(book) and wanted != "owner":
                todo = "Make the first owner before: nightlatch users setup"
                raise UsageError("there is no owner yet", todo=todo)
            made, code = users.invite(book, user, name or user, wanted, at)
        desk.tell(act(at, "user-invited", about=made, detail=made.role))
    _link(_new(config, code), code, form, f"{made.name} makes their way in here")


@app.command()
def change(
    user: UserArgument,
    *,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What people call them.")] = "",
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="owner, resident or viewer.")] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Change somebody's name or role. With another role, they sign in anew.

    Examples: nightlatch users change ana --role viewer; nightlatch users change ana --name "Ana Silva"
    """
    from nightlatch.model.event import micros
    from nightlatch.web.signin import users
    from nightlatch.web.signin.acts import act

    at = micros(now())
    with _opened() as desk:
        with desk.records.begin() as book:
            made = users.change(book, user, name=name or None, role=_role(role) if role else None)
        desk.tell(act(at, "user-changed", about=made, detail=made.role))
    _done(form, f"Changed {made.name} ({made.id}), {made.role}.", id=made.id, name=made.name, role=made.role)


@app.command()
def reset(
    user: UserArgument, config: ConfigOption = None, *, yes: YesOption = False, form: FormatOption = Format.TEXT
) -> None:
    """End somebody's lock-out and sessions, and make the link by which they set a new way to sign in.

    What they have still opens until the link is used; then their password, app and recovery codes end, and their
    passkeys stay. Good once, and for a day.

    Examples: nightlatch users reset rosa; nightlatch users reset rosa --yes
    """
    from nightlatch.model.event import micros
    from nightlatch.web.signin import users
    from nightlatch.web.signin.acts import act

    at = micros(now())
    with _opened() as desk:
        with desk.records.read() as book:
            found = users.user(book, user)
        confirmed([f"Wherever {found.name} is signed in, that ends."], "Reset them?", yes=yes)
        with desk.records.begin() as book:
            made, code = users.reset(book, user, at)
        desk.tell(act(at, "reset", about=made))
    _link(_new(config, code), code, form, f"{made.name} sets a new way in here")


@app.command()
def remove(user: UserArgument, *, yes: YesOption = False, form: FormatOption = Format.TEXT) -> None:
    """Remove a user, with their sessions and tokens. What they may open stays: that is `nightlatch people`.

    Examples: nightlatch users remove ana; nightlatch users remove ana --yes
    """
    from nightlatch.model.event import micros
    from nightlatch.store.users import Code
    from nightlatch.web.signin import users
    from nightlatch.web.signin.acts import act

    at = micros(now())
    with _opened() as desk:
        with desk.records.read() as book:
            invited = [one for one in book.every(Code, user=user) if one.kind == "invite"]
            found = invited[0].name if invited else users.user(book, user).name
        what = f"{found} cannot sign in any more, and their tokens end."
        confirmed([what], "Remove them?", yes=yes)
        with desk.records.begin() as book:
            gone = users.withdraw(book, user) if invited else users.remove(book, user)
        desk.tell(act(at, "invitation-withdrawn" if invited else "user-removed", about=gone))
    _done(form, f"Removed {found}.", id=user, name=found)


@token_app.command("list")
def token_list(user: UserArgument, *, form: FormatOption = Format.TEXT) -> None:
    """List somebody's API tokens: what each may, until when, and when it was last used.

    Examples: nightlatch users token list rosa; nightlatch users token list rosa --format json
    """
    from nightlatch.model.event import instant
    from nightlatch.store.users import Token
    from nightlatch.web.signin import users

    with _opened() as desk, desk.records.read() as book:
        users.user(book, user)
        found = book.every(Token, user=user)
    if form is Format.JSON:
        print_json([_told(one) for one in found])
        return
    cells = []
    for one in found:
        used = f"{instant(one.used):%Y-%m-%d %H:%M} UTC" if one.used else "never"
        cells.append((one.id, one.name, one.scopes, f"{instant(one.ends):%Y-%m-%d}", used))
    if found:
        print_table(console(), ("id", "name", "may", "ends", "last used"), cells)
    else:
        console().print(f"{user} has no token.", markup=False)


@token_app.command("add")
def token_add(
    user: UserArgument,
    *,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is for.")],
    scope: Annotated[list[str], typer.Option("--scope", metavar="RIGHT", help="What it may do. Repeatable.")],
    days: Annotated[int, typer.Option("--days", help="For how long: 30, 90 or 365.")] = 90,
    form: FormatOption = Format.TEXT,
) -> None:
    """Make an API token. It is printed this once, and kept as a digest.

    Examples: nightlatch users token add rosa --name backup --scope see;
    nightlatch users token add rosa --name panel --scope see --scope lock --days 365
    """
    from nightlatch.model.event import instant, micros
    from nightlatch.web.signin import tokens, users
    from nightlatch.web.signin.acts import act

    at = micros(now())
    with _opened() as desk:
        with desk.records.begin() as book:
            of = users.user(book, user)
            made, text = tokens.make(book, of, name, scope, at, days=days)
        desk.tell(act(at, "token-made", about=of, detail=f"{made.name}: {made.scopes}"))
    if form is Format.JSON:
        print_json({**_told(made), "token": text.reveal()})
        return
    console(stderr=True).print(
        f"{made.name} may {made.scopes}, until {instant(made.ends):%Y-%m-%d}. Shown now and never again:", markup=False
    )
    typer.echo(text.reveal())


@token_app.command("remove")
def token_remove(
    user: UserArgument,
    token: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `token list` has it.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """End an API token at once.

    Examples: nightlatch users token remove rosa 4be1f0a2c3d4
    """
    from nightlatch.model.event import micros
    from nightlatch.store.users import Token
    from nightlatch.web.signin import users
    from nightlatch.web.signin.acts import act

    at = micros(now())
    with _opened() as desk:
        with desk.records.begin() as book:
            of, found = users.user(book, user), book.one(Token, token)
            if found is None or found.user != user:
                raise UsageError(f"{user} has no token {token!r}", todo=f"Run: nightlatch users token list {user}")
            book.drop(Token, id=token)
        desk.tell(act(at, "token-ended", about=of, detail=found.name))
    _done(form, f"Ended the token {found.name}.", id=token, name=found.name)


def _rows(book: UserBook, at: int) -> list[dict[str, Any]]:
    from nightlatch.store.users import Code, Session, User
    from nightlatch.text import count
    from nightlatch.web.signin import users

    rows: list[dict[str, Any]] = []
    for one in book.every(User):
        ways = users.ways(book, one)
        told = [count(ways.passkeys, "passkey")] if ways.passkeys else []
        told += ["password and app"] if ways.password and ways.authenticator else []
        seen = max((session.seen for session in book.every(Session, user=one.id)), default=0)
        rows.append(
            {
                **{"id": one.id, "name": one.name, "role": one.role, "invited": False, "ways": ", ".join(told)},
                **{"passkeys": ways.passkeys, "password": ways.password, "authenticator": ways.authenticator},
                **{"recovery_codes": ways.recovery, "seen": seen},
            }
        )
    for code in book.every(Code):
        if code.kind == "invite" and code.ends > at:
            row = {"id": code.user, "name": code.name, "role": code.role, "invited": True, "ways": "", "seen": 0}
            rows.append({**row, "passkeys": 0, "password": False, "authenticator": False, "recovery_codes": 0})
    return rows


def _told(token: Token) -> dict[str, Any]:
    return {
        **{"id": token.id, "name": token.name, "scopes": token.scopes.split()},
        **{"made": token.made, "ends": token.ends, "used": token.used},
    }


def _role(text: str) -> Role:
    from nightlatch.text import suggest
    from nightlatch.web.signin.users import ROLES

    for role in ROLES:
        if role == text:
            return role
    todo = suggest(text, ROLES) or f"It is one of {', '.join(ROLES)}."
    raise UsageError(f"there is no role {text!r}", where="--role", todo=todo)


def _address(config: Path | None) -> str:
    """Where the web app is: of the running service, else of the configuration."""
    from nightlatch.cli.common import configuration
    from nightlatch.errors import StoreError
    from nightlatch.service.control import ask
    from nightlatch.service.status import Status
    from nightlatch.store.database import state_folder

    with suppress(StoreError):  # none is running: the configuration tells
        return ask(state_folder(), "status", Status).address
    try:
        table = configuration(config).tables.service
    except ConfigurationError:
        return f"http://localhost:{PORT}"
    host = "localhost" if table.host in ("127.0.0.1", "::1", "") else table.host
    return f"http://{host}:{table.port}"


def _new(config: Path | None, code: Secret) -> Secret:
    from nightlatch.secrets import Secret
    from nightlatch.web.signin.desk import by_localhost

    return Secret(f"{by_localhost(_address(config))}/sign-in/new#{code.reveal()}")


def _link(link: Secret, code: Secret, form: Format, words: str) -> None:
    """Print a link: the one place where its code is shown."""
    if form is Format.JSON:
        print_json({"link": link.reveal(), "code": code.reveal()})
        return
    console(stderr=True).print(f"{words} (the code is good once; whoever has it first comes in):", markup=False)
    typer.echo(link.reveal())


def _done(form: Format, words: str, **values: str) -> None:
    if form is Format.JSON:
        print_json(values)
    else:
        console().print(words, markup=False, soft_wrap=True)
