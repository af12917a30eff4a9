"""Every route of the sign-in. Who asks is needed everywhere, so the package itself imports nothing."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from nightlatch.web.signin import me, newcoming, pages, people
from nightlatch.web.signin.desk import desk

ROUTES: Sequence[ControllerRouterHandler] = (
    Router(
        "/",
        route_handlers=[*pages.HANDLERS, *newcoming.HANDLERS, *me.HANDLERS, *people.HANDLERS],
        dependencies={"desk": Provide(desk, sync_to_thread=False)},
    ),
)
