"""`GET /ca.crt`: the certificate of the home's own authority, for a device that is to trust it."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from nightlatch.web.errors import NotFound


@get("/ca.crt", opt={"open": True}, sync_to_thread=True, include_in_schema=False)
def authority(request: Request[Any, Any, Any]) -> Response[bytes]:
    """It is public: it only lets a device check who answers. Its fingerprint is told by `nightlatch tls show`."""
    tls = request.app.state.house.service.tls
    if tls.mode != "authority":
        raise NotFound
    headers = {"Content-Disposition": 'attachment; filename="nightlatch-ca.crt"'}
    return Response(tls.authority, media_type="application/x-x509-ca-cert", headers=headers)
