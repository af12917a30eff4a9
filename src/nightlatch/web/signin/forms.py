"""What the pages of sign-in share: fields of a form, where to go on, what is shown of an app, answers with cookies."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
import segno
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from markupsafe import Markup

from nightlatch.secrets import Secret
from nightlatch.web.errors import NeedsSignIn, Refused
from nightlatch.web.signin import passkeys
from nightlatch.web.signin.desk import Entered
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

LONGEST = 2_000
"""Signs of a field. A sealed value and a password are shorter."""
LARGEST = 64 * 1024
"""Bytes of what a passkey answers."""
DARK, LIGHT = "#000", "#fff"


class NotInPerson(Refused):
    """A token may not change how somebody signs in, nor what others may."""

    status = 403

    def __init__(self) -> None:
        super().__init__(_("a token may not do this: sign in"))


class Answered(msgspec.Struct, frozen=True):
    """What a passkey answered, and the fields of the form that it belongs to."""

    credential: dict[str, Any]
    next: str = "/"
    ticket: str = ""
    id: str = ""
    name: str = ""


class Asked(msgspec.Struct, frozen=True):
    """The fields of the form that a passkey is asked for."""

    ticket: str = ""
    id: str = ""
    name: str = ""
    next: str = "/"


class Done(msgspec.Struct, frozen=True):
    """It is done; the page to go on to."""

    next: str


def in_person(connection: ASGIConnection[Any, Who | None, Any, Any], _handler: BaseRouteHandler) -> None:
    """A guard: somebody is signed in at a browser."""
    if connection.user is None:
        raise NeedsSignIn
    if connection.user.kind != "session":
        raise NotInPerson


async def fields(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The texts of a form, the last of each name. Refused where one is too long."""
    found = {name: text for name, text in (await request.form()).items() if isinstance(text, str)}
    for name, text in found.items():
        if len(text) > LONGEST:
            raise Refused(_("this is longer than anybody types"), where=name)
    return found


def local(path: str) -> str:
    """A page of ours to go on to; the first page for anything else, as another site's address."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path
    skipped = path.startswith(("/sign-in", "/sign-out", "/api/", "/static/"))
    return path if ours and not skipped and not parts.netloc and not parts.scheme else "/"


def signed_in(entered: Entered, path: str) -> Redirect:
    """To a page, with the cookies of a session."""
    return Redirect(path, status_code=HTTP_303_SEE_OTHER, cookies=list(entered.cookies))


def done(entered: Entered, path: str) -> Response[Done]:
    """The same for a script."""
    return Response(Done(path), cookies=list(entered.cookies))


def picture(address: Secret) -> Markup:
    """A picture that a phone reads, dark on light whatever the page's colours are. It holds paths only."""
    made = segno.make(address.reveal(), error="m")
    return Markup(made.svg_inline(dark=DARK, light=LIGHT, border=4, omitsize=True))  # noqa: S704


def by_name(request: Request[Any, Any, Any]) -> str:
    """The same page under a name, where it was opened by this machine's own address; nothing otherwise."""
    host = request.headers.get("host", "")
    if passkeys.party(host) is not None:
        return ""
    for own in ("127.0.0.1", "[::1]"):
        if host == own or host.startswith(f"{own}:"):
            return f"{request.url.scheme}://localhost{host[len(own) :]}{request.url.path}"
    return ""
