"""The bounds that the pages state are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightlatch import secrets
from nightlatch.audit import collect, merge, printable
from nightlatch.catalogue.imports import _files as imports
from nightlatch.configuration import read
from nightlatch.ecosystems import _calls, _feed, _mqtt, _websocket, zwavejs
from nightlatch.ecosystems._homeassistant import link
from nightlatch.ecosystems._zigbee2mqtt import data, files, live
from nightlatch.ecosystems._zwavejs import server
from nightlatch.guard.entities import showing
from nightlatch.guard.entities.publisher import BACKOFF
from nightlatch.reading import archives, structured
from nightlatch.reading.files import DEFAULT_LIMIT, MIB
from nightlatch.sources import (
    _dnslog,
    _kdf,
    _openwrt_files,
    _openwrt_firewall,
    _routeros,
    _sense,
    _sense_rules,
    _uci,
    _vault,
    _wifi_seen,
    bitwarden,
    host_wifi,
    mikrotik,
    pihole,
)
from nightlatch.store import audits

DOCS = Path(__file__).parents[2] / "docs"
VAULT = (f"{_vault.MAX_ACCOUNTS} accounts", f"{_vault.MAX_LOGINS:,}")
DNS_LOG = (
    f"{_dnslog.MAX_BYTES // MIB} MiB (unfolded), {_dnslog.MAX_LINE // 1024} KiB a line",
    f"{_dnslog.MAX_DEVICES:,} devices",
)
SENSE = (
    f"{_sense.MAX_FILE // MIB} MiB, 500,000 elements, {structured.MAX_DEPTH} levels deep, {_sense.MAX_ZONES} zones, "
    f"{_sense_rules.MAX_RULES:,} rules",
)
STATED: dict[str, tuple[str, ...]] = {
    "architecture": (
        f"{collect.DEADLINE:g} s, {collect.MAX_ITEMS:,} claims",
        f"left behind {collect.GRACE:g} s later",
        f"{DEFAULT_LIMIT // MIB} MiB unless its page says otherwise",
        f"{archives.MAX_MEMBERS:,} members, {archives.MAX_MEMBER // MIB} MiB each",
        f"{archives.MAX_TOTAL // MIB} MiB together",
        f"{archives.MAX_UNFOLDED // MIB} MiB unfolded",
        f"{structured.MAX_DEPTH} levels deep",
        f"{_websocket.CONNECT_S:g} s to connect, messages of {_websocket.MAX_MESSAGE // MIB} MiB",
        f"{printable.LONGEST:,} characters; control characters",
        f"{imports.MOST_RECORDS:,} records, {imports.LONGEST_TEXT:,} characters for a text",
        f"more than {merge.SKEW.seconds // 60} minutes ahead",
        f"`nightlatch.toml` | {read.LIMIT // MIB} MiB",
        f"{audits.KEPT} of one configuration",
    ),
    "sources/1password": (*VAULT, f"{archives.MAX_MEMBERS:,} members, {archives.MAX_MEMBER // MIB} MiB"),
    "sources/adguard": DNS_LOG,
    "sources/bitwarden": (
        *VAULT,
        f"{bitwarden.MAX_EXPORT // MIB} MiB",
        f"{_kdf.MAX_PBKDF2_ROUNDS:,} PBKDF2 rounds, {_kdf.MAX_ARGON2_MEMORY // MIB // 1024} GiB of Argon2 memory",
        f"{_kdf.MAX_ARGON2_WORK // MIB // 1024} GiB of memory times iterations, or {_kdf.MAX_ARGON2_LANES} lanes",
    ),
    "sources/browser-csv": (*VAULT, f"{DEFAULT_LIMIT // MIB} MiB"),
    "sources/dnsmasq": DNS_LOG,
    "home-assistant-entities": (
        f"at most {BACKOFF.cap_s:g} s",
        f"| doors | {showing.MOST_DOORS} |",
        f"{showing.LONGEST} characters",
        f"| {_mqtt.ANSWER_SECONDS:g} s |",
    ),
    "sources/homeassistant": (
        f"| an event | {_calls.UNASKED_LIMIT // MIB} MiB |",
        f"| events that wait to be written | {_feed.MOST:,} |",
        f"| messages in a row that make no sense | {_calls.STRANGE} |",
        f"| {_calls.HEARTBEAT_S:g} s, {_calls.HEARTBEAT_S / 2:g} s |",
        f"that is starting | {link.START_S:g} s |",
        f"| a command | {link.COMMAND_S:g} s |",
        f"{link.HOLD_S:g} s at most",
    ),
    "sources/host-wifi": (
        f"{host_wifi.MAX_OUTPUT // MIB} MiB and {_wifi_seen.MAX_LINES:,} lines of output, "
        f"{_wifi_seen.MAX_SEEN:,} access points, {host_wifi.TIMEOUT_S} s for a command",
    ),
    "sources/keepass": (*VAULT, f"{_kdf.MAX_AES_ROUNDS:,} AES rounds"),
    "sources/mikrotik": (
        f"{mikrotik.MAX_FILE // MIB} MiB, {_routeros.MAX_ITEMS:,} lines, {_routeros.MAX_LINE:,} characters",
        f"{mikrotik.MAX_ZONES} zones",
    ),
    "sources/openwrt": (
        f"{archives.MAX_UNFOLDED // MIB} MiB unfolded, {_openwrt_files.MAX_FILE // MIB} MiB for each file",
        f"{_uci.MAX_SECTIONS:,} sections, {_uci.MAX_WORDS:,} words",
        f"{_openwrt_firewall.MAX_ZONES} zones, {_openwrt_firewall.MAX_RULES:,} rules",
    ),
    "sources/opnsense": SENSE,
    "sources/pfsense": SENSE,
    "sources/pihole": (
        f"The newest {pihole.MAX_ROWS:,} look-ups, {_dnslog.MAX_DEVICES:,} devices",
        f"{pihole.MAX_STEPS / 1e9:g} thousand million steps",
    ),
    "sources/unbound": DNS_LOG,
    "sources/zigbee2mqtt": (
        f"{_mqtt.ANSWER_SECONDS:g} s for the broker to answer, {live.BRIDGE_SECONDS:g} s for the bridge's messages",
        f"{live.LOCK_SECONDS:g} s for all locks together, {live.PROBE_SECONDS:g} s for the listening connection",
        f"at most {_mqtt.MESSAGE_LIMIT // MIB} MiB, {_mqtt.KEEP_LIMIT // MIB} MiB in all",
        f"at most {data.SETTINGS_LIMIT // MIB} MiB, `state.json` {data.STATE_LIMIT // MIB} MiB",
        f"`database.db` {data.DATABASE_LIMIT // MIB} MiB",
        f"the first {files.SEARCH_LIMIT // MIB} MiB, of at most {files.MOST_LOGS:,} logs",
    ),
    "sources/zwavejs": (
        f"{_websocket.CONNECT_S:g} s to connect, {server.ANSWER_S:g} s for an answer",
        f"{server.TOTAL_S:g} s for everything",
        f"{server.READS_PER_LOCK} questions and {server.SECONDS_PER_LOCK:g} s for each lock",
        f"At most {zwavejs.MAX_CODES:,} codes",
    ),
}


@pytest.mark.parametrize("page", STATED)
def test_a_page_states_the_bounds_of_the_code(page: str) -> None:
    text = (DOCS / f"{page}.md").read_text("utf-8")
    assert [bound for bound in STATED[page] if bound not in text] == []


def test_a_secrets_file_is_bounded_as_stated(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"x" * 65_537)
    path.chmod(0o600)
    with pytest.raises(secrets.SecretError, match="larger than 64 KiB"):
        secrets.resolve(f"file:{path}", env={}, base=tmp_path, where="x")
