"""One Matter server: a home that controls the lock."""

from __future__ import annotations

import subprocess
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from rigs.launch import RIGS, Process, RigError, install_python, node_bin
from rigs.matter.client import Client
from rigs.namespace import Namespace

HERE = RIGS / "matter"
_PIN = 1  # credential type


class Server:
    """A Matter server with its own storage and fabric.

    url: its WebSocket, such as ws://127.0.0.1:40123/ws. node: the lock's node id, once commissioned.
    """

    node: int

    def __init__(self, namespace: Namespace, folder: Path, name: str, *, fabric: int, port: int) -> None:
        """`folder` holds the `root` that namespace.sh made; `port` leads into the namespace."""
        self._namespace, self._folder, self._name, self._fabric, self._port = namespace, folder, name, fabric, port
        self.url = f"ws://127.0.0.1:{port}/ws"
        self.client = Client(self.url)
        (folder / name).mkdir()
        self._start()

    def _start(self) -> None:
        folder, storage = self._folder, self._folder / self._name
        self._process = Process(
            "Matter server",
            self._namespace.command(
                *("chroot", str(folder / "root"), str(install_python(HERE) / "matter-server")),
                *("--listen-address", "127.0.0.1", "--port", str(self._port), "--primary-interface", "matter0"),
                *("--storage-path", str(storage), "--ota-provider-dir", str(storage / "updates")),
                *("--paa-root-cert-dir", str(_certificates(folder)), "--fabricid", str(self._fabric)),
            ),
            folder=folder,
            log=folder / f"{self._name}.log",
        )
        deadline = time.monotonic() + 60
        while self.client.info() is None:
            if self._process.popen.poll() is not None or time.monotonic() > deadline:
                raise self._process.fail("did not answer over WebSocket")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server."""
        self._process.stop()

    def restart(self) -> None:
        """End the server and start it again with what it has stored."""
        self.stop()
        self._start()

    def commission(self, code: str) -> None:
        """Take the lock with this pairing code into the fabric."""
        try:
            self.node = self.client.command("commission_with_code", code=code, network_only=True)["node_id"]
        except RigError as error:
            raise self._process.fail(str(error)) from error

    def pairing_code(self) -> str:
        """Let one more home pair with the lock; the code for it."""
        code: str = self.client.command("open_commissioning_window", node_id=self.node)["setup_manual_code"]
        return code

    def lock_command(self, name: str, **payload: Any) -> Any:
        """Run a command of the Door Lock cluster and return its response."""
        return self.client.command(
            "device_command",
            node_id=self.node,
            endpoint_id=1,
            cluster_id=257,
            command_name=name,
            payload=payload,
            timed_request_timeout_ms=1000,  # Matter refuses untimed commands that open or change who may open
        )

    def write(self, attribute: int, value: Any) -> None:
        """Write an attribute of the Door Lock cluster, such as 0x33 RequirePINforRemoteOperation."""
        self.client.command("write_attribute", node_id=self.node, attribute_path=f"1/257/{attribute}", value=value)

    def add_user(self, index: int, name: str, pin: str, number: int = 0) -> None:
        """Give a person a PIN: user `index`, and that number among the PINs or, without one, the same."""
        # The user first: a credential set without one makes a user without a name.
        self.lock_command(
            "SetUser",
            operationType=0,
            userIndex=index,
            userName=name,
            userUniqueID=None,
            userStatus=1,
            userType=0,
            credentialRule=0,
        )
        self.lock_command(
            "SetCredential",
            operationType=0,
            credential={"credentialType": _PIN, "credentialIndex": number or index},
            credentialData=b64encode(pin.encode()).decode(),
            userIndex=index,
            userStatus=None,
            userType=None,
        )

    def remove_user(self, index: int) -> None:
        """Take a person and their credentials off the lock."""
        self.lock_command("ClearUser", userIndex=index)


def _certificates(folder: Path) -> Path:
    """The folder with the certificate of the authority that vouches for the virtual lock."""
    certificates = folder / "certificates"
    if not certificates.exists():
        certificates.mkdir()
        command = [str(node_bin() / "node"), str(HERE / "paa.mjs")]
        paa = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        (certificates / "test_paa_novid.der").write_bytes(paa)
        (certificates / ".version").write_text("1")  # a fresh one keeps the server from fetching certificates
    return certificates
