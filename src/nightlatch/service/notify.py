"""Tells systemd that the service is ready, alive or stopping: the sd_notify(3) protocol, on a datagram socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping


class Notifier:
    """Says things to the service manager that NOTIFY_SOCKET names; says nothing where there is none."""

    def __init__(self, env: Mapping[str, str]) -> None:
        name = env.get("NOTIFY_SOCKET", "")
        # An "@" stands for the NUL that begins an abstract socket's name.
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        usec = env.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(usec) / 1e6 if usec.isdecimal() and int(usec) > 0 else None
        """Within how many seconds it wants to hear from the service; None: it does not watch."""

    def ready(self) -> None:
        """The service works."""
        self._say("READY=1")

    def alive(self) -> None:
        """The event loop still turns."""
        self._say("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._say(f"STATUS={text}")

    def reloading(self) -> None:
        """The service starts over with another configuration, and says `ready` when it is done."""
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The service is about to end: systemd kills what says so and goes on."""
        self._say("STOPPING=1")

    def _say(self, line: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            try:
                sender.sendto(line.encode(), self._address)
            except OSError:
                # A manager that went away must not end what it managed.
                self._address = ""
