"""Starts and stops the `zwave` rig; several may run at once."""

from __future__ import annotations

import json
import secrets
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from rigs.launch import Process, free_port, install_node, node_bin, node_env

HERE = Path(__file__).parent
ALL_NODES = (2, 3, 4, 5)


class ZwaveRig:
    """A running Z-Wave house: Schlage (2), Yale (3), Kwikset with S0 (4) and a Yale without security (5).

    Nodes 6 and 7 (see README.md) are there when they are asked for. The hub and the locks' clocks keep `zone`.
    `with ZwaveRig() as rig:` returns once every lock is interviewed (about 8 s for all four).
    `url` is the zwave-server's WebSocket, `cache` the folder where the driver keeps what it learnt.
    """

    def __init__(self, nodes: Iterable[int] = ALL_NODES, zone: str = "UTC") -> None:
        self.nodes = tuple(nodes)
        self._zone = zone
        self._processes: list[Process] = []

    def __enter__(self) -> ZwaveRig:
        install_node(HERE)
        self._folder = tempfile.TemporaryDirectory(prefix="zwave-rig-")
        try:
            self._start(Path(self._folder.name))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends server and mock and removes the rig's folder; does nothing the second time."""
        while self._processes:
            self._processes.pop().stop()
        self._folder.cleanup()

    def do(self, action: str, **given: Any) -> Any:
        """Runs an action of the control port (see README.md); ValueError with its complaint if it refuses."""
        body = json.dumps({"do": action, **given}).encode()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._control_port}", body, timeout=10) as answer:
                return json.load(answer)["result"]
        except urllib.error.HTTPError as refusal:
            raise ValueError(json.load(refusal)["error"]) from None

    def state(self, node: int) -> dict[str, Any]:
        """The lock's own memory, whatever the hub believes; keys as in behaviours.cjs."""
        state: dict[str, Any] = self.do("state", node=node)
        return state

    def stop_server(self) -> None:
        """Ends driver and server, as a restart of the hub does."""
        self._processes.pop().stop()

    def start_server(self) -> None:
        """Starts driver and server again, at the same address, with the driver's cache as it was left."""
        self._run_server()

    def pull_stick(self) -> None:
        """The controller stick goes, and with it the locks' memory; the driver fails and its server ends."""
        server, mock = self._processes.pop(), self._processes.pop()
        mock.popen.kill()
        mock.stop()
        server.popen.wait(30)
        server.stop()

    def plug_stick_in(self) -> None:
        """The stick is back, and somebody starts driver and server again."""
        self._run_mock()
        self._run_server()

    def _start(self, folder: Path) -> None:
        self._radio_port, self._server_port, self._control_port = free_port(), free_port(), free_port()
        self.url = f"ws://127.0.0.1:{self._server_port}"
        self.cache = folder / "cache"
        self._env = node_env(
            TZ=self._zone,
            ZWAVE_RIG_NODES=",".join(map(str, self.nodes)),
            ZWAVE_RIG_SEED=secrets.token_hex(16),
            ZWAVE_RIG_CONTROL_PORT=str(self._control_port),
            ZWAVE_RIG_CACHE=str(self.cache),
        )
        self._starts = 0
        self._run_mock()
        self._run_server()

    def _run(self, name: str, *arguments: str) -> Process:
        self._starts += 1
        command = [str(node_bin() / "node"), "-r", "./no-delay.cjs", *arguments]
        log = Path(self._folder.name) / f"{self._starts}-{name}.log"
        process = Process(name, command, folder=HERE, log=log, env=self._env)
        self._processes.append(process)
        return process

    def _run_mock(self) -> None:
        mock = self._run(
            "mock-server",
            *("-r", "./no-mdns.cjs", "node_modules/zwave-js/bin/mock-server.cjs"),
            *("-i", "127.0.0.1", "-p", str(self._radio_port), "-c", "locks.cjs"),
        )
        # Not its radio port: the mock serves one client only, and that is the driver.
        mock.wait_port(self._control_port)

    def _run_server(self) -> None:
        server = self._run(
            "zwave-server",
            *("node_modules/@zwave-js/server/dist-esm/bin/server.js", f"tcp://127.0.0.1:{self._radio_port}"),
            *("--config", "server-config.cjs", "--host", "127.0.0.1"),
            *("--port", str(self._server_port), "--disable-dns-sd"),
        )
        server.wait_port(self._server_port)
        server.wait_log("All nodes are ready to be used", 120)
