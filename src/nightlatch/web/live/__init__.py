"""What happens, told to open pages as it happens."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from nightlatch.web.live.stream import live

ROUTES: Sequence[ControllerRouterHandler] = (live,)
