from __future__ import annotations

import socket
from pathlib import Path

from nightlatch.service.notify import Notifier


def test_systemd_hears_when_the_service_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        notifier = Notifier({"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "3000000"})
        assert notifier.watchdog_s == 3.0
        notifier.ready()
        notifier.status("2 hubs connected")
        notifier.alive()
        notifier.stopping()
        said = [manager.recv(100) for _ in range(4)]
    assert said == [b"READY=1", b"STATUS=2 hubs connected", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("")  # the kernel picks an abstract name
        name = manager.getsockname().decode()
        Notifier({"NOTIFY_SOCKET": f"@{name[1:]}"}).ready()
        assert manager.recv(100) == b"READY=1"


def test_without_systemd_nothing_is_said(tmp_path: Path) -> None:
    assert Notifier({}).watchdog_s is None
    Notifier({}).ready()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "soon"}).ready()
