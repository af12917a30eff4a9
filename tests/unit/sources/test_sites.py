from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.sources._sites import Sites

SITES = Sites(Catalogue())


@pytest.mark.parametrize(
    ("url", "service", "shown"),
    [
        ("https://my.yalehome.com/login", "Yale", "yalehome.com"),
        ("yalehome.com", "Yale", "yalehome.com"),
        ("androidapp://com.august.luna", "August", "august.com"),
        ("iosapp://io.nuki.NukiApp", "Nuki", "nuki.io"),
        ("https://account.smartthings.com", "Samsung SmartThings", "smartthings.com"),
        ("https://account.nabucasa.com", "Home Assistant Cloud", "nabucasa.com"),
        ("https://abcdef.ui.nabu.casa", "homeassistant", ""),
        ("http://homeassistant.local:8123", "homeassistant", "homeassistant.local"),
        ("https://elm-street.example.org:8123", "homeassistant", ""),
        ("http://192.168.1.5:8123", "homeassistant", "192.168.1.5"),
        ("http://192.168.1.1/", "home network", "192.168.1.1"),
        ("http://[fd00::1]/", "home network", "fd00::1"),
        ("http://nas.lan", "home network", "nas.lan"),
        ("http://fritz.box", "router", "fritz.box"),
        ("http://router/", "router", "router"),
        ("http://OpenWrt.lan/cgi-bin/luci", "router", "openwrt.lan"),
    ],
)
def test_a_login_that_concerns_the_home_is_recognised(url: str, service: str, shown: str) -> None:
    site = SITES.of(url)
    assert site is not None
    assert (site.service, site.shown) == (service, shown)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "https://shop.example.com",
        "https://8.8.8.8/",
        "https://yale.edu",
        "https://notyalehome.com",
        "https://yalehome.com.evil.example",
        "https://sentry.io",
        "https://analytics-api.home-assistant.io",
        "http://[::1",
        "http://host:99999999/",
        "two words",
        "https://",
    ],
)
def test_other_logins_are_not(url: str) -> None:
    assert SITES.of(url) is None


def test_a_vendor_of_locks_opens_the_door_a_router_does_not_and_of_others_it_is_not_known() -> None:
    urls = ("https://yalehome.com", "https://nuki.io", "http://fritz.box", "https://ifttt.com", "http://192.168.1.1")
    opens = [site.opens_door for url in urls if (site := SITES.of(url))]
    assert opens == [True, True, False, None, None]


@given(st.text() | st.from_regex(r"[a-z]{0,6}://[^ ]{0,40}"))
def test_whatever_text_stands_for_an_address_it_is_judged_without_failing(url: str) -> None:
    site = SITES.of(url)
    assert site is None or site.slug
