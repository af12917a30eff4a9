"""The Wi-Fi that a computer is connected to, as its own commands tell it: nmcli, iw, netsh or wdutil."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from nightlatch.errors import ReadError, SourceError
from nightlatch.model.evidence import Claim, Grade, Item
from nightlatch.model.network import Wifi
from nightlatch.reading.files import MIB, decode, modified, read_bytes
from nightlatch.sources import interface
from nightlatch.sources._wifi import network_items, protection_items
from nightlatch.sources._wifi_seen import Seen, seen, tool_of
from nightlatch.sources.interface import Source

MAX_OUTPUT = 4 * MIB
TIMEOUT_S = 15
NMCLI_FIELDS = "IN-USE,BSSID,SSID,SECURITY,WPA-FLAGS,RSN-FLAGS"
COMMANDS = {
    "nmcli": ("nmcli", "-t", "-m", "multiline", "-f", NMCLI_FIELDS, "device", "wifi", "list", "--rescan", "no"),
    "netsh": ("netsh", "wlan", "show", "interfaces"),
    "wdutil": ("wdutil", "info"),
}
HOW = (
    f"Save the output of one of these, and give the file as path: nmcli -m multiline -f {NMCLI_FIELDS} device wifi "
    "list; iw dev wlan0 scan dump; netsh wlan show interfaces; sudo wdutil info."
)


class HostWifi(Source, kind="host-wifi"):
    """Reads what a computer's commands say of the Wi-Fi it is connected to, saved or live. No keys are asked for."""

    class Settings(interface.Settings, frozen=True):
        """A file with saved output; without it the command of this computer is run."""

        path: Path | None = None

    gives = (Wifi.name, Wifi.enabled, Wifi.security, Wifi.tkip, Wifi.pmf, Wifi.default_name, Wifi.wps)

    def collect(self) -> Iterator[Item]:
        """The facts of the network in use, from every access point of its name that is seen."""
        path: Path | None = self.settings.path
        if path is not None:
            text = _lenient(read_bytes(path, limit=MAX_OUTPUT), str(path))
            yield from self._items(text, path.name, modified(path))
            return
        tool, text = _ask()
        for item in self._items(text, tool, None):
            # Read from the air just now, not from a file.
            yield msgspec.structs.replace(item, grade=Grade.OBSERVED) if isinstance(item, Claim) else item

    def _items(self, text: str, file: str, at: datetime | None) -> Iterator[Item]:
        tool = tool_of(text)
        if not tool:
            raise ReadError("is not the output of nmcli, iw, netsh or wdutil", where=file, todo=HOW)
        every = seen(tool, text, file)
        connected = [one for one in every if one.connected]
        if not connected:
            yield self.gap(Wifi.security, reason=self._why_none(tool, text), settle=HOW)
            return
        for name in dict.fromkeys(one.name for one in connected):
            yield from self._network(tool, name, [one for one in every if one.name == name], at)

    def _network(self, tool: str, name: str | None, every: list[Seen], at: datetime | None) -> Iterator[Item]:
        points = [one.point for one in every]
        if name and "\ufffd" not in name:
            ref = self.ref(Wifi, name)
            yield from network_items(self, ref, name, points, at=at)
        else:
            ref = self.ref(Wifi, "connected")
            yield self.gap(
                Wifi.name,
                reason=f"the output hides or garbles the network's name: {points[0].name_where}",
                settle="Windows and macOS hide it from programs without the location permission: grant it to the "
                "terminal, then save the output again as UTF-8.",
                about=ref,
            )
            yield from protection_items(self, ref, points, at)
        if tool != "iw":
            yield self.gap(
                Wifi.pmf,
                Wifi.wps,
                reason=f"{tool} does not tell these",
                settle="Save: iw dev wlan0 scan dump",
                about=ref,
            )

    @staticmethod
    def _why_none(tool: str, text: str) -> str:
        if tool == "netsh" and re.search(r"^[ \t]+SSID[ \t]*:", text, re.MULTILINE):
            return "netsh's output is in a language whose words are not known, or the network is not encrypted"
        return f"by {tool}, this computer is connected to no Wi-Fi"


def _lenient(data: bytes, where: str) -> str:
    """Text that a Windows console may have saved in a code page of its own: what is not UTF-8 is marked as such."""
    try:
        return decode(data, where=where)
    except ReadError:
        if b"\0" in data or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise
        return data.decode("utf-8", "replace")


def _ask() -> tuple[str, str]:
    """Run the first of the known commands that this computer has."""
    failed = ""
    for tool, command in COMMANDS.items():
        if shutil.which(tool) is not None:
            text = _run(command)
            if text.strip():
                return tool, text
            failed = failed or f"{tool} said nothing"
    if shutil.which("iw") is not None:
        interfaces = re.findall(r"^[ \t]*Interface (\S{1,15})$", _run(("iw", "dev")), re.MULTILINE)
        for name in interfaces[:8]:
            if text := _run(("iw", "dev", name, "scan", "dump")):
                return "iw", text
        failed = failed or "iw found no Wi-Fi interface"
    raise SourceError(
        failed or "this computer has none of nmcli, iw, netsh and wdutil", where="host-wifi", todo=f"{HOW}"
    )


def _run(command: tuple[str, ...]) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603  # fixed commands; the interface's name comes from iw itself
            command, capture_output=True, timeout=TIMEOUT_S, check=False, env=environment, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"{command[0]} did not answer within {TIMEOUT_S} s", where="host-wifi", todo=HOW) from None
    except OSError as error:
        raise SourceError(f"{command[0]} cannot be run: {error.strerror}", where="host-wifi", todo=HOW) from None
    return _lenient(done.stdout[:MAX_OUTPUT], command[0])
