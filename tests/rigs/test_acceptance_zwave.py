"""Line 3: four Z-Wave locks, joined in four ways; a lockout read from parameters; a default PIN found and not told."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import zlib
from pathlib import Path

import pytest

from rigs.launch import install_debian
from rigs.zwave.client import connect
from rigs.zwave.rig import ZwaveRig
from tests.rigs.owner import Owner, Report, known, steps
from tests.rigs.zwave import DEFAULT_OF_KWIKSET, KWIKSET, OTHER_PIN, YALE, holds, planted, set_at_the_lock

pytestmark = pytest.mark.rig

HOUSE = """
[[doors]]
id = "front"
name = "Front door"
exterior = true

[[locks]]
id = "front"
name = "Front door lock"
door = "front"
bind = ["zwavejs:3"]

[[locks]]
id = "garage"
name = "Garage lock"
bind = ["zwavejs:4"]

[[locks]]
id = "cellar"
name = "Cellar lock"
bind = ["zwavejs:5"]

[[sources]]
kind = "zwavejs"
"""
LINKS = {
    "lock:zwavejs:2": ("pass", "critical", "s2_access_control", 2),
    "lock:front": ("pass", "critical", "s2_authenticated", 3),
    "lock:garage": ("fail", "high", "s0", 4),
    "lock:cellar": ("fail", "critical", "none", 5),
}


@pytest.fixture
def at_home(owner: Owner, zwave_rig: ZwaveRig) -> Owner:
    owner.configure(f'{HOUSE}url = "{zwave_rig.url}"\n')
    return owner


def test_four_locks_have_four_encryption_verdicts_with_observed_evidence(at_home: Owner) -> None:
    report = at_home.audit()
    for subject, (verdict, severity, security, node) in LINKS.items():
        finding = report.finding("encryption/radio-link", subject)
        assert (finding["verdict"], finding["severity"]) == (verdict, severity)
        assert known(finding["evidence"]) == [("security", security, "observed", "zwavejs")]
        assert finding["evidence"][0]["where"] == f"node {node}, highestSecurityClass"
        assert ("S2 Access Control" in steps(finding)) if verdict == "fail" else finding["fix"] is None
    summaries = {report.finding("encryption/radio-link", subject)["summary"] for subject in LINKS}
    assert len(summaries) == 4


async def test_a_lockout_that_comes_too_late_is_read_from_the_parameters_and_passes_once_set_as_told(
    at_home: Owner, zwave_rig: ZwaveRig
) -> None:
    with set_at_the_lock(zwave_rig, YALE, 4, 10), set_at_the_lock(zwave_rig, YALE, 7, 20):
        finding = at_home.audit().finding("tamper-resistance/lockout", "lock:front")
        assert (finding["verdict"], finding["severity"]) == ("fail", "high")
        assert known(finding["evidence"]) == [
            ("wrong_code_limit", 10, "observed", "zwavejs"),
            ("wrong_code_lockout_s", 20, "observed", "zwavejs"),
        ]
        assert [one["where"] for one in finding["evidence"]] == [
            "node 3, parameter 4 (Wrong Code Limit)",
            "node 3, parameter 7 (Wrong Code Lockout Time)",
        ]
        told = re.findall(r"node (\d+), configuration: set parameter (\d+) \(.*\) to (\d+)", steps(finding))
        assert told == [("3", "4", "5"), ("3", "7", "60")]
        async with connect(zwave_rig.url) as server:
            for node, parameter, value in told:
                where = {"commandClass": 112, "endpoint": 0, "property": int(parameter)}
                await server.ask("node.set_value", nodeId=int(node), valueId=where, value=int(value))
        finding = at_home.audit().finding("tamper-resistance/lockout", "lock:front")
        assert (finding["verdict"], [one["value"] for one in finding["evidence"]]) == ("pass", [5, 60])


def default_codes(report: Report) -> dict[str, str]:
    return report.verdicts("default-credentials/no-default-code")


def test_a_planted_default_pin_is_found_in_its_slot_and_passes_once_changed(
    at_home: Owner, zwave_rig: ZwaveRig
) -> None:
    with planted(zwave_rig, KWIKSET, 2, DEFAULT_OF_KWIKSET):
        finding = at_home.audit().finding("default-credentials/no-default-code", "credential:zwavejs:4/2")
    assert (finding["verdict"], finding["severity"], finding["label"]) == ("fail", "critical", "Code 2 on Garage lock")
    assert ("default", True, "observed", "zwavejs") in known(finding["evidence"])
    assert {one["where"] for one in finding["evidence"]} == {"node 4, user code slot 2"}
    assert "node 4 > User Code > slot 2" in steps(finding)
    with planted(zwave_rig, KWIKSET, 2, OTHER_PIN):
        assert default_codes(at_home.audit()) == {"credential:zwavejs:4/2": "pass"}


def test_no_pin_is_in_any_output_or_file(at_home: Owner, zwave_rig: ZwaveRig) -> None:
    forms = ("html", "pdf", "md", "json")
    with planted(zwave_rig, KWIKSET, 2, DEFAULT_OF_KWIKSET), planted(zwave_rig, YALE, 7, OTHER_PIN):
        at_home.audit()
        at_home.report(*(word for form in forms for word in ("-o", f"report.{form}")))
        at_home.run("checklist", "-c", "nightlatch.toml")
        at_home.run("sources", "-c", "nightlatch.toml")
    looked_at = {path.name: readable(path) for path in at_home.files()}
    assert {"stdout", "stderr", "nightlatch.db", *(f"report.{form}" for form in forms)} <= looked_at.keys()
    for name, text in looked_at.items():
        # That the slot is there shows that the PIN would have been seen, had it been there.
        assert "Code 2 on Garage lock" in text or name in ("stderr", "nightlatch.toml"), name
        assert not holds(text, DEFAULT_OF_KWIKSET), name
        assert not holds(text, OTHER_PIN), name


def readable(path: Path) -> str:
    """All text of a file: a PDF's is set in glyphs, a kept audit is packed."""
    text = path.read_bytes().decode("latin-1")
    if path.suffix == ".pdf":
        install_debian("poppler-utils", there=shutil.which("pdftotext") is not None)
        command = ["pdftotext", str(path), "-"]
        text += " ".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    if path.suffix == ".db":
        with sqlite3.connect(path) as database:
            kept = database.execute("SELECT document FROM audits").fetchall()
        text += " ".join(zlib.decompress(document).decode() for (document,) in kept)
    return text
