"""Forms with a file, read into memory: what is uploaded may be full of passwords, and is in no temporary file."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import FormMultiDict
from litestar.types import Empty
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from nightlatch.errors import UsageError
from nightlatch.web.signin.who import Who

LIMIT = 32 * 1024 * 1024
"""Bytes of a form with a file: routers' backups and password managers' exports are smaller."""
PARTS = 64


class Uploaded(msgspec.Struct, frozen=True):
    """A file of a form."""

    name: str
    data: bytes

    def __repr__(self) -> str:
        return f"Uploaded({len(self.data)} bytes)"


class Uploading(Request[Who, Any, Any]):
    """A request whose form may hold files."""

    async def form(self) -> FormMultiDict:
        """Fields as text, files as `Uploaded`."""
        kind, options = self.content_type
        if kind != "multipart/form-data":
            return await super().form()
        if self._form is Empty:
            self._form = FormMultiDict(_parts(await self.body(), options.get("boundary", "")))
        return self._form


def _parts(body: bytes, boundary: str) -> list[tuple[str, Any]]:
    fields: list[tuple[str, Any]] = []
    segment: MultipartSegment | None = None
    data = bytearray()
    try:
        with PushMultipartParser(boundary.encode(), max_segment_count=PARTS) as parser:
            for part in parser.parse(body):
                if isinstance(part, MultipartSegment):
                    segment = part
                elif part:
                    data += part
                elif segment is not None:
                    whole = bytes(data)
                    named = segment.filename
                    value = Uploaded(named, whole) if named is not None else whole.decode()
                    fields.append((segment.name, value))
                    segment, data = None, bytearray()
    except (MultipartError, ValueError):
        raise UsageError("this form arrived damaged", todo="Send it again.") from None
    return fields
