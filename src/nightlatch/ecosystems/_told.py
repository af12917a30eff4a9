"""Where statements come from, said once for many claims."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import msgspec

from nightlatch.model.evidence import Claim, Grade, Ref
from nightlatch.model.thing import Field

T = TypeVar("T")


class Told(msgspec.Struct, frozen=True):
    """A command, topic or file; for what was recorded there, since when and how well it is known."""

    where: str
    at: datetime | None = None
    grade: Grade | None = None

    def __call__(self, field: Field[T], about: Ref, value: T, detail: str = "") -> Claim:
        """The claim, with the detail (a property, a setting) after the place."""
        where = f"{self.where} ({detail})" if detail else self.where
        return field.claim(about, value, where=where, at=self.at, grade=self.grade)
