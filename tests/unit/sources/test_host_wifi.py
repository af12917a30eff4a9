from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.model.evidence import Claim, Grade
from nightlatch.sources import host_wifi
from tests.unit.sources.routers import DATA, collect, facts, gap, places

SAVED = DATA / "host-wifi"
ELM = "wifi:host-wifi:Elm"


def saved(tmp_path: Path, name: str, *changes: tuple[str, str]) -> Path:
    text = (SAVED / name).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / name
    path.write_text(text)
    return path


def test_nmcli_judges_the_network_by_its_weakest_access_point() -> None:
    items = collect("host-wifi", SAVED / "nmcli-multiline.txt")
    assert facts(items, ELM)["security"] == "wpa_wpa2"
    assert facts(items, ELM)["tkip"] is True
    assert places(items, ELM)["security"].startswith("nmcli-multiline.txt:7 ")
    assert "pmf" in gap(items, "wifi.pmf").facts[0]


def test_the_networks_of_neighbours_are_left_out() -> None:
    for name in ("nmcli-multiline.txt", "nmcli-table.txt", "iw-scan.txt"):
        assert "Neighbour" not in repr(collect("host-wifi", SAVED / name))


def test_nmclis_table_is_read_by_its_columns() -> None:
    assert facts(collect("host-wifi", SAVED / "nmcli-table.txt"), "wifi:host-wifi:Elm Street")["security"] == "wpa2"


@pytest.mark.parametrize(
    ("stated", "security"),
    [("", "open"), ("--", "open"), ("WEP", "wep"), ("WPA1", "wpa"), ("WPA2", "wpa2"), ("WPA3", "wpa3"),
     ("WPA2 802.1X", "enterprise"), ("OWE", "owe")],
)  # fmt: skip
def test_every_security_of_nmcli_is_told_apart(tmp_path: Path, stated: str, security: str) -> None:
    path = tmp_path / "out.txt"
    path.write_text(f"IN-USE:*\nSSID:Elm\nSECURITY:{stated}\n")
    assert facts(collect("host-wifi", path), ELM)["security"] == security


def test_without_the_security_column_nothing_is_claimed_of_it(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("IN-USE:*\nSSID:Elm\n")
    assert "security" not in facts(collect("host-wifi", path), ELM)


def test_iw_tells_protection_of_management_frames_and_wps(tmp_path: Path) -> None:
    known = facts(collect("host-wifi", SAVED / "iw-scan.txt"), ELM)
    assert (known["security"], known["pmf"], known["wps"], known["tkip"]) == ("wpa_wpa2", "off", True, True)
    alone = (SAVED / "iw-scan.txt").read_text().split("BSS 02:00:00:00:10:02")[0]
    path = tmp_path / "scan.txt"
    path.write_text(alone)
    known = facts(collect("host-wifi", path), ELM)
    assert (known["security"], known["pmf"], known["wps"], known["tkip"]) == ("wpa2_wpa3", "optional", False, False)


@pytest.mark.parametrize(
    ("suites", "security"),
    [("PSK", "wpa2"), ("SAE", "wpa3"), ("IEEE 802.1X", "enterprise"), ("OWE", "owe"), ("FT/PSK PSK/SHA-256", "wpa2")],
)
def test_every_suite_of_iw_is_told_apart(tmp_path: Path, suites: str, security: str) -> None:
    path = tmp_path / "scan.txt"
    path.write_text((SAVED / "iw-scan.txt").read_text().split("BSS 02:00:00:00:10:02")[0].replace("PSK SAE", suites))
    assert facts(collect("host-wifi", path), ELM)["security"] == security


def test_a_network_without_privacy_is_open_and_with_it_alone_is_wep(tmp_path: Path) -> None:
    path = tmp_path / "scan.txt"
    for capability, security in (("ESS (0x0001)", "open"), ("ESS Privacy (0x0011)", "wep")):
        path.write_text(f"BSS 02:00:00:00:10:01(on wlan0) -- associated\n\tcapability: {capability}\n\tSSID: Elm\n")
        assert facts(collect("host-wifi", path), ELM)["security"] == security


def test_iw_link_alone_does_not_tell_the_encryption() -> None:
    items = collect("host-wifi", SAVED / "iw-link.txt")
    assert "security" not in facts(items, ELM)
    assert "iw link" in gap(items, "wifi.security").reason


def test_netsh_tells_what_was_agreed_on_which_is_not_all_that_is_admitted() -> None:
    assert facts(collect("host-wifi", SAVED / "netsh-en.txt"), ELM)["security"] == "wpa2_wpa3"
    german = collect("host-wifi", SAVED / "netsh-de.txt")
    assert "security" not in facts(german, ELM)
    assert "admit weaker" in gap(german, "wifi.security").reason


@pytest.mark.parametrize(
    ("authentication", "cipher", "security"),
    [("Open", "None", "open"), ("Open", "WEP", "wep"), ("WPA-Personal", "TKIP", "wpa"), ("WPA3-Enterprise", "CCMP",
      "enterprise"), ("OWE", "CCMP", "owe")],
)  # fmt: skip
def test_what_netsh_proves_is_claimed(tmp_path: Path, authentication: str, cipher: str, security: str) -> None:
    path = saved(tmp_path, "netsh-en.txt", ("WPA3-Personal", authentication), (": CCMP", f": {cipher}"))
    known = facts(collect("host-wifi", path), ELM)
    assert known["security"] == security
    assert known.get("tkip") == (True if cipher == "TKIP" else None)


def test_words_of_another_language_are_told_as_such(tmp_path: Path) -> None:
    path = saved(tmp_path, "netsh-de.txt", ("WPA2-Personal", "Offen"), ("CCMP", "Keine"))
    assert "language" in gap(collect("host-wifi", path), "wifi.security").reason


def test_a_console_code_page_is_read_and_a_garbled_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "netsh.txt"
    text = (SAVED / "netsh-de.txt").read_text()
    path.write_bytes(text.encode("cp850"))
    assert facts(collect("host-wifi", path), ELM)["name"] == "Elm"
    path.write_bytes(text.replace(": Elm", ": Türme").encode("cp850"))
    items = collect("host-wifi", path)
    assert "garbles" in gap(items, "wifi.name").reason
    path.write_bytes(text.replace(": Elm", ": Türme").encode("utf-16"))
    assert facts(collect("host-wifi", path), "wifi:host-wifi:Türme")["name"] == "Türme"


def test_a_redacted_name_is_a_gap_and_the_encryption_still_counts(tmp_path: Path) -> None:
    items = collect("host-wifi", SAVED / "wdutil.txt")
    assert "location permission" in gap(items, "wifi.name").settle
    assert facts(items, "wifi:host-wifi:connected")["security"] == "wpa_wpa2"
    shown = saved(
        tmp_path, "wdutil.txt", ("SSID                 : <redacted>\n    B", "SSID                 : Elm\n    B")
    )
    assert facts(collect("host-wifi", shown), ELM)["security"] == "wpa_wpa2"


@pytest.mark.parametrize("text", ["Not connected.\n", "IN-USE: \nSSID: Elm\nSECURITY: WPA2\n"])
def test_a_computer_without_wifi_is_a_gap(tmp_path: Path, text: str) -> None:
    path = tmp_path / "out.txt"
    path.write_text(text)
    assert "connected to no Wi-Fi" in gap(collect("host-wifi", path), "wifi.security").reason


@pytest.mark.parametrize("content", [b"", b"hello", b"\0\1\2"])
def test_output_of_something_else_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "out.txt"
    path.write_bytes(content)
    with pytest.raises(ReadError):
        collect("host-wifi", path)


def command(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_live_the_first_command_that_answers_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="none of nmcli, iw, netsh and wdutil"):
        collect("host-wifi", None)
    command(
        tmp_path,
        "iw",
        'case "$*" in dev) echo "	Interface wlan0";; *) while read -r l; do echo "$l"; done < /dev/null;; esac',
    )
    with pytest.raises(SourceError, match="no Wi-Fi interface"):
        collect("host-wifi", None)
    scan = SAVED / "iw-scan.txt"
    command(tmp_path, "iw", f'case "$*" in dev) echo "	Interface wlan0";; *) /bin/cat {scan};; esac')
    items = collect("host-wifi", None)
    assert facts(items, ELM)["pmf"] == "off"
    assert {item.grade for item in items if isinstance(item, Claim)} == {Grade.OBSERVED}
    command(tmp_path, "nmcli", f"/bin/cat {SAVED / 'nmcli-multiline.txt'}")
    assert places(collect("host-wifi", None), ELM)["security"].startswith("nmcli:")


def test_a_command_that_never_answers_is_told_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(host_wifi, "TIMEOUT_S", 0.2)
    command(tmp_path, "nmcli", "exec /bin/sleep 30")
    began = time.monotonic()
    with pytest.raises(SourceError, match="did not answer"):
        collect("host-wifi", None)
    assert time.monotonic() - began < 5


PIECES = st.sampled_from(
    [
        "BSS 02:00:00:00:10:01",
        "\n",
        "\t",
        "SSID: x",
        "RSN:\t * Version: 1",
        "\t\t * Capabilities: MFP-capable",
        "-- associated",
        "IN-USE:*",
        "SECURITY:WPA2",
        "IN-USE SSID SECURITY",
        "* Elm WPA2",
        "    SSID   : a",
        "    BSSID : b",
        "Op Mode : STA",
        "Security : none",
        " : ",
        "Connected to 02:00:00:00:10:01",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_output_gives_items_or_one_clear_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz-wifi.txt"
    path.write_text(text)
    try:
        collect("host-wifi", path)
    except NightlatchError as error:
        assert "fuzz-wifi.txt" in str(error)


def test_millions_of_blank_lines_are_refused_in_time(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("\n" * 3_000_000)
    with pytest.raises(ReadError, match="is not the output"):
        collect("host-wifi", path)
