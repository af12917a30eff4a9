from __future__ import annotations

import configparser

from nightlatch.service.unit import unit


def parsed(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_the_unit_runs_this_installation_with_this_configuration_and_is_watched() -> None:
    service = parsed(unit("/opt/nightlatch/bin/nightlatch", "/etc/nightlatch/nightlatch.toml"))["Service"]
    assert service["ExecStart"] == "/opt/nightlatch/bin/nightlatch run --log-format json"
    assert service["Environment"].endswith("NIGHTLATCH_CONFIG=/etc/nightlatch/nightlatch.toml")
    assert service["Type"] == "notify"
    assert service["StateDirectoryMode"] == "0700"
    assert int(service["WatchdogSec"]) > 0
    assert service["NoNewPrivileges"] == "yes"


def test_a_path_with_blanks_and_percent_signs_reaches_systemd_as_it_is() -> None:
    service = parsed(unit("/home/ana/my 100% own/nightlatch", "/c.toml"))["Service"]
    assert service["ExecStart"] == '"/home/ana/my 100%% own/nightlatch" run --log-format json'
