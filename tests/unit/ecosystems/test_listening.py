"""Who can reach a port, by the kernel's list of listening sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from nightlatch.ecosystems._listening import listens

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LOOPBACK_V4, ANY_V4 = "0100007F", "00000000"
LOOPBACK_V6, ANY_V6 = "00000000000000000000000001000000", "0" * 32
MAPPED_LOOPBACK = "0000000000000000FFFF00000100007F"


def proc(folder: Path, *v4: str, v6: tuple[str, ...] = (), state: str = "0A") -> Path:
    for name, addresses in (("tcp", v4), ("tcp6", v6)):
        lines = [f"   0: {address}:0BB8 {'0' * len(address)}:0000 {state} rest\n" for address in addresses]
        (folder / name).write_text(HEADER + "".join(lines))
    return folder


@pytest.mark.parametrize(
    ("v4", "v6", "expected"),
    [
        ((LOOPBACK_V4,), (), "loopback"),
        ((), (LOOPBACK_V6,), "loopback"),
        ((), (MAPPED_LOOPBACK,), "loopback"),
        ((ANY_V4,), (), "network"),
        ((LOOPBACK_V4,), (ANY_V6,), "network"),
        (("0501A8C0",), (LOOPBACK_V6,), "network"),
        ((), (), None),
    ],
)
def test_the_widest_listener_decides(
    tmp_path: Path, v4: tuple[str, ...], v6: tuple[str, ...], expected: str | None
) -> None:
    assert listens("127.0.0.1", 3000, proc(tmp_path, *v4, v6=v6)) == expected


def test_connections_and_other_ports_do_not_count(tmp_path: Path) -> None:
    assert listens("127.0.0.1", 3000, proc(tmp_path, ANY_V4, state="01")) is None
    assert listens("127.0.0.1", 3001, proc(tmp_path, ANY_V4)) is None


@pytest.mark.parametrize("host", ["192.168.1.5", "hub.lan", "fd00::5"])
def test_a_host_other_than_this_one_was_reached_over_the_network(host: str) -> None:
    assert listens(host, 3000) == "network"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_machine_without_such_a_list_tells_nothing(tmp_path: Path, host: str) -> None:
    assert listens(host, 3000, tmp_path) is None


@pytest.mark.parametrize(("bind", "expected"), [("127.0.0.1", "loopback"), ("0.0.0.0", "network")])
async def test_a_real_socket_is_found(bind: str, expected: str) -> None:
    async with await asyncio.start_server(lambda *_: None, bind, 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert listens("127.0.0.1", port) == expected
