"""A home of files in every format that is read, with a secret of its own planted in each place that can hold one."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
import tarfile
import zipfile
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from tests.slow.hostile import SAMPLE
from tests.unit.sources import test_bitwarden, test_keepass, test_pihole
from tests.unit.sources.vaults import MASTER

DATA = Path(__file__).parents[1] / "unit" / "sources" / "data"
YALE = "my.yalehome.com"
LOCK_ADDRESS = "192.168.20.7"


class Secrets:
    """Makes secrets and remembers where each was planted."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        """A secret that is nowhere else: lower case, so that no change of case hides it."""
        self.planted[place] = f"zq{blake2b(place.encode(), digest_size=6).hexdigest()}"
        return self.planted[place]

    def pin(self, place: str) -> str:
        """Eight digits that no number of a report happens to hold."""
        self.planted[place] = str(10**7 + int.from_bytes(blake2b(place.encode(), digest_size=6).digest()) % (9 * 10**7))
        return self.planted[place]

    def found_in(self, *told: bytes) -> list[str]:
        """The places whose secret is in what was told: as it is, or in hex, Base64 or percent signs."""
        whole = b"\n".join(told).lower()
        return sorted(
            place for place, secret in self.planted.items() if any(form.lower() in whole for form in forms(secret))
        )


def forms(secret: str) -> set[bytes]:
    """A secret as it may appear. Base64 has three, by where the secret begins in what was encoded."""
    raw = secret.encode()
    encoded = {_base64(b"\0" * before + raw)[(0, 2, 3)[before] :] for before in range(3)}
    return {raw, raw[::-1], raw.hex().encode(), quote(secret).encode(), json.dumps(secret)[1:-1].encode(), *encoded}


def _base64(raw: bytes) -> bytes:
    """Without what depends on the bytes behind."""
    text = b64encode(raw).rstrip(b"=")
    return text[:-1] if len(raw) % 3 else text


def bitwarden(path: Path, secret: Secrets) -> None:
    export = {
        "encrypted": False,
        "folders": [{"id": "1", "name": secret("bitwarden folder")}],
        "items": [
            {"type": 3, "name": "card", "card": {"number": secret.pin("card number"), "code": secret("card code")}},
            {
                "type": 1,
                "name": secret("bitwarden title"),
                "notes": secret("bitwarden note"),
                "fields": [{"name": "PIN", "value": secret.pin("bitwarden PIN field"), "type": 1}],
                "login": {
                    "uris": [
                        {"uri": f"https://{secret('user in URL')}:{secret('password in URL')}@{YALE}/{secret('path')}"}
                    ],
                    "username": secret("bitwarden user"),
                    "password": f'{secret("bitwarden password")}"ä<&>',
                    "totp": f"otpauth://totp/x?secret={secret('bitwarden TOTP seed')}",
                    "fido2Credentials": [{"keyValue": secret("passkey")}],
                },
                "passwordHistory": [{"lastUsedDate": "2025-02-03T04:05:06Z", "password": secret("old password")}],
                "creationDate": "2024-03-05T10:00:00Z",
            },
        ],
    }
    path.write_text(json.dumps(export))


def sealed_bitwarden(path: Path, secret: Secrets) -> None:
    """Encrypted under MASTER."""
    bitwarden(path, secret)
    content = test_bitwarden.protected(path.read_bytes(), kdfType=0, kdfIterations=5000)
    path.write_text(json.dumps(content))


def onepassword(path: Path, secret: Secrets) -> None:
    details = {
        "loginFields": [
            {"designation": "username", "value": secret("1password user")},
            {"designation": "password", "value": secret("1password password")},
        ],
        "notesPlain": secret("1password note"),
        "passwordHistory": [{"value": secret("1password old password"), "time": 1_746_612_000}],
        "sections": [
            {
                "fields": [
                    {"id": "TOTP_1", "value": {"totp": f"otpauth://totp/x?secret={secret('1password TOTP seed')}"}}
                ]
            }
        ],
    }
    overview = {"title": secret("1password title"), "url": f"https://{YALE}/?token={secret('token in URL')}"}
    export = {"accounts": [{"vaults": [{"items": [{"details": details, "overview": overview, "state": "active"}]}]}]}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("export.data", json.dumps(export))
        archive.writestr("files/photo", secret("1password file"))


def keepass(path: Path, secret: Secrets) -> None:
    """Under MASTER."""
    database = test_keepass.create_database(io.BytesIO(), password=MASTER)
    url = f"https://{YALE}/{secret('keepass path')}"
    titles = secret("keepass title"), secret("keepass user"), secret("keepass password")
    entry = database.add_entry(database.root_group, *titles, url=url, notes=secret("keepass note"))
    entry.otp = f"otpauth://totp/x?secret={secret('keepass TOTP seed')}"
    entry.set_custom_property("PIN", secret("keepass field"), protect=True)
    path.write_bytes(test_keepass.saved(database))


def browser_csv(path: Path, secret: Secrets) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "url", "username", "password", "note"])
        names = [secret(f"browser {name}") for name in ("title", "user", "password", "note")]
        writer.writerow([names[0], f"https://{YALE}/{secret('browser path')}", *names[1:]])


def openwrt(path: Path, secret: Secrets) -> None:
    files = {file: (SAMPLE / "router" / file).read_text() for file in ("etc/config/network", "etc/config/firewall")}
    files["etc/config/network"] += (
        f"\nconfig interface 'vpn'\n\toption proto 'wireguard'\n\toption private_key '{secret('WireGuard key')}'\n"
        f"config interface 'dsl'\n\toption proto 'pppoe'\n\toption password '{secret('PPPoE password')}'\n"
    )
    files["etc/config/wireless"] = (
        f"config wifi-iface 'a'\n\toption mode 'ap'\n\toption ssid 'Elm'\n\toption encryption 'sae'\n"
        f"\toption network 'lan'\n\toption key '{secret('OpenWrt Wi-Fi key')}'\n"
        f"\toption sae_password '{secret('OpenWrt SAE password')}'\n\toption auth_secret '{secret('RADIUS secret')}'\n"
        f"config wifi-iface 'b'\n\toption mode 'ap'\n\toption ssid 'Old'\n\toption encryption 'wep'\n"
        f"\toption network 'lan'\n\toption key '1'\n\toption key1 '{secret('WEP key')}'\n"
        f"\toption wps_pin '{secret.pin('WPS PIN')}'\n"
    )
    files["etc/shadow"] = f"root:$6${secret('root salt')}${secret('root hash')}:19000:0:99999:7:::\n"
    files["etc/dropbear/dropbear_rsa_host_key"] = secret("host key")
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content.encode()))


def mikrotik(path: Path, secret: Secrets) -> None:
    text = (DATA / "mikrotik" / "house7.rsc").read_text()
    text = text.replace('"walnut ferry copper lantern 42"', secret("MikroTik Wi-Fi key"))
    text = text.replace("passphrase=visitor1", f"passphrase={secret('MikroTik guest key')}")
    text += f"/ppp secret\nadd name=a password={secret('PPP password')}\n"
    text += f"/interface wireguard\nadd name=wg private-key={secret('MikroTik WireGuard key')}\n"
    text += f"/snmp community\nadd name=c authentication-password={secret('SNMP password')}\n"
    text += f"/radius\nadd secret={secret('MikroTik RADIUS secret')}\n"
    path.write_text(text)


def _sense(kind: str) -> Callable[[Path, Secrets], None]:
    def write(path: Path, secret: Secrets) -> None:
        text = (DATA / kind / "house.xml").read_text()
        hashed = f"<bcrypt-hash>$2y$10${secret(kind + ' hash')}</bcrypt-hash>"
        extra = (
            f"<wireless><wpa><passphrase>{secret(kind + ' Wi-Fi key')}</passphrase></wpa></wireless>"
            f"<ipsec><phase1><pre-shared-key>{secret(kind + ' IPsec key')}</pre-shared-key></phase1></ipsec>"
            f"<cert><prv>{secret(kind + ' private key')}</prv></cert>"
            f"<ppps><ppp><password>{secret(kind + ' PPP password')}</password></ppp></ppps></{kind}>"
        )
        path.write_text(text.replace("<uid>0</uid>", f"<uid>0</uid>{hashed}").replace(f"</{kind}>", extra))

    return write


def host_wifi(path: Path, secret: Secrets) -> None:
    text = (DATA / "host-wifi" / "netsh-en.txt").read_text()
    path.write_text(f"{text}    Key Content            : {secret('Windows Wi-Fi key')}\n")


def dnsmasq(path: Path, secret: Secrets) -> None:
    names = ("api.aaecosystem.com", f"{secret('browsing in dnsmasq')}.example")
    path.write_text(
        "".join(
            f"Feb 27 10:00:03 dnsmasq[1]: {n} {LOCK_ADDRESS}/1 query[A] {name} from {LOCK_ADDRESS}\n"
            for n, name in enumerate(names)
        )
    )


def unbound(path: Path, secret: Secrets) -> None:
    names = ("api.aaecosystem.com", f"{secret('browsing in Unbound')}.example")
    path.write_text("".join(f"[1772186403] unbound[1:0] info: {LOCK_ADDRESS} {name}. A IN\n" for name in names))


def adguard(path: Path, secret: Secrets) -> None:
    names = ("api.aaecosystem.com", f"{secret('browsing in AdGuard')}.example")
    entries = [
        {"T": "2026-02-27T11:00:03Z", "QH": name, "IP": LOCK_ADDRESS, "CID": secret("client id")} for name in names
    ]
    path.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))


def pihole(path: Path, secret: Secrets) -> None:
    names = ("api.aaecosystem.com", f"{secret('browsing in Pi-hole')}.example")
    with closing(sqlite3.connect(path)) as database:
        test_pihole.old(database, [(2, name, LOCK_ADDRESS) for name in names])
        database.commit()


def homeassistant(path: Path, secret: Secrets) -> None:
    shutil.copytree(SAMPLE / "homeassistant", path)
    with (path / "configuration.yaml").open("a") as file:
        file.write(f"\nmqtt:\n  password: {secret('Home Assistant MQTT password')}\n")
        file.write(f"notify:\n  api_key: {secret('notify key')}\n")
    (path / "secrets.yaml").write_text(f"wifi: {secret('secrets.yaml')}\n")
    storage = path / ".storage"
    auth = json.loads((storage / "auth").read_text())
    owner = auth["data"]["users"][0]["id"]
    auth["data"]["refresh_tokens"] = [
        {"token": secret("refresh token"), "jwt_key": secret("JWT key"), "user_id": owner}
    ]
    user, password, key = (secret(f"{part} of external URL") for part in ("user", "password", "key"))
    url = f"https://{user}:{password}@home.example/?k={key}"
    settings = path / "configuration.yaml"
    settings.write_text(re.sub(r" *external_url:.*\n", "", settings.read_text()))
    files = {
        "auth": auth["data"],
        "auth_module.totp": {"users": {owner: secret("Home Assistant TOTP seed")}},
        "auth_provider.homeassistant": {"users": [{"username": "sam", "password": secret("password hash")}]},
        "core.config_entries": {"entries": [{"data": {"password": secret("integration password")}}]},
        "core.config": {"external_url": url},
    }
    for name, data in files.items():
        (storage / name).write_text(json.dumps({"version": 1, "key": name, "data": data}))
    registry = json.loads((storage / "core.entity_registry").read_text())
    for entity in registry["data"]["entities"]:
        if entity["entity_id"].startswith("lock."):
            entity["options"] = {"lock": {"default_code": secret.pin("default code")}}
    (storage / "core.entity_registry").write_text(json.dumps(registry))
    (path / ".cloud").mkdir()
    (path / ".cloud" / "production_auth.json").write_text(json.dumps({"refresh_token": secret("cloud token")}))


def zigbee2mqtt(path: Path, secret: Secrets) -> None:
    path.mkdir()
    address = "0x000d6f0011223344"
    key = [int(secret.pin("network key")[:2]) + n * 7 % 97 for n in range(16)]
    secret.planted["network key"] = ", ".join(map(str, key))
    secret.planted["network key in hex"] = bytes(key).hex()
    (path / "configuration.yaml").write_text(
        f"mqtt:\n  base_topic: zigbee2mqtt\n"
        f"  server: mqtt://{secret('user in MQTT server')}:{secret('password in MQTT server')}@192.168.20.5:1883\n"
        f"  user: hub\n  password: {secret('MQTT password of the hub')}\n"
        f"advanced:\n  network_key: {key}\nfrontend:\n  enabled: true\n  auth_token: '!secret.yaml token'\n"
        f"devices:\n  '{address}':\n    friendly_name: front_door\n    expose_pin: true\n"
    )
    (path / "secret.yaml").write_text(f"token: {secret('frontend token')}\n")
    (path / "coordinator_backup.json").write_text(json.dumps({"network_key": {"key": bytes(key).hex()}}))
    database = (SAMPLE / "zigbee2mqtt" / "database.db").read_text()
    meta = f'"meta":{{"pinCodeValue":"{secret.pin("PIN in database.db")}"}}'
    (path / "database.db").write_text(database.replace('"meta":{"configured"', f'{meta},"was":{{"configured"'))
    users = {str(n): {"status": "enabled", "pin_code": secret.pin(f"PIN {n} in state.json")} for n in (1, 2)}
    (path / "state.json").write_text(json.dumps({address: {"battery": 20, "state": "LOCK", "users": users}}))
    (path / "log" / "2026").mkdir(parents=True)
    (path / "log" / "2026" / "log.log").write_text(f'publish {{"pin_code": {secret.pin("PIN in a log")}}}\n')
    (path / "mosquitto.conf").write_text(
        f"listener 1883\nremote_password {secret('bridge password')}\nallow_anonymous false\nacl_file acl\n"
    )
    (path / "acl").write_text("user hub\ntopic readwrite #\n")


Writer = Callable[[Path, Secrets], None]
FILES: Mapping[str, tuple[str, Writer]] = {
    "1password": ("path", onepassword),
    "adguard": ("path", adguard),
    "bitwarden": ("path", bitwarden),
    "browser-csv": ("path", browser_csv),
    "dnsmasq": ("path", dnsmasq),
    "homeassistant": ("config", homeassistant),
    "host-wifi": ("path", host_wifi),
    "keepass": ("path", keepass),
    "mikrotik": ("path", mikrotik),
    "openwrt": ("path", openwrt),
    "opnsense": ("path", _sense("opnsense")),
    "pfsense": ("path", _sense("pfsense")),
    "pihole": ("path", pihole),
    "unbound": ("path", unbound),
    "zigbee2mqtt": ("data", zigbee2mqtt),
}
"""Every kind that reads files: the setting that names them, and what writes a working one."""
LIVE = frozenset(("homeassistant", "igd", "isolation", "matter", "zigbee2mqtt", "zwavejs"))
"""The kinds that ask a peer."""
