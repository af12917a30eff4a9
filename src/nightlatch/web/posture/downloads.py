"""The last audit as a file: for paper, for a helper, for a program."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE

from nightlatch.report import write
from nightlatch.web.errors import Refused
from nightlatch.web.house import House
from nightlatch.web.posture.known import last
from nightlatch.web.signin.who import Who, may
from nightlatch.web.texts import _

TYPES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
}
_making = threading.Lock()
"""One report is made at a time: a large home's PDF takes a processor for seconds."""


class Busy(Refused):
    """Another report is being made."""

    status = HTTP_503_SERVICE_UNAVAILABLE


@get([f"/posture/report.{suffix}" for suffix in TYPES], guards=[may("log")], include_in_schema=False)
async def report(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[bytes]:
    """The report of the last audit, to be kept: report.html, .pdf, .md or .json.

    It is never shown as a page of this site: its HTML brings a policy and styles of its own.
    """
    suffix = request.url.path.rpartition(".")[2]
    audit = last(house)
    changes = house.service.auditor.changes if house.service.auditor.last is audit else None
    whole = msgspec.structs.replace(audit, changes=changes)

    def made() -> bytes:
        if not _making.acquire(blocking=False):
            raise Busy(_("another report is being made just now"), todo=_("Try again in a moment."))
        try:
            return write.render(whole, f".{suffix}")
        finally:
            _making.release()

    body = await house.read(made)
    day = audit.at.astimezone(house.zone).date().isoformat()
    headers = {"Content-Disposition": f'attachment; filename="nightlatch-{day}.{suffix}"'}
    return Response(body, media_type=TYPES[suffix], headers=headers)
