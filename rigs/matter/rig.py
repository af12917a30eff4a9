"""Starts a virtual lock and the real Matter server that controls it."""

from __future__ import annotations

import json
import time
from ctypes.util import find_library
from pathlib import Path
from typing import Any

from rigs.launch import (
    RIGS,
    Process,
    RigError,
    free_port,
    install_debian,
    install_node,
    install_python,
    node_bin,
    node_env,
)
from rigs.matter.server import Server
from rigs.namespace import Namespace

HERE = RIGS / "matter"


class MatterRig:
    """A Matter server that controls one door lock.

    url: the server's WebSocket. server: the server, to command the lock with. folder: everything that they write.
    """

    def __init__(self, folder: Path) -> None:
        # The Matter SDK's wheel leaves this one library to the system.
        install_debian("libnl-route-3-200", there=find_library("nl-route-3") is not None)
        install_node(HERE)
        install_python(HERE)
        self.folder = folder
        self._acts = 0
        self._running: list[Process | Server] = []
        ports = free_port(), free_port()
        self._other_port = ports[1]
        self._namespace = Namespace(folder, ports=ports, setup=HERE / "namespace.sh")
        try:
            self._lock = Process(
                "lock",
                self._namespace.command(str(node_bin() / "node"), str(HERE / "lock.mjs"), str(folder / "lock"), "5640"),
                folder=folder,
                log=folder / "lock.log",
                env=node_env(),
                stdin=True,
            )
            self._running.append(self._lock)
            self.server = Server(self._namespace, folder, "server", fabric=1, port=ports[0])
            self._running.append(self.server)
            self.url = self.server.url
            self.server.commission(self._lock_said(("ready",), None, 60)["ready"])
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End servers, lock and namespace."""
        for process in reversed(self._running):
            process.stop()
        self._namespace.stop()

    def pair_another_home(self) -> Server:
        """Start a second server and pair the lock with it too, as a former owner's or a neighbour's app."""
        other = Server(self._namespace, self.folder, "other", fabric=2, port=self._other_port)
        self._running.append(other)
        other.commission(self.server.pairing_code())
        return other

    def unplug(self) -> None:
        """Take the batteries out of the lock, for good."""
        self._lock.stop()

    def act(self, action: dict[str, Any], seconds: float = 10) -> dict[str, Any]:
        """What a person does at the door (see lock.mjs): {"act": "battery", "percent": 9}; the lock's answer."""
        self._acts += 1
        stdin = self._lock.popen.stdin
        assert stdin is not None
        stdin.write(json.dumps({"id": self._acts, **action}).encode() + b"\n")
        stdin.flush()
        answer = self._lock_said(("done", "failed"), self._acts, seconds)
        if "failed" in answer:
            raise RigError(f"the lock: {answer['reason']}")
        return answer

    def _lock_said(self, words: tuple[str, ...], value: object, seconds: float) -> dict[str, Any]:
        """The lock's first line that holds one of the words, with this value if one is given."""
        deadline = time.monotonic() + seconds
        while True:
            for line in self._lock.log.read_text(errors="replace").splitlines():
                if line.startswith("{") and line.endswith("}"):
                    said: dict[str, Any] = json.loads(line)
                    if any(word in said and value in (None, said[word]) for word in words):
                        return said
            if self._lock.popen.poll() is not None or time.monotonic() > deadline:
                raise self._lock.fail(f"did not say {' or '.join(words)} in {seconds:g} s")
            time.sleep(0.02)
