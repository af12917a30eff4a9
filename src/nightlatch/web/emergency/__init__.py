"""What helps when something fails: batteries, ways in, the printed sheet."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from nightlatch.web.emergency.pages import api, batteries, emergency, sheet

ROUTES: Sequence[ControllerRouterHandler] = (emergency, batteries, sheet, api)
