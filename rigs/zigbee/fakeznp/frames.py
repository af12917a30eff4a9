"""Frames of TI's Monitor-and-Test protocol, as spoken between a Z-Stack stick and its host.

Layout: 0xFE, length of data, type (3 bits) and subsystem (5 bits), command, data, XOR of all after 0xFE.
Source: Texas Instruments, "Z-Stack Monitor and Test API", SWRA198, section 2.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from operator import xor

START = 0xFE


class Type(IntEnum):
    """The kinds of frame: SREQ, AREQ and SRSP of the specification."""

    REQUEST = 1
    INDICATION = 2
    RESPONSE = 3


class Subsystem(IntEnum):
    """The parts of the stick that a host talks to."""

    SYS = 1
    AF = 4
    ZDO = 5
    UTIL = 7
    APP_CONFIG = 15


@dataclass(frozen=True)
class Frame:
    """One message; `subsystem` is a plain number because a host may name one that we do not know."""

    type: int
    subsystem: int
    command: int
    data: bytes = b""

    def encode(self) -> bytes:
        """The frame as bytes on the wire."""
        body = bytes([len(self.data), self.type << 5 | self.subsystem, self.command]) + self.data
        return bytes([START]) + body + bytes([reduce(xor, body)])


async def read_frame(stream: asyncio.StreamReader) -> Frame:
    """The next frame; bytes before a start byte (the host's bootloader skip) are dropped.

    Raises asyncio.IncompleteReadError when the host hangs up.
    """
    while (await stream.readexactly(1))[0] != START:
        pass
    length, kind, command = await stream.readexactly(3)
    data = await stream.readexactly(length)
    await stream.readexactly(1)
    return Frame(kind >> 5, kind & 0x1F, command, data)
