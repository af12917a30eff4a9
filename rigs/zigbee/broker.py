"""Mosquitto, the broker that owners of Zigbee2MQTT run, on loopback; and how to get it."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from rigs.launch import Process, RigError, install_debian

# Debian installs the broker where only root's PATH looks.
SEARCH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def install() -> None:
    """Have Mosquitto on the machine: as it is, else by Debian's package when root; else RigError."""
    install_debian("mosquitto", there=shutil.which("mosquitto", path=SEARCH) is not None)


def start(folder: Path, port: int, passwords: Mapping[str, str], acl: str | None) -> Process:
    """Start a broker whose files are in `folder`; no passwords means that anybody may come in.

    `acl` is the text of an ACL file; without one every client may read and write every topic.
    """
    folder.mkdir(exist_ok=True)
    lines = [f"listener {port} 127.0.0.1", "persistence false", f"user {getpass.getuser()}"]
    if passwords:
        accounts = folder / "passwords"
        accounts.touch(mode=0o600)
        accounts.write_text("".join(f"{name}:{password}\n" for name, password in passwords.items()))
        subprocess.run([program("mosquitto_passwd"), "-U", str(accounts)], check=True)
        lines += ["allow_anonymous false", f"password_file {accounts}"]
    else:
        lines.append("allow_anonymous true")
    if acl is not None:
        rules = folder / "acl"
        rules.write_text(acl)
        rules.chmod(0o600)
        lines.append(f"acl_file {rules}")
    configuration = folder / "mosquitto.conf"
    configuration.write_text("\n".join(lines) + "\n")
    broker = Process(
        "mosquitto", [program("mosquitto"), "-c", str(configuration)], folder=folder, log=folder / "broker.log"
    )
    broker.wait_port(port)
    return broker


def program(name: str) -> str:
    """Where a program of Mosquitto's is; RigError when it is not on this machine."""
    found = shutil.which(name, path=SEARCH)
    if found is None:
        raise RigError(f"{name} is not on this machine: rigs.zigbee.broker.install() installs it")
    return found
