from __future__ import annotations

from collections.abc import Callable

import pytest

from nightlatch.fixes import accounts, hubs
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.people import Account
from tests.unit.practices.builder import home, make

FixOfHub = Callable[[Hub, Home], Fix]
EVERY: tuple[FixOfHub, ...] = (
    hubs.private_network_key,
    hubs.encrypt_mqtt,
    hubs.refuse_anonymous_mqtt,
    hubs.restrict_mqtt,
    hubs.ask_sign_in,
    hubs.protect_frontend,
    hubs.require_sign_in_everywhere,
    hubs.rename_hub,
    hubs.fewer_admins,
    hubs.close_joining,
    hubs.close_remote_access,
    hubs.leave_cloud,
    hubs.hide_from_voice,
    hubs.update_hub,
    hubs.stop_analytics,
    hubs.close_files,
    hubs.hide_stored_pins,
)


def fix(maker: FixOfHub, software: str) -> Fix:
    hub = make(Hub, "hub", software=software)
    return maker(hub, home(hub))


@pytest.mark.parametrize("maker", EVERY)
@pytest.mark.parametrize("software", ["zwave-js", "zigbee2mqtt", "matter-server", "homeassistant", "another"])
def test_every_hub_gets_steps(maker: FixOfHub, software: str) -> None:
    found = fix(maker, software)
    assert found.summary.endswith(".") and found.steps and all(found.steps)


@pytest.mark.parametrize(
    ("maker", "software", "words"),
    [
        (hubs.ask_sign_in, "zwave-js", "--host 127.0.0.1"),
        (hubs.ask_sign_in, "matter-server", "--listen-address 127.0.0.1"),
        (hubs.protect_frontend, "zigbee2mqtt", "frontend.auth_token"),
        (hubs.fewer_admins, "homeassistant", "Settings > People > Users"),
        (hubs.close_remote_access, "homeassistant", "Remote control"),
        (hubs.leave_cloud, "homeassistant", "Sign out"),
        (hubs.stop_analytics, "homeassistant", "Analytics"),
        (hubs.stop_analytics, "zwave-js", "disable_statistics"),
        (hubs.hide_stored_pins, "zigbee2mqtt", "expose_pin: false"),
        (hubs.hide_stored_pins, "homeassistant", "Default code"),
        (hubs.update_hub, "zwave-js", "npm install zwave-js@latest"),
    ],
)
def test_a_step_names_the_hubs_own_setting(maker: FixOfHub, software: str, words: str) -> None:
    assert any(words in step for step in fix(maker, software).steps)


@pytest.mark.parametrize(
    ("software", "automatic"), [("zigbee2mqtt", True), ("zwave-js", True), ("homeassistant", False)]
)
def test_joining_is_closed_by_nightlatch_where_it_can(software: str, automatic: bool) -> None:
    assert fix(hubs.close_joining, software).automatic is automatic


def test_files_that_others_can_read_are_named_and_a_name_cannot_smuggle_in_a_command() -> None:
    hub = make(Hub, "hub", open_files=("secret.yaml", "a;reboot"))
    step = hubs.close_files(hub, home(hub)).steps[0]
    assert step.endswith("chmod 600 secret.yaml 'a;reboot'")


def test_the_locks_that_are_offered_to_voice_are_named() -> None:
    hub = make(Hub, "ha", software="homeassistant", voice_exposed=("lock.front (alexa)",))
    assert "lock.front (alexa)" in hubs.hide_from_voice(hub, home(hub)).steps[0]


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("homeassistant", "your profile"),
        ("router", "router's administration"),
        ("yale", "the Yale app"),
        ("", "its app"),
    ],
)
def test_an_account_is_changed_where_it_lives(service: str, words: str) -> None:
    ana = make(Account, "ana", service=service) if service else make(Account, "ana")
    for maker in (accounts.change_password, accounts.turn_on_two_factor):
        assert any(words in step for step in maker(ana, home(ana)).steps)
    assert accounts.use_password_manager(ana, home(ana)).steps
