"""The simulated coordinator: as much of a Z-Stack 3 stick as Zigbee2MQTT needs to form a network.

Source of commands and layouts: Texas Instruments, "Z-Stack Monitor and Test API" (SWRA198).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

from .frames import Frame, Subsystem, Type
from .lock import INPUT_CLUSTERS, OUTPUT_CLUSTERS, Lock

COORDINATOR_IEEE = bytes.fromhex("00124b0001020304")[::-1]
LOCK_IEEE = bytes.fromhex("000d6f0011223344")[::-1]
COORDINATOR, LOCK = 0x0000, 0x4D2A  # network addresses
BROADCASTS = 0xFFF8  # this address and those above it mean everybody
ASSA_ABLOY = 0x101D  # manufacturer code
HOME_AUTOMATION, DOOR_LOCK_DEVICE, GATEWAY_DEVICE = 0x0104, 0x000A, 0x0005

# Items of the stick's memory
NV_IEEE, NV_NIB, NV_EXT_PAN, NV_ACTIVE_KEY, NV_OTHER_KEY = 0x0001, 0x0021, 0x002D, 0x003A, 0x003B
NV_KEY, NV_NETWORK_KEY, NV_PAN, NV_CHANNELS = 0x0062, 0x0082, 0x0083, 0x0084
NV_CREATED = 0x09
STARTED_AS_COORDINATOR = 9

OK = b"\0"
JOIN_SECONDS = 0.3
Handler = Callable[[bytes], None]


class Coordinator:
    """The stick; `write` is where its bytes go while a host is connected."""

    def __init__(self) -> None:
        self.write: Callable[[bytes], None] | None = None
        self.lock = Lock(self._from_lock)
        self._joined = False
        self._state = 0
        self._endpoints: list[int] = []
        self._hub_endpoint = 1
        self._memory: dict[int, bytes] = {
            NV_IEEE: COORDINATOR_IEEE,
            NV_KEY: bytes(16),
            NV_ACTIVE_KEY: bytes(17),
            NV_OTHER_KEY: bytes(17),
            NV_NETWORK_KEY: bytes(21),
        }
        self._handlers: dict[tuple[int, int], Handler] = {
            (Subsystem.SYS, 0x00): self._reset,
            (Subsystem.SYS, 0x01): self._ping,
            (Subsystem.SYS, 0x02): self._version,
            (Subsystem.SYS, 0x04): self._address,
            (Subsystem.SYS, 0x07): self._nv_create,
            (Subsystem.SYS, 0x12): self._nv_delete,
            (Subsystem.SYS, 0x13): self._nv_length,
            (Subsystem.SYS, 0x1C): self._nv_read,
            (Subsystem.SYS, 0x1D): self._nv_write,
            (Subsystem.SYS, 0x32): self._table_length,
            (Subsystem.AF, 0x00): self._register,
            (Subsystem.AF, 0x01): self._data,
            (Subsystem.AF, 0x02): self._data_extended,
            (Subsystem.ZDO, 0x00): self._find_network_address,
            (Subsystem.ZDO, 0x01): self._find_ieee_address,
            (Subsystem.ZDO, 0x02): self._node,
            (Subsystem.ZDO, 0x04): self._endpoint,
            (Subsystem.ZDO, 0x05): self._active_endpoints,
            (Subsystem.ZDO, 0x21): lambda data: self._status_answer(0x21, data),
            (Subsystem.ZDO, 0x22): lambda data: self._status_answer(0x22, data),
            (Subsystem.ZDO, 0x34): self._leave,
            (Subsystem.ZDO, 0x36): self._permit_join,
            (Subsystem.ZDO, 0x40): self._start,
            (Subsystem.ZDO, 0x4A): lambda _: self._reply(Subsystem.ZDO, 0x4A, b"\1\0\0\0"),  # no such group
            (Subsystem.ZDO, 0x50): self._network,
            (Subsystem.UTIL, 0x00): self._device_info,
            (Subsystem.UTIL, 0x4A): lambda _: self._reply(Subsystem.UTIL, 0x4A, b"\xfe\xff\xff\xff\xff"),  # no child
            (Subsystem.APP_CONFIG, 0x05): self._commission,
        }

    def receive(self, frame: Frame) -> None:
        """Answer one frame of the host; a request that only sets something is answered with success."""
        handler = self._handlers.get((frame.subsystem, frame.command))
        if handler is not None:
            handler(frame.data)
        elif frame.type == Type.REQUEST:
            self._reply(frame.subsystem, frame.command)

    def _put(self, frame: Frame) -> None:
        if self.write:
            self.write(frame.encode())

    def _reply(self, subsystem: int, command: int, data: bytes = OK) -> None:
        self._put(Frame(Type.RESPONSE, subsystem, command, data))

    def _indicate(self, subsystem: int, command: int, data: bytes) -> None:
        self._put(Frame(Type.INDICATION, subsystem, command, data))

    # The stick itself

    def _reset(self, _: bytes) -> None:
        self._indicate(Subsystem.SYS, 0x80, bytes([0, 2, 1, 2, 7, 1]))

    def _ping(self, _: bytes) -> None:
        self._reply(Subsystem.SYS, 0x01, struct.pack("<H", 0x0779))

    def _version(self, _: bytes) -> None:
        """Product 1 is Z-Stack 3.x.0; the last number is the firmware's date."""
        self._reply(Subsystem.SYS, 0x02, struct.pack("<5BI", 2, 1, 2, 7, 1, 20240710))

    def _address(self, _: bytes) -> None:
        self._reply(Subsystem.SYS, 0x04, COORDINATOR_IEEE)

    def _device_info(self, _: bytes) -> None:
        self._reply(Subsystem.UTIL, 0x00, OK + COORDINATOR_IEEE + struct.pack("<HBBB", COORDINATOR, 7, self._state, 0))

    # Its memory

    def _nv_create(self, data: bytes) -> None:
        item, length, given = struct.unpack_from("<HHB", data)
        self._memory.setdefault(item, data[5 : 5 + given].ljust(length, b"\0"))
        self._reply(Subsystem.SYS, 0x07, bytes([NV_CREATED]))

    def _nv_delete(self, data: bytes) -> None:
        (item,) = struct.unpack_from("<H", data)
        self._memory.pop(item, None)
        self._reply(Subsystem.SYS, 0x12)

    def _nv_length(self, data: bytes) -> None:
        (item,) = struct.unpack_from("<H", data)
        self._reply(Subsystem.SYS, 0x13, struct.pack("<H", len(self._memory.get(item, b""))))

    def _nv_read(self, data: bytes) -> None:
        item, offset = struct.unpack_from("<HH", data)
        value = self._memory.get(item, b"")[offset : offset + 240]
        self._reply(Subsystem.SYS, 0x1C, OK + bytes([len(value)]) + value)

    def _nv_write(self, data: bytes) -> None:
        item, offset, length = struct.unpack_from("<HHH", data)
        value = bytearray(self._memory.get(item, bytes(length)))
        value[offset : offset + length] = data[6:]
        self._memory[item] = bytes(value)
        self._reply(Subsystem.SYS, 0x1D)

    def _table_length(self, _: bytes) -> None:
        """Tables of link keys and neighbours: all empty."""
        self._reply(Subsystem.SYS, 0x32, OK)

    # The network

    def _commission(self, _: bytes) -> None:
        self._reply(Subsystem.APP_CONFIG, 0x05)
        self._form()

    def _start(self, _: bytes) -> None:
        self._reply(Subsystem.ZDO, 0x40)
        self._form()

    def _form(self) -> None:
        self._state = STARTED_AS_COORDINATOR
        self._memory[NV_NIB] = self._network_information_base()
        self._memory[NV_ACTIVE_KEY] = self._memory[NV_OTHER_KEY] = b"\0" + self._memory[NV_KEY]
        self._indicate(Subsystem.ZDO, 0xC0, bytes([STARTED_AS_COORDINATOR]))

    def _channel(self) -> tuple[int, int]:
        """The mask of allowed channels, and the lowest of them."""
        mask = int.from_bytes(self._memory.get(NV_CHANNELS, struct.pack("<I", 1 << 11)), "little")
        return mask, (mask & -mask).bit_length() - 1

    def _network_information_base(self) -> bytes:
        """The NIB of Z-Stack 3.0.2 (`nwk.h`), packed to 110 bytes: what the stick knows of its network."""
        mask, channel = self._channel()
        return b"".join(
            (
                bytes(15),
                struct.pack("<HBBBHBH", 7, 2, 13, 1, COORDINATOR, channel, COORDINATOR),
                COORDINATOR_IEEE,
                self._memory.get(NV_PAN, b"\xff\xff"),
                struct.pack("<BI4BIIB", 8, mask, 15, 15, 4, 0, 0, 0, 0),
                self._memory.get(NV_EXT_PAN, bytes(8)),
                b"\1",  # a network key is loaded
                bytes(17 * 2),
                bytes([0, 0, 15, 3, 1, 0, 0, 0, 0]),
                struct.pack("<HHB", 0, 0, 0),
            )
        )

    def _network(self, _: bytes) -> None:
        _mask, channel = self._channel()
        pan, ext_pan = self._memory.get(NV_PAN, b"\0\0"), self._memory.get(NV_EXT_PAN, bytes(8))
        head = struct.pack("<HB", COORDINATOR, STARTED_AS_COORDINATOR)
        self._reply(Subsystem.ZDO, 0x50, head + pan + bytes(2) + ext_pan + bytes(8) + bytes([channel]))

    def _permit_join(self, data: bytes) -> None:
        _mode, address, seconds = struct.unpack_from("<BHB", data)
        self._reply(Subsystem.ZDO, 0x36)
        self._indicate(Subsystem.ZDO, 0xB6, struct.pack("<HB", COORDINATOR if address >= BROADCASTS else address, 0))
        self._indicate(Subsystem.ZDO, 0xCB, bytes([seconds]))
        if seconds and not self._joined:
            self._joined = True
            asyncio.get_running_loop().call_later(JOIN_SECONDS, self._join)

    def _join(self) -> None:
        self._indicate(Subsystem.ZDO, 0xCA, struct.pack("<H", LOCK) + LOCK_IEEE + struct.pack("<H", COORDINATOR))
        self._indicate(Subsystem.ZDO, 0xC1, struct.pack("<HH", LOCK, LOCK) + LOCK_IEEE + b"\x80")

    def _leave(self, data: bytes) -> None:
        self._reply(Subsystem.ZDO, 0x34)
        self._indicate(Subsystem.ZDO, 0xB4, data[:2] + OK)
        self._indicate(Subsystem.ZDO, 0xC9, struct.pack("<H", LOCK) + LOCK_IEEE + b"\0\0\0")
        self._joined = False

    # Who is there

    def _find_network_address(self, data: bytes) -> None:
        self._reply(Subsystem.ZDO, 0x00)
        found = COORDINATOR if data[:8] == COORDINATOR_IEEE else LOCK
        self._indicate(Subsystem.ZDO, 0x80, OK + data[:8] + struct.pack("<HBB", found, 0, 0))

    def _find_ieee_address(self, data: bytes) -> None:
        self._reply(Subsystem.ZDO, 0x01)
        (address,) = struct.unpack_from("<H", data)
        found = COORDINATOR_IEEE if address == COORDINATOR else LOCK_IEEE
        self._indicate(Subsystem.ZDO, 0x81, OK + found + data[:2] + b"\0\0")

    def _node(self, data: bytes) -> None:
        """Node descriptor: a mains powered coordinator, or a battery powered end device of Assa Abloy."""
        self._reply(Subsystem.ZDO, 0x02)
        kind, power, maker = (0, 0x8F, 0) if data[:2] == b"\0\0" else (2, 0x80, ASSA_ABLOY)
        node = bytes([kind, 0x40, power]) + struct.pack("<HBHHHB", maker, 80, 160, 0, 160, 0)
        self._indicate(Subsystem.ZDO, 0x82, data[:2] + OK + data[:2] + node)

    def _active_endpoints(self, data: bytes) -> None:
        self._reply(Subsystem.ZDO, 0x05)
        endpoints = self._endpoints if data[:2] == b"\0\0" else [1]
        self._indicate(Subsystem.ZDO, 0x85, data[:2] + OK + data[:2] + bytes([len(endpoints), *endpoints]))

    def _endpoint(self, data: bytes) -> None:
        """Simple descriptor: which clusters an endpoint has."""
        self._reply(Subsystem.ZDO, 0x04)
        hub = data[:2] == b"\0\0"
        inputs, outputs = ((), ()) if hub else (INPUT_CLUSTERS, OUTPUT_CLUSTERS)
        described = struct.pack("<BHHB", data[4], HOME_AUTOMATION, GATEWAY_DEVICE if hub else DOOR_LOCK_DEVICE, 0)
        for clusters in (inputs, outputs):
            described += struct.pack(f"<B{len(clusters)}H", len(clusters), *clusters)
        self._indicate(Subsystem.ZDO, 0x84, data[:2] + OK + data[:2] + bytes([len(described)]) + described)

    def _status_answer(self, command: int, data: bytes) -> None:
        """Bind and unbind: done."""
        self._reply(Subsystem.ZDO, command)
        self._indicate(Subsystem.ZDO, command + 0x80, data[:2] + OK)

    # Data to and from the lock

    def _register(self, data: bytes) -> None:
        self._endpoints.append(data[0])
        self._reply(Subsystem.AF, 0x00)

    def _data(self, data: bytes) -> None:
        address, _to, self._hub_endpoint, cluster, transaction, _options, _radius, length = struct.unpack_from(
            "<HBBHBBBB", data
        )
        self._reply(Subsystem.AF, 0x01)
        self._indicate(Subsystem.AF, 0x80, bytes([0, self._hub_endpoint, transaction]))
        if address == LOCK:
            self.lock.receive(cluster, data[10 : 10 + length])

    def _data_extended(self, data: bytes) -> None:
        """To a group or everybody: sent, and nobody answers."""
        endpoint, transaction = data[12], data[15]
        self._reply(Subsystem.AF, 0x02)
        self._indicate(Subsystem.AF, 0x80, bytes([0, endpoint, transaction]))

    def _from_lock(self, cluster: int, frame: bytes) -> None:
        head = struct.pack("<HHHBBBBBIBB", 0, cluster, LOCK, 1, self._hub_endpoint, 0, 120, 0, 0, 0, len(frame))
        self._indicate(Subsystem.AF, 0x81, head + frame)
