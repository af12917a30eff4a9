"""What Nightlatch works with: home, sources, doors, backup, privacy, the service itself."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from nightlatch.web.settings import api, changing, doorpages, pages, sourcepages

ROUTES: Sequence[ControllerRouterHandler] = (
    changing.applying,
    *pages.HANDLERS,
    *sourcepages.HANDLERS,
    *doorpages.HANDLERS,
    *api.HANDLERS,
)
