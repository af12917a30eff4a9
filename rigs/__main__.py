"""Installs what every rig needs: `python -m rigs`. Each rig does so by itself too, when it starts."""

from __future__ import annotations

import shutil
import sys
from ctypes.util import find_library

from rigs.launch import RIGS, install_debian, install_node, install_python

PROGRAMS = {
    "mosquitto": "mosquitto",
    "nftables": "nft",
    "miniupnpd-nftables": "miniupnpd",
    "systemd": "systemd-analyze",
}
SYSTEM = "/usr/sbin:/usr/local/sbin:/usr/bin"
"""Where administrators' programs are: in no user's PATH."""


def main() -> None:
    """Debian's packages first: they say at once when root is missing."""
    install_debian("iproute2", there=shutil.which("ip") is not None)
    for package, program in PROGRAMS.items():
        install_debian(package, there=shutil.which(program, path=SYSTEM) is not None)
    install_debian("libnl-route-3-200", there=find_library("nl-route-3") is not None)
    install_debian("chromium", there=shutil.which("chromium") is not None)
    install_debian("poppler-utils", there=shutil.which("pdftotext") is not None)
    for rig in sorted(path for path in RIGS.iterdir() if path.is_dir()):
        for lock, install in (("package-lock.json", install_node), ("requirements.lock", install_python)):
            if (rig / lock).exists():
                print(f"rigs/{rig.name}: {lock}", file=sys.stderr, flush=True)
                install(rig)


if __name__ == "__main__":
    main()
