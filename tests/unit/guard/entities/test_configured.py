"""The table [entities] of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightlatch.configuration.read import parse
from nightlatch.errors import ConfigurationError
from nightlatch.guard.entities.configured import publisher

WHERE = Path("/home/ana/nightlatch.toml")


def made(text: str, **env: str) -> object:
    return publisher(parse(text, WHERE), env)


def test_without_the_table_nothing_is_shown() -> None:
    assert made("") is None


def test_a_broker_is_enough() -> None:
    assert made('[entities]\nurl = "mqtt://192.168.1.5"') is not None


def test_a_password_is_had_from_where_it_is_kept() -> None:
    table = '[entities]\nurl = "mqtts://broker.lan"\nusername = "nl"\npassword = "env:BROKER"'

    assert made(table, BROKER="secret") is not None


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ("", ':1: entities: missing key "url".'),
        ('url = "http://h"', ':2: the url must look like "mqtt://192.168.1.5:1883" or "mqtts://broker.lan:8883".'),
        ('url = "mqtt://a:zq81@h"', ':2: the url may not hold a user or password: set "username" and "password".'),
        ('url = "mqtt://h"\ntopic = "a/#"', ":3: 'a/#' cannot be a topic. Use letters, digits"),
        ('url = "mqtt://h"\ntopik = "a"', ":3: unknown key 'topik'. Did you mean \"topic\"?"),
        ('url = "mqtt://h"\ndiscovery_prefix = ""', ":3: '' cannot be a topic. Use letters, digits"),
        ('url = "mqtt://h"\npassword = "env:P"', ':3: "password" needs "username".'),
        ('url = "mqtt://h"\nusername = "a"\npassword = "env:P"', ":4: the environment variable P is not set. Set P."),
        ('url = "mqtt://h"\nusername = "a"\npassword = "zq81"', ":4: a secret may not stand in the configuration."),
        ('url = 7', ":2: url: expected text, got a whole number."),
    ],
)  # fmt: skip
def test_what_cannot_work_is_said_with_its_line(table: str, error: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        made(f"[entities]\n{table}")

    assert str(raised.value).startswith(f"{WHERE}{error}")
    assert "zq81" not in str(raised.value)
