"""A whole audit: from a configuration to its document."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from nightlatch.audit.run import audit
from nightlatch.configuration.read import parse
from nightlatch.errors import ConfigurationError
from nightlatch.model.document import Audit
from nightlatch.model.finding import Verdict
from nightlatch.practices.registry import practices

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

BASE = """\
[home]
name = "Elm"
timezone = "Europe/Berlin"

[[doors]]
id = "front"
exterior = true

[[locks]]
id = "front"
door = "front"
model = "Yale YRD450"
"""


def run(text: str, folder: Path, profile: str = "") -> Audit:
    return audit(parse(text, folder / "nightlatch.toml"), now=NOW, env={}, profile=profile)


def test_a_home_of_which_little_is_known_is_mostly_unknown_and_never_passes_by_silence(tmp_path: Path) -> None:
    result = run(BASE, tmp_path)
    assert {item.practice for item in result.findings} == {practice.id for practice in practices()}
    for finding in result.findings:
        if finding.verdict in (Verdict.PASS, Verdict.FAIL):
            assert finding.evidence
        if finding.verdict is Verdict.UNKNOWN:
            assert finding.summary
            assert finding.settled_by
            assert finding.fix is not None
    assert result.coverage is not None
    assert result.coverage < 0.2


def test_the_minimal_profile_judges_only_its_practices(tmp_path: Path) -> None:
    result = run(BASE, tmp_path, profile="minimal")
    assert result.profile == "minimal"
    assert {item.practice for item in result.findings} == {
        "strong-passwords",
        "two-factor",
        "least-privilege",
        "unused-features",
        "segregated-network",
        "wifi-security",
        "updates",
        "activity-alerts",
    }


def test_a_profile_of_the_owners_may_loosen_a_threshold_and_the_report_says_so(tmp_path: Path) -> None:
    limits = [limit for practice in practices() for limit in practice.thresholds if limit.stricter == "lower"]
    limit = limits[0]
    (tmp_path / "mine.toml").write_text(
        f'name = "mine"\ntitle = "Mine"\npractices = ["*"]\n[thresholds]\n"{limit.path}" = {limit.default * 2}\n'
    )
    result = run(BASE, tmp_path, profile="mine.toml")
    assert any(f"{limit.default * 2:g} instead of {limit.default:g}" in note for note in result.profile_notes)


def test_an_unknown_profile_practice_or_threshold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match='Did you mean "minimal"'):
        run(BASE, tmp_path, profile="minimum")
    (tmp_path / "bad.toml").write_text('name = "x"\ntitle = "x"\npractices = ["upmp"]\n')
    with pytest.raises(ConfigurationError, match='Did you mean "upnp"'):
        run(BASE, tmp_path, profile="bad.toml")


@pytest.mark.parametrize(
    ("waiver", "told"),
    [
        ('practice = "upmp"\nreason = "r"\nuntil = 2027-01-01', 'Did you mean "upnp"'),
        ('practice = "upnp"\ncheck = "of"\nreason = "r"\nuntil = 2027-01-01', "no check"),
        ('practice = "upnp"\nreason = " "\nuntil = 2027-01-01', "needs a reason"),
        ('practice = "upnp"\nuntil = 2027-01-01', "reason"),
        ('practice = "upnp"\nreason = "r"', "until"),
    ],
)
def test_a_waiver_needs_an_existing_practice_a_reason_and_an_end(tmp_path: Path, waiver: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        run(f"{BASE}\n[[waivers]]\n{waiver}\n", tmp_path)


def test_a_source_whose_secret_is_missing_fails_alone(tmp_path: Path) -> None:
    text = BASE + '\n[[sources]]\nkind = "bitwarden"\npath = "vault.json"\npassword = "env:NOT_SET"\n'
    result = run(text, tmp_path)
    failed = result.sources[1]
    assert (failed.id, failed.status) == ("bitwarden", "failed")
    assert "NOT_SET is not set" in failed.reason
    assert any("bitwarden" in item.summary for item in result.findings if item.practice == "two-factor")


def test_an_unknown_kind_or_setting_of_a_source_is_refused_at_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nightlatch\.toml:15.*Did you mean \"openwrt\""):
        run(BASE + '\n[[sources]]\nkind = "openwr"\n', tmp_path)
    with pytest.raises(ConfigurationError, match=r"nightlatch\.toml:16: unknown key 'pth'.*\"path\""):
        run(BASE + '\n[[sources]]\nkind = "openwrt"\npth = "x"\n', tmp_path)


def test_two_sources_of_a_kind_each_have_an_id_of_their_own(tmp_path: Path) -> None:
    text = BASE + '\n[[sources]]\nkind = "openwrt"\npath = "a"\n\n[[sources]]\nkind = "openwrt"\npath = "b"\n'
    assert [source.id for source in run(text, tmp_path).sources] == ["declared", "openwrt-1", "openwrt-2"]
    with pytest.raises(ConfigurationError, match="two sources have the id"):
        run(text.replace("path", 'id = "same"\npath'), tmp_path)


def test_imported_records_that_cannot_be_read_are_a_failed_source(tmp_path: Path) -> None:
    result = run(BASE + '\n[catalogue]\nimports = ["cve:none.json"]\n', tmp_path)
    assert [(source.kind, source.status) for source in result.sources][-1] == ("catalogue", "failed")
    with pytest.raises(ConfigurationError, match="is not kind:path"):
        run(BASE + '\n[catalogue]\nimports = ["none.json"]\n', tmp_path)


def test_the_json_document_is_the_published_schema(tmp_path: Path) -> None:
    result = run(BASE, tmp_path)
    document = json.loads(msgspec.json.encode(result))
    assert document["schema"] == "nightlatch.audit/1"
    assert set(document) >= {"home", "at", "profile", "score", "coverage", "worst", "sections", "sources", "findings"}
    assert set(document["sections"][0]) >= {"id", "score", "coverage"}
    assert set(document["sources"][0]) >= {"kind", "id", "status", "facts", "reason"}
    wanted = "practice check section subject verdict severity summary why"
    wanted += " evidence contradicts settled_by fix standards waiver"
    for finding in document["findings"]:
        assert set(finding) >= set(wanted.split())
        for fact in finding["evidence"]:
            assert set(fact) >= {"fact", "value", "grade", "source", "at"}
    again = msgspec.json.decode(msgspec.json.encode(result), type=Audit)
    assert msgspec.json.encode(again) == msgspec.json.encode(result)


def test_the_schema_file_is_the_one_that_the_code_writes() -> None:
    path = Path(__file__).parents[3] / "docs" / "audit-schema-1.json"
    schema = json.loads(msgspec.json.encode(msgspec.json.schema(Audit)))
    assert json.loads(path.read_text("utf-8")) == schema, "run: make docs"


def test_a_code_that_was_removed_does_not_live_on_in_an_answer(tmp_path: Path) -> None:
    about = "credential:zigbee2mqtt:0x000d6f0011223344/1"
    answer = f'[[answers]]\nabout = "{about}"\nfact = "ends"\nvalue = 2026-01-01\non = 2025-12-01\n'
    result = run(f"{BASE}\n{answer}", tmp_path)
    assert not [thing for thing in result.things if thing.kind == "credential"]
    assert not [item for item in result.findings if item.practice == "least-privilege" and item.verdict is Verdict.FAIL]
    assert about in result.sources[0].reason
