"""A network namespace of its own for the programs of a rig, reachable on chosen loopback ports only.

A socket belongs to the namespace it was made in. So the holder opens its listening sockets first, then
moves itself into a new namespace and passes each accepted connection on to the same port in there: tests
outside reach the programs inside, and nothing inside reaches a network outside. No bridge, address,
firewall rule or tool on the machine is needed, and all is gone when the holder ends.

Ports of another rig outside are lent to the inside by a second process, which stays outside; a socket file,
which knows no network, is between the two.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from rigs.launch import RIGS, Process, install_debian

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_READY = "namespace ready"
# CAP_NET_ADMIN without being root comes only with a user namespace in which we are.
_USER = () if os.geteuid() == 0 else ("--user", "--preserve-credentials")


class Namespace:
    """A private network and mount namespace; start programs in it with `command`."""

    def __init__(
        self, folder: Path, *, ports: Sequence[int] = (), lent: Sequence[int] = (), setup: Path | None = None
    ) -> None:
        """`ports`: 127.0.0.1 ports that lead inside; `lent`: those that lead outside.

        `setup`: shell script run inside first, in `folder`.
        """
        install_debian("iproute2", there=shutil.which("ip") is not None)
        self._lender: Process | None = None
        if lent:
            lending = [sys.executable, "-m", "rigs.namespace", "lend", *map(str, lent)]
            environment = {**os.environ, "PYTHONPATH": str(RIGS.parent)}
            self._lender = Process("lender", lending, folder=folder, log=folder / "lender.log", env=environment)
            self._lender.wait_log(_READY, 30)
        self._holder = Process(
            "namespace",
            [
                sys.executable,
                "-m",
                "rigs.namespace",
                "hold",
                str(setup or ""),
                *map(str, ports),
                "lent",
                *map(str, lent),
            ],
            folder=folder,
            log=folder / "namespace.log",
            env={**os.environ, "PYTHONPATH": str(RIGS.parent)},
        )
        self._holder.wait_log(_READY, 30)

    def command(self, *program: str) -> list[str]:
        """The command that runs `program` inside."""
        pid = str(self._holder.popen.pid)
        return ["nsenter", "--target", pid, "--net", "--mount", *_USER, "--wd=.", *program]

    def stop(self) -> None:
        """End the relay; the namespace is gone once the programs in it have ended too."""
        self._holder.stop()
        if self._lender is not None:
            self._lender.stop()


def _enter() -> None:
    """Move this process into new namespaces, with loopback up and no mount shared with the outside."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid, user = os.getuid(), os.getgid(), _CLONE_NEWUSER if _USER else 0
    if libc.unshare(_CLONE_NEWNET | _CLONE_NEWNS | user):
        error = os.strerror(ctypes.get_errno())
        raise SystemExit(f"no new network namespace: {error}; it takes root or unprivileged user namespaces")
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()  # one side is gone: so is the connection


Open = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _to(open_other: Open) -> Accept:
    """What passes a connection on to another one that is opened for it."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other_reader, other_writer = await open_other()
        except OSError:
            writer.transport.abort()  # nothing listens there: here, too, the port must look dead
            return
        await asyncio.gather(_copy(reader, other_writer), _copy(other_reader, writer))
        other_writer.close()
        writer.close()

    return connected


def _port(port: int) -> Open:
    return lambda: asyncio.open_connection("127.0.0.1", port)


def _file(port: int) -> Open:
    return lambda: asyncio.open_unix_connection(f"{port}.sock")


async def _until_told() -> None:
    ended = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, ended.set)
    print(_READY, flush=True)
    await ended.wait()


async def _relay(listening: Sequence[socket.socket], lent: Sequence[int]) -> None:
    for each in listening:
        await asyncio.start_server(_to(_port(each.getsockname()[1])), sock=each)
    for port in lent:
        await asyncio.start_server(_to(_file(port)), "127.0.0.1", port)
    await _until_told()


async def _lend(ports: Sequence[int]) -> None:
    for port in ports:
        await asyncio.start_unix_server(_to(_port(port)), f"{port}.sock")
    await _until_told()


def _hold(setup: str, ports: Sequence[int], lent: Sequence[int]) -> None:
    listening = [socket.create_server(("127.0.0.1", port)) for port in ports]
    _enter()
    if setup:
        subprocess.run(["sh", "-e", setup], check=True)
    asyncio.run(_relay(listening, lent))


def _main(role: str, *given: str) -> None:
    if role == "lend":
        asyncio.run(_lend([int(port) for port in given]))
    else:
        between = given.index("lent")
        _hold(given[0], [int(port) for port in given[1:between]], [int(port) for port in given[between + 1 :]])


if __name__ == "__main__":
    _main(*sys.argv[1:])
