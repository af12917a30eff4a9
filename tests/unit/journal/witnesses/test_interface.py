"""`[[journal.witnesses]]`: made as they are written, and every error names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightlatch.configuration.read import parse
from nightlatch.errors import ConfigurationError, SecretError
from nightlatch.journal.cosigning import Cosigner
from nightlatch.journal.notes import Signer
from nightlatch.journal.witnesses.file import File
from nightlatch.journal.witnesses.interface import Witness, kinds, make
from nightlatch.journal.witnesses.mqtt import Mqtt
from nightlatch.journal.witnesses.nightlatch import Nightlatch

KEY = Cosigner(Signer("witness", bytes(32))).verifier.text


def made(text: str, folder: Path, env: dict[str, str] | None = None) -> list[Witness]:
    return make(parse(text, folder / "nightlatch.toml"), env=env or {})


def test_every_kind_is_found_and_made_with_its_settings(tmp_path: Path) -> None:
    found = made(
        f"""\
[[journal.witnesses]]
kind = "file"
path = "usb/checkpoints"

[[journal.witnesses]]
kind = "mqtt"
id = "hall"
url = "mqtt://broker.lan"
username = "nightlatch"
password = "env:BROKER"
every_s = 600

[[journal.witnesses]]
kind = "nightlatch"
url = "http://192.168.1.9:5625/witness"
key = "{KEY}"
""",
        tmp_path,
        {"BROKER": "hunter2"},
    )
    assert kinds() == ("file", "mqtt", "nightlatch")
    assert [type(one) for one in found] == [File, Mqtt, Nightlatch]
    assert [one.id for one in found] == ["file", "hall", "nightlatch"]
    assert [one.where for one in found] == [
        str(tmp_path / "usb/checkpoints"),
        "mqtt://broker.lan:1883",
        "http://192.168.1.9:5625/witness",
    ]
    assert [one.settings.every_s for one in found] == [60, 600, 60]
    assert "hunter2" not in repr(found[1].settings)


def test_without_witnesses_there_are_none(tmp_path: Path) -> None:
    assert made("", tmp_path) == []


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        ('kind = "fiel"\npath = "x"', 3, 'Did you mean "file"'),
        ('path = "x"', 2, 'missing key "kind"'),
        ('kind = "file"\npaht = "x"', 4, 'Did you mean "path"'),
        ('kind = "file"', 2, "missing key"),
        ('kind = "file"\npath = "x"\nevery_s = 0', 5, "at least 1"),
        ('kind = "mqtt"\nurl = "http://x"', 2, "must look like"),
        ('kind = "nightlatch"\nurl = "http://x"\nkey = "x"', 2, "is no public key"),
        ('kind = "interface"', 3, "no witness of kind"),
    ],
)
def test_what_cannot_be_is_refused_with_file_line_and_what_to_write(
    tmp_path: Path, lines: str, line: int, what: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        made(f"[home]\n[[journal.witnesses]]\n{lines}\n", tmp_path)
    assert what in str(caught.value)
    assert caught.value.where == f"{tmp_path / 'nightlatch.toml'}:{line}"


def test_two_witnesses_of_one_id_and_a_missing_secret_are_refused(tmp_path: Path) -> None:
    table = '[[journal.witnesses]]\nkind = "file"\nid = "a"\npath = "x"\n'
    with pytest.raises(ConfigurationError, match="two witnesses have the id 'a'"):
        made(table * 2, tmp_path)
    with pytest.raises(SecretError, match="BROKER is not set"):
        made('[[journal.witnesses]]\nkind = "mqtt"\nurl = "mqtt://x"\npassword = "env:BROKER"\n', tmp_path)
