"""From nothing to a first audit."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from nightlatch.web.firstrun import pages
from nightlatch.web.signin.desk import desk

ROUTES: Sequence[ControllerRouterHandler] = (
    Router("/", route_handlers=pages.HANDLERS, dependencies={"desk": Provide(desk, sync_to_thread=False)}),
)
