"""People, grants and codes, and who can open which door."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

ROUTES: Sequence[ControllerRouterHandler] = ()
