"""The same entries in a sealed journal of systemd, verified by `journalctl --verify`.

systemd keeps its sealing keys in /var/log/journal. Everything here runs in a mount namespace of its own with
an empty folder in that place, so that the machine's journal is neither read nor changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

REMOTE = "/lib/systemd/systemd-journal-remote"
PACKAGES = ("systemd-journal-remote", "libmicrohttpd12")
MAKE = """
set -e
mount --bind "$1/var" /var/log/journal
mkdir -p "/var/log/journal/$(cat /etc/machine-id)" "$1/out"
journalctl --setup-keys --interval=15min > "$1/key" 2> /dev/null
"$2" --seal=yes --split-mode=none -o "$1/out/sealed.journal" "$1/export" 2> /dev/null
"""


class Sealed:
    """A sealed journal in this folder; OSError or CalledProcessError when this machine cannot make one."""

    def __init__(self, folder: Path, leaves: Iterable[bytes]) -> None:
        self.folder = folder
        (folder / "var").mkdir()
        self.count = _export(folder / "export", leaves)
        remote, environment = _remote(folder)
        mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
        command = ["unshare", *mapped, "--mount", "bash", "-c", MAKE, "bash", str(folder), remote]
        subprocess.run(command, check=True, env=environment, capture_output=True)
        (folder / "export").unlink()

    def verify(self) -> float:
        """How long `journalctl --verify` takes over all of its files, s. RuntimeError when it finds a fault."""
        key = (self.folder / "key").read_text().strip()
        begin = time.perf_counter()
        said = subprocess.run(
            ["journalctl", "--verify", f"--verify-key={key}", f"--directory={self.folder / 'out'}"],
            check=False,
            capture_output=True,
            text=True,
        )
        took = time.perf_counter() - begin
        if said.returncode or "PASS" not in said.stderr + said.stdout:
            raise RuntimeError(said.stderr)
        return took


def _export(path: Path, leaves: Iterable[bytes]) -> int:
    """Write them in systemd's export format, from this very second on: a sealed journal takes no older ones."""
    begin, count = time.time_ns() // 1000, 0
    with path.open("wb") as file:
        for count, leaf in enumerate(leaves, 1):
            file.write(
                b"__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=00000000000000000000000000000001\n"
                b"PRIORITY=6\nSYSLOG_IDENTIFIER=nightlatch\nMESSAGE=%s\n\n" % (begin + count, count, leaf)
            )
    return count


def _remote(folder: Path) -> tuple[str, dict[str, str] | None]:
    """systemd-journal-remote and its environment: this machine's, or Debian's, unpacked and not installed."""
    if Path(REMOTE).exists():
        return REMOTE, None
    if shutil.which("apt-get") is None:
        raise OSError(f"there is no {REMOTE}")
    place = folder / "packages"
    place.mkdir()
    subprocess.run(["apt-get", "download", "--quiet", *PACKAGES], cwd=place, check=True, capture_output=True)
    for package in place.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(place)], check=True)
    libraries = [str(one.parent) for one in place.rglob("libmicrohttpd.so.12")]
    own = ["/lib/systemd", *map(str, Path("/usr/lib").glob("*/systemd"))]
    return str(place / REMOTE[1:]), {
        "LD_LIBRARY_PATH": ":".join(libraries + own),
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
    }
