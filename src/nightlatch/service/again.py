"""Parts without which doors are still guarded: when one breaks, that is told, and it is begun again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from nightlatch.errors import NightlatchError

log = logging.getLogger(__name__)

AGAIN_S = 30.0
"""After how long a part that broke is begun again."""


async def again(
    name: str, run: Callable[[], Coroutine[Any, Any, None]], broke: Callable[[str, BaseException], None]
) -> None:
    """Run a part until it ends by itself. A defect of it is told to `broke`, and does not stop the others."""
    while True:
        try:
            return await run()
        except Exception as error:  # noqa: BLE001  # the boundary where one part's defect must not stop the others
            cause = first(error)
            if isinstance(cause, NightlatchError):
                log.warning("%s: %s", name, cause)
            else:
                broke(name, cause)
        await asyncio.sleep(AGAIN_S)


def first(error: BaseException) -> BaseException:
    """The first error within groups of errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
