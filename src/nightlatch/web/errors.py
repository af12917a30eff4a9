"""What the web app refuses, and how that is answered: as a page, or as JSON where a program asks."""

from __future__ import annotations

import logging
import traceback
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect
from litestar.status_codes import (
    HTTP_303_SEE_OTHER,
    HTTP_400_BAD_REQUEST,
    HTTP_401_UNAUTHORIZED,
    HTTP_403_FORBIDDEN,
    HTTP_404_NOT_FOUND,
    HTTP_500_INTERNAL_SERVER_ERROR,
    HTTP_503_SERVICE_UNAVAILABLE,
)

from nightlatch.errors import NightlatchError, StoreError, UsageError
from nightlatch.web.texts import _

log = logging.getLogger(__name__)


class Refused(UsageError):
    """Something that is not done, with the status that says why."""

    status = HTTP_400_BAD_REQUEST
    need = ""
    """What a script could ask for and try again: "sign-in", "fresh"."""


class NotFound(Refused):
    """There is no such page or thing."""

    status = HTTP_404_NOT_FOUND

    def __init__(self, what: str = "") -> None:
        super().__init__(what or _("there is nothing here"), todo=_("It may have been removed meanwhile."))


class NotAllowed(Refused):
    """Whoever is signed in may not do this."""

    status = HTTP_403_FORBIDDEN

    def __init__(self, scope: str) -> None:
        super().__init__(
            _("you may not do this: it needs the right “%(scope)s”", scope=scope),
            todo=_("An owner can give it to you, under Settings."),
        )


class NeedsSignIn(Refused):
    """Nobody is signed in."""

    status = HTTP_401_UNAUTHORIZED
    need = "sign-in"

    def __init__(self) -> None:
        super().__init__(_("you are not signed in"))


class NeedsFresh(Refused):
    """The second factor was shown too long ago."""

    status = HTTP_403_FORBIDDEN
    need = "fresh"

    def __init__(self) -> None:
        super().__init__(_("confirm first that it is you"))


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error, as the API tells it."""

    what: str
    where: str = ""
    todo: str = ""
    need: str = ""
    """What would make it work: "sign-in" or "fresh"."""


def wants_json(request: Request[Any, Any, Any]) -> bool:
    """Whether a program asks."""
    return request.url.path.startswith("/api/") or request.headers.get("accept", "").startswith("application/json")


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """What is answered to an error. No traceback and no text of an unexpected one goes out."""
    problem, status = described(error)
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
    else:
        headers = {}
        if status == HTTP_500_INTERNAL_SERVER_ERROR:
            # Without the exception's text, which might hold what was being read.
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("the web app broke on %s (%s)\n%s", request.method, type(error).__name__, place)
    if wants_json(request):
        return Response(problem, status_code=status, media_type="application/json", headers=headers)
    if problem.need:
        # A form that was sent is not sent again by itself: the page it stood on is shown, to be used once more.
        target = _asked(request)
        page = "/sign-in" if problem.need == "sign-in" else "/sign-in/again"
        return Redirect(f"{page}?next={quote(target)}", status_code=HTTP_303_SEE_OTHER)
    from nightlatch.web.pages import error_page

    return error_page(request, problem, status, headers)


def _asked(request: Request[Any, Any, Any]) -> str:
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    from urllib.parse import urlsplit

    return urlsplit(request.headers.get("referer", "")).path or "/"


def described(error: Exception) -> tuple[Problem, int]:
    """An error in words, and its status."""
    match error:
        case Refused():
            return Problem(error.what, error.where, error.todo, error.need), error.status
        case StoreError():
            return Problem(error.what, error.where, error.todo), HTTP_503_SERVICE_UNAVAILABLE
        case NightlatchError():
            return Problem(error.what, error.where, error.todo), HTTP_400_BAD_REQUEST
        case ValidationException():
            return Problem(_("what was sent cannot be used"), _fields(error)), HTTP_400_BAD_REQUEST
        case HTTPException() if error.status_code == HTTP_404_NOT_FOUND:
            return described(NotFound())
        case HTTPException():
            return Problem(error.detail), error.status_code
        case _:
            what = _("this broke (%(kind)s), which is a defect: please report it", kind=type(error).__name__)
            return Problem(what), HTTP_500_INTERNAL_SERVER_ERROR


def _fields(error: ValidationException) -> str:
    extra = error.extra if isinstance(error.extra, list) else []
    return ", ".join(str(one["key"]) for one in extra if isinstance(one, dict) and one.get("key"))
