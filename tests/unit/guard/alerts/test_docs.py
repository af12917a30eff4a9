"""The page on alerts tells the truth: its examples are read as it says."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from nightlatch.cli import alerts as commands
from nightlatch.configuration import guarding
from nightlatch.configuration.read import parse
from nightlatch.guard.alerts.rules import read_rules

PAGE = (Path(__file__).parents[4] / "docs" / "alerts.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
AROUND = """
[[doors]]
id = "front"
[[doors]]
id = "back"
[[people]]
id = "ana"
"""


def test_all_examples_together_are_a_configuration_that_is_read() -> None:
    assert len(EXAMPLES) >= 4
    env = dict.fromkeys(re.findall(r'"env:(\w+)"', PAGE), "json://127.0.0.1")
    text = "\n".join(one.replace("file:", "env:") for one in EXAMPLES)
    env |= dict.fromkeys(re.findall(r'"env:(\S+)"', text), "json://127.0.0.1")
    rules = read_rules(parse(f"{text}\n{AROUND}", Path("nightlatch.toml")), env)
    assert rules.channels
    assert rules.notices
    assert rules.stages
    assert rules.quiet
    assert rules.digest


@pytest.mark.parametrize("name", ["ChannelTable", "QuietTable", "NoticeTable", "EscalationTable", "DigestTable"])
def test_every_setting_is_described(name: str) -> None:
    for field in msgspec.structs.fields(getattr(guarding, name)):
        assert f"`{field.encode_name}`" in PAGE, f"{name}.{field.encode_name}"


def test_every_setting_of_the_whole_is_described() -> None:
    for field in msgspec.structs.fields(guarding.AlertsTable):
        assert field.encode_name in PAGE, field.encode_name


def test_every_command_is_named() -> None:
    for command in commands.app.registered_commands:
        name = command.name or command.callback.__name__  # type: ignore[union-attr]
        assert f"nightlatch alerts {name}" in PAGE, name
