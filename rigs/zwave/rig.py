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

    `with ZwaveRig() as rig:` returns once every lock is interviewed (about 8 s for all four).
    `url` is the zwave-server's WebSocket, `cache` the folder where the driver keeps what it learnt.
    """

    def __init__(self, nodes: Iterable[int] = ALL_NODES) -> None:
        self.nodes = tuple(nodes)
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

    def _start(self, folder: Path) -> None:
        radio_port, server_port, self._control_port = free_port(), free_port(), free_port()
        self.url = f"ws://127.0.0.1:{server_port}"
        self.cache = folder / "cache"
        env = node_env(
            ZWAVE_RIG_NODES=",".join(map(str, self.nodes)),
            ZWAVE_RIG_SEED=secrets.token_hex(16),
            ZWAVE_RIG_CONTROL_PORT=str(self._control_port),
            ZWAVE_RIG_CACHE=str(self.cache),
        )

        def run(name: str, *arguments: str) -> Process:
            command = [str(node_bin() / "node"), "-r", "./no-delay.cjs", *arguments]
            process = Process(name, command, folder=HERE, log=folder / f"{name}.log", env=env)
            self._processes.append(process)
            return process

        mock = run(
            "mock-server",
            *("-r", "./no-mdns.cjs", "node_modules/zwave-js/bin/mock-server.cjs"),
            *("-i", "127.0.0.1", "-p", str(radio_port), "-c", "locks.cjs"),
        )
        # Not its radio port: the mock serves one client only, and that is the driver.
        mock.wait_port(self._control_port)
        server = run(
            "zwave-server",
            *("node_modules/@zwave-js/server/dist-esm/bin/server.js", f"tcp://127.0.0.1:{radio_port}"),
            *("--config", "server-config.cjs", "--host", "127.0.0.1", "--port", str(server_port), "--disable-dns-sd"),
        )
        server.wait_port(server_port)
        server.wait_log("All nodes are ready to be used", 120)
