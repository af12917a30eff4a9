"""What a form of ours carries, and another site's cannot: a value that only pages of this session were given."""

from __future__ import annotations

import hmac
from typing import Any, cast

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler

from nightlatch.web.errors import Refused
from nightlatch.web.safety.origin import SAFE
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

FORMS = (RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART)
LONGEST = 200


class NotOurForm(Refused):
    """A form, or a request of a script, without the value of this session."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            _("this form is not of your present session"),
            todo=_("Open the page again and repeat what you did."),
        )


async def ours(connection: ASGIConnection[Any, Who | None, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard of every route: what a signed-in session changes carries the session's value.

    Who is not signed in has none: there the origin check stands alone.
    """
    who = connection.user
    if who is None or who.kind == "token" or connection.scope.get("method") in SAFE:
        return
    given = connection.headers.get("x-csrf")
    if given is None:
        request = cast("Request[Who, Any, Any]", connection)
        if request.content_type[0] in FORMS:
            field = (await request.form()).get("csrf")
            given = field if isinstance(field, str) else None
    if not given or len(given) > LONGEST or not who.csrf or not hmac.compare_digest(given.encode(), who.csrf.encode()):
        raise NotOurForm
