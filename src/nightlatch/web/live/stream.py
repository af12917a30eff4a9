"""`GET /live`: what happens, as server-sent events (WHATWG HTML, "Server-sent events")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from litestar import Request, Response, get
from litestar.params import FromQuery
from litestar.response import Stream
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE

from nightlatch.service.connections import STREAM
from nightlatch.web.signin.who import Who, may
from nightlatch.web.texts import _

if TYPE_CHECKING:
    from nightlatch.web.house import House

LONGEST = 18
"""Digits of an index."""


@get("/live", guards=[may("see")], media_type="text/event-stream", opt={"uncompressed": True}, include_in_schema=False)
async def live(request: Request[Who, Any, Any], after: FromQuery[int | None] = None) -> Any:
    """The stream, from the entry after `after`, or after the one that `Last-Event-ID` names."""
    house = cast("House", request.app.state.house)
    take = cast("dict[str, Any]", request.scope.get("extensions") or {}).get(STREAM)
    if take is not None and not take():
        text = _("Too many pages are open: this one is not told what happens. Reload it to see what did.")
        return Response(text, status_code=HTTP_503_SERVICE_UNAVAILABLE, media_type="text/plain")
    last = request.headers.get("last-event-id", "")
    if last.isascii() and last.isdecimal() and len(last) <= LONGEST:
        after = int(last)
    return Stream(house.live.stream(request.user, after))
