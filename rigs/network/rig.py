"""Starts the segments, sets the router's firewall and its UPnP, and runs programs on any segment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

from rigs.launch import RIGS, Process, RigError, install_debian
from rigs.namespace import Namespace

HERE = RIGS / "network"
Segment = Literal["router", "lan", "iot", "wan"]
Firewall = Literal["isolated", "open", "v4-only", "reject"]

ROUTER = {"lan": "10.77.10.1", "iot": "10.77.20.1"}
HOST = {"lan": "10.77.10.50", "iot": "10.77.20.30"}
HOST_V6 = {"lan": "fd77:a::50", "iot": "fd77:b::30"}
HTTP_PORT = 5000
"""Where miniupnpd's description and control are."""

_FROM_IOT: Mapping[Firewall, str] = {
    "isolated": "drop",
    "open": "accept",
    "v4-only": 'meta nfproto ipv6 accept\n  iifname "iot0" drop',
    "reject": "reject",
}
"""What the router does with a new connection from the smart devices' segment to the LAN, by firewall."""

_RULES = """
table inet home
delete table inet home
table inet home {{
 chain forward {{
  type filter hook forward priority 0; policy drop;
  ct state established,related accept
  iifname "lan0" accept
  iifname "iot0" oifname "wan0" accept
  {hole}
  iifname "iot0" oifname "lan0" {rule}
  ct status dnat accept
 }}
 chain input {{
  type filter hook input priority 0; policy accept;
  {services}
 }}
 chain outward {{ type nat hook postrouting priority 100; oifname "wan0" masquerade; }}
}}
"""
_NO_SERVICES = """ct state established,related accept
  iifname "iot0" meta l4proto { icmp, ipv6-icmp } accept
  iifname "iot0" reject"""
"""What a router does for a segment of smart devices: it refuses all of its own services."""

_UPNP_RULES = """
table inet miniupnpd
delete table inet miniupnpd
table inet miniupnpd {
 chain forward { type filter hook forward priority -10; policy accept; jump miniupnpd; }
 chain miniupnpd { }
 chain dstnat { type nat hook prerouting priority -100; policy accept; jump prerouting_miniupnpd; }
 chain prerouting_miniupnpd { }
 chain srcnat { type nat hook postrouting priority 90; policy accept; jump postrouting_miniupnpd; }
 chain postrouting_miniupnpd { }
}
"""
# miniupnpd does not serve when its outer address is a private or reserved one, so it is told another.
# No packet goes there: the rig has no way out.
_UPNP_CONFIGURATION = """
ext_ifname=wan0
ext_ip=8.8.4.4
listening_ip=lan0
port={port}
enable_upnp={upnp}
enable_natpmp={natpmp}
secure_mode=yes
upnp_table_name=miniupnpd
upnp_nat_table_name=miniupnpd
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
uuid=00000000-1111-2222-3333-444444444444
friendly_name=Rig router
manufacturer_name=Acme Networks
model_name=Test Gateway
lease_file={folder}/leases
allow 1024-65535 10.77.10.0/24 1-65535
deny 0-65535 0.0.0.0/0 0-65535
"""


class NetworkRig:
    """A router with three segments, firewall "isolated", UPnP off."""

    def __init__(self, folder: Path) -> None:
        install_debian("nftables", there=_program("nft") is not None)
        install_debian("miniupnpd-nftables", there=_program("miniupnpd") is not None)
        self._folder = folder
        self._starts = 0
        self._upnpd: Process | None = None
        self._open = ExitStack()
        self._namespace = Namespace(folder, setup=HERE / "segments.sh")
        try:
            self.firewall("isolated")
            # A router has a page to sign in to: that a machine reaches it shows that it is not shut out.
            (folder / "page").mkdir()
            self._open.enter_context(self.service("router", 80))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the programs and the namespaces."""
        self.upnp_off()
        self._open.close()
        self._namespace.stop()

    def command(self, segment: Segment, *program: str) -> list[str]:
        """The command that runs `program` on the host of a segment, or on the router."""
        if segment == "router":
            return self._namespace.command(*program)
        return self._namespace.command("ip", "netns", "exec", segment, *program)

    def run(
        self, segment: Segment, *program: str, text: str = "", seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on a segment with `text` as its input; its output, whatever its exit code."""
        command = self.command(segment, *program)
        return subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=seconds, cwd=self._folder, check=False
        )

    def firewall(self, kind: Firewall, *, let_through: int = 0) -> None:
        """What the router does with connections from the smart devices to the LAN, and to itself.

        isolated: dropped. reject: refused by the router. v4-only: IPv4 dropped, IPv6 let through.
        open: let through, and the router's own services too. `let_through`: a TCP port that is.
        """
        hole = f'iifname "iot0" oifname "lan0" tcp dport {let_through} accept' if let_through else ""
        services = "" if kind == "open" else _NO_SERVICES
        self._nft(_RULES.format(rule=_FROM_IOT[kind], services=services, hole=hole))

    def upnp_on(self, *, upnp: bool = True, natpmp: bool = True) -> None:
        """Start miniupnpd for the LAN, without any mapping."""
        self.upnp_off()
        self._nft(_UPNP_RULES)
        words = {True: "yes", False: "no"}
        configuration = self._folder / "miniupnpd.conf"
        configuration.write_text(
            _UPNP_CONFIGURATION.format(port=HTTP_PORT, upnp=words[upnp], natpmp=words[natpmp], folder=self._folder)
        )
        (self._folder / "leases").write_text("")
        self._starts += 1
        program = _program("miniupnpd") or "miniupnpd"
        self._upnpd = Process(
            "miniupnpd",
            self.command("router", program, "-d", "-f", str(configuration), "-P", str(self._folder / "upnpd.pid")),
            folder=self._folder,
            log=self._folder / f"miniupnpd-{self._starts}.log",
        )
        self._upnpd.wait_log("HTTP listening on port" if upnp else "Listening for NAT-PMP", 20)

    def upnp_off(self) -> None:
        """End miniupnpd."""
        if self._upnpd is not None:
            self._upnpd.stop()
            self._upnpd = None

    def map_port(self, port: int, label: str) -> None:
        """What a device on the LAN does to be reachable: a mapping of a port of the internet to its own."""
        asking = (sys.executable, str(HERE / "mapping.py"), ROUTER["lan"], HOST["lan"], str(port), label)
        request = self.run("lan", *asking)
        if request.returncode:
            raise RigError(f"the router gave no mapping:\n{request.stdout}{request.stderr}")

    def rules(self) -> str:
        """What miniupnpd has set up in the router, mappings included."""
        return self.run("router", _program("nft") or "nft", "list", "table", "inet", "miniupnpd").stdout

    @contextmanager
    def service(self, segment: Segment, port: int) -> Iterator[None]:
        """Something on a host that accepts connections."""
        serve = (sys.executable, "-u", "-m", "http.server", str(port), "--directory", str(self._folder / "page"))
        log = self._folder / f"service-{segment}-{port}.log"
        log.unlink(missing_ok=True)
        process = Process(f"{segment}:{port}", self.command(segment, *serve), folder=self._folder, log=log)
        try:
            process.wait_log("Serving HTTP", 20)
            yield
        finally:
            process.stop()

    def _nft(self, rules: str) -> None:
        done = self.run("router", _program("nft") or "nft", "-f", "-", text=rules)
        if done.returncode:
            raise RigError(f"nft: {done.stderr}")


def _program(name: str) -> str | None:
    """A program's path; administrators' programs are in no user's PATH."""
    return shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
