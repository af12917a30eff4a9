"""From nothing to a first audit."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from nightlatch.web.firstrun import pages

ROUTES: Sequence[ControllerRouterHandler] = pages.HANDLERS
