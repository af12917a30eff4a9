"""The witness over HTTP: one path to POST to, bounded in size and time. The service mounts it."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, Router, post
from litestar.exceptions import ClientException

from nightlatch.errors import JournalError
from nightlatch.journal.cosigning import REQUEST_LIMIT
from nightlatch.journal.witnessing import Reply, Witnessing

PATH = "/witness"
BODY_S = 10.0
"""How long a request's body may take to come."""


def router(witnessing: Witnessing) -> Router:
    """`POST /witness/add-checkpoint` of C2SP tlog-witness."""

    @post("/add-checkpoint", request_max_body_size=REQUEST_LIMIT, status_code=200, opt={"open": True})
    async def add_checkpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
        try:
            async with asyncio.timeout(BODY_S):
                body = await request.body()
            reply = await witnessing.add(body)
        except TimeoutError:
            reply = Reply(408, "The request took too long to come.\n")
        except ClientException as error:
            reply = Reply(error.status_code, f"The request is larger than {REQUEST_LIMIT} bytes.\n")
        except JournalError as error:
            # Without its words: they name paths of this machine.
            reply = Reply(503, f"This witness cannot remember anything now ({type(error).__name__}).\n")
        # As a header, because a media type of text would get a charset that the protocol does not have.
        return Response(reply.text.encode(), status_code=reply.status, headers={"content-type": reply.type})

    return Router(PATH, route_handlers=[add_checkpoint])
