"""The files of an OpenWrt backup, or of a folder, that are read: a dozen, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

from nightlatch.errors import ReadError
from nightlatch.reading.archives import tar_members
from nightlatch.reading.files import MIB, decode, modified, read_bytes

CONFIGS = ("firewall", "network", "wireless", "upnpd", "dropbear", "uhttpd", "system")
OTHERS = ("etc/shadow", "etc/openwrt_release", "etc/board.json", "etc/firewall.user")
MAX_FILE = 2 * MIB
MAX_CUSTOM = 64


class Files:
    """What was found, by its name on the router: `etc/config/network`. `at` is when it was last changed."""

    def __init__(self, path: Path) -> None:
        self.contents: dict[str, bytes] = {}
        self.at = modified(path)
        if path.is_dir():
            self._folder(path)
        else:
            self._archive(path)
        if not any(name.startswith("etc/config/") for name in self.contents):
            raise ReadError(
                "holds none of OpenWrt's configuration files (etc/config/network, firewall, wireless …)",
                where=str(path),
                todo="Give the folder /etc/config, or a backup made with: sysupgrade -b backup.tar.gz",
            )

    def _folder(self, path: Path) -> None:
        base = path / "etc/config" if (path / "etc/config").is_dir() else path
        wanted = {f"etc/config/{name}": base / name for name in CONFIGS}
        if base != path:
            # The backup's root was given; its other files lie beside the folder of the configuration.
            custom = sorted(path.glob("etc/nftables.d/*.nft"))[:MAX_CUSTOM]
            wanted |= {name: path / name for name in (*OTHERS, *(f"etc/nftables.d/{file.name}" for file in custom))}
        found = {name: file for name, file in wanted.items() if file.is_file()}
        for name, file in found.items():
            if not file.resolve().is_relative_to(path.resolve()):
                raise ReadError("is a link that leads out of its folder", where=str(file))
            self.contents[name] = read_bytes(file, limit=MAX_FILE)
        self.at = max((modified(file) for file in found.values()), default=self.at)

    def _archive(self, path: Path) -> None:
        known = {*OTHERS, *(f"etc/config/{name}" for name in CONFIGS)}
        for name, data in tar_members(path, lambda name: name in known or is_custom_rules(name)):
            if len(data) > MAX_FILE:
                raise ReadError(f"is larger than {MAX_FILE // MIB} MiB", where=f"{path} ({name})")
            self.contents[name] = data

    def has(self, name: str) -> bool:
        """Whether the export holds this file."""
        return name in self.contents

    def text(self, name: str) -> str:
        """Its text; empty if the export does not hold it."""
        return decode(self.contents.get(name, b""), where=name)

    @property
    def custom_rules(self) -> str:
        """The first file with firewall rules of the owner's own, which cannot be judged; empty if there is none."""
        for name in sorted(self.contents):
            if (name == "etc/firewall.user" or is_custom_rules(name)) and any(
                line.strip() and not line.lstrip().startswith("#") for line in self.text(name).splitlines()
            ):
                return name
        return ""


def is_custom_rules(name: str) -> bool:
    """`etc/nftables.d/NAME.nft`: included by fw4 as it is."""
    return name.startswith("etc/nftables.d/") and name.endswith(".nft") and name.count("/") == 2
