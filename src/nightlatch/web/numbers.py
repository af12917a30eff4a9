"""Numbers that come from an address."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from litestar.params import PathParameter

Number: TypeAlias = Annotated[int, PathParameter(ge=0, le=2**63 - 1)]
"""The number of an entry, an alert or a slot: no more than the database can hold."""
