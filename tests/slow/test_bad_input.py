"""Every kind that reads files, and every catalogue import, on bad ones: one clear error each, and the audit completes.

Each test is one run of the program on a configuration that holds a source for each bad file, all asked at once,
and one good source. The limits on the run's memory and time are what stops it should a bound not hold.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nightlatch import plugs
from nightlatch.catalogue.imports import KINDS as IMPORTS
from nightlatch.model.document import Audit
from tests.slow import hostile
from tests.slow.hostile import Maker
from tests.slow.planted import FILES, LIVE, SAMPLE, Secrets, keepass, sealed_bitwarden

MIB = 1024 * 1024
MEMORY = 1536 * MIB
"""Resident memory that all sources of a run may take together."""
ADDRESSES = 8 * 1024 * MIB
SECONDS = 120

BESIDE: Mapping[str, Mapping[str, Maker]] = {
    "1password": hostile.ZIP,
    "bitwarden": {
        "greedy": hostile.greedy_export,
        "wrong-password": lambda path: sealed_bitwarden(path, Secrets()),
    },
    "keepass": {"greedy": hostile.greedy_kdbx, "wrong-password": lambda path: keepass(path, Secrets())},
    "openwrt": hostile.TAR,
    "pihole": hostile.SQLITE,
}
"""Bad files that only one kind could take for its own."""
INSIDE: Mapping[str, tuple[str, ...]] = {
    "homeassistant": (
        *("configuration.yaml", ".HA_VERSION", ".storage/auth", ".storage/auth_module.totp", ".storage/http"),
        *(".storage/core.entity_registry", ".storage/core.device_registry", ".storage/core.analytics"),
        *(".storage/core.config", ".storage/cloud", ".storage/homeassistant.exposed_entities", "secrets.yaml"),
    ),
    "openwrt": ("etc/config/network", "etc/config/wireless", "etc/shadow", "etc/board.json", "etc/nftables.d/own.nft"),
    "zigbee2mqtt": (
        *("configuration.yaml", "secret.yaml", "database.db", "state.json", "coordinator_backup.json"),
        *("mosquitto.conf", "acl", "log/2026/log.log"),
    ),
}
"""Of kinds that read folders: the files in them."""
FEW = ("folder", "noise", "latin-1", "short-lines", "brackets", "surrogates", "aliases", "hole", "pipe")
UNNAMED = frozenset(("log/2026/log.log", "acl", "etc/shadow", "secrets.yaml", "secret.yaml", "etc/nftables.d/own.nft"))
"""Files that may hold anything, or that no error names because the name came from a setting that may be a secret."""


class Run:
    """What one run of the program on bad sources came to."""

    def __init__(self, folder: Path, tables: str) -> None:
        Path(folder, "nightlatch.toml").write_text(
            '[[doors]]\nid = "front"\n[[locks]]\nid = "front"\ndoor = "front"\n'
            f'[[sources]]\nkind = "zigbee2mqtt"\nid = "good"\ndata = "{SAMPLE / "zigbee2mqtt"}"\n{tables}'
        )
        command = [sys.executable, "-m", "nightlatch", "audit", "--no-store", "--format", "json", "--fail-on", "never"]
        command += ["--config", str(folder / "nightlatch.toml")]
        out, err = folder / "out", folder / "err"
        begun = time.monotonic()
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                ["sh", "-c", f'ulimit -v {ADDRESSES // 1024}; exec "$@"', "sh", *command],
                stdout=stdout,
                stderr=stderr,
                env={**os.environ, "WRONG": "not the password", "MALLOC_ARENA_MAX": "2"},
            )
            status, usage = self._wait(process, begun + SECONDS)
        assert err.read_text() == ""
        assert os.waitstatus_to_exitcode(status) == 0
        assert usage.ru_maxrss * 1024 < MEMORY
        self.audit = msgspec.json.decode(out.read_bytes(), type=Audit)
        self.states = {source.id: source for source in self.audit.sources}
        assert self.states.pop("declared").status == "ok"
        good = self.states.pop("good")
        assert (good.status, good.facts > 30) == ("partial", True), "the good source suffered"
        assert {finding.practice for finding in self.audit.findings} > {"upnp", "encryption", "updates"}

    @staticmethod
    def _wait(process: subprocess.Popen[bytes], until: float) -> tuple[int, resource.struct_rusage]:
        while time.monotonic() < until:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = status
                return status, usage
            time.sleep(0.02)
        process.kill()
        process.wait()
        pytest.fail(f"the audit did not end within {SECONDS} s")

    def none_broke(self) -> None:
        """Every reason is a clear sentence of ours, neither a defect nor the end of the time."""
        for id_, state in self.states.items():
            assert "broke on what it read" not in state.reason, f"{id_}: {state.reason}"
            assert "did not finish" not in state.reason, f"{id_}: {state.reason}"
            assert len(state.reason) < 900, f"{id_}: {state.reason}"
            assert "\n" not in state.reason

    def each_tells(self, named: Mapping[str, str]) -> None:
        """Every one of these sources, by id, failed or told only a part, with its file in the reason."""
        self.none_broke()
        for id_, file in named.items():
            state = self.states[id_]
            assert state.status in ("failed", "partial"), f"{id_}: {state}"
            assert file in state.reason, f"{id_}: {state.reason}"


def table(kind: str, id_: str, path: Path) -> str:
    password = 'password = "env:WRONG"\n' if kind in ("keepass", "bitwarden") else ""
    setting = FILES[kind][0]
    return f'[[sources]]\nkind = "{kind}"\nid = "{id_}"\n{setting} = \'{path}\'\n{password}'


def test_every_kind_and_import_is_in_the_table() -> None:
    assert set(plugs.kinds()) - {"declared", "simulated"} == FILES.keys() | LIVE
    assert set(IMPORTS) == IMPORTED


@pytest.mark.parametrize("kind", FILES)
def test_bad_files_fail_alone_each_with_its_name(kind: str, tmp_path: Path) -> None:
    tables, named = "", {}
    for name, make in {**hostile.ANYWHERE, **BESIDE.get(kind, {})}.items():
        path = tmp_path / f"bad-{name}"
        make(path)
        tables += table(kind, name, path)
        named[name] = f"bad-{name}"
    run = Run(tmp_path, tables)
    run.each_tells(named)
    assert {state.status for state in run.states.values()} == {"failed"}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_cut_off_gives_what_it_has_or_one_error(kind: str, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    FILES[kind][1](whole, Secrets())
    tables = ""
    for percent in (1, 10, 40, 70):
        path = tmp_path / f"cut-{percent}"
        shutil.copytree(whole, path) if whole.is_dir() else shutil.copy(whole, path)
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.is_file():
                os.truncate(file, file.stat().st_size * percent // 100)
        tables += table(kind, f"cut-{percent}", path)
    run = Run(tmp_path, tables)
    run.none_broke()
    if kind in ("1password", "bitwarden", "keepass", "openwrt", "opnsense", "pfsense"):
        assert {state.status for state in run.states.values()} == {"failed"}


@pytest.mark.parametrize("kind", INSIDE)
def test_a_bad_file_in_a_folder_costs_only_what_it_would_have_told(kind: str, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    if kind == "openwrt":
        origin = SAMPLE / "router"
    else:
        FILES[kind][1](origin, Secrets())
    tables, named = "", {}
    for number, file in enumerate(INSIDE[kind]):
        for name in FEW:
            id_ = f"{number}-{name}"
            hostile.folder_of(origin, file, hostile.ANYWHERE[name])(tmp_path / id_)
            tables += table(kind, id_, tmp_path / id_)
            if file not in UNNAMED and name in ("noise", "latin-1"):
                named[id_] = file.rpartition("/")[2]
    Run(tmp_path, tables).each_tells(named)


IMPORTED = frozenset(("cve", "nvd", "csaf", "osv", "zwave-config", "zigbee-ota", "zwave-firmware"))


@pytest.mark.parametrize("kind", sorted(IMPORTED))
def test_bad_records_for_the_catalogue_fail_alone_each_with_their_name(kind: str, tmp_path: Path) -> None:
    references: list[Any] = []
    for name, make in {**hostile.ANYWHERE, **hostile.TAR, **hostile.ZIP}.items():
        ending = ".tar" if name in hostile.TAR else ".zip" if name in hostile.ZIP else ".json"
        make(tmp_path / f"bad-{name}{ending}")
        references.append(f"{kind}:bad-{name}{ending}")
    run = Run(tmp_path, f"[catalogue]\nimports = {json.dumps(references)}\n")
    run.each_tells({f"catalogue {one}": one.partition(":")[2].partition(".")[0] for one in references})
