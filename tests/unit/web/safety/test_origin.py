from __future__ import annotations

import pytest

from nightlatch.web.safety.origin import refusal

HOST = {"host": "localhost:5625"}
OURS = "http://localhost:5625"


def _refused(method: str, path: str = "/access", *, token: bool = False, **said: str) -> bool:
    headers = HOST | {name.replace("_", "-"): value for name, value in said.items()}
    return refusal(method, path, "http", headers, token=token) is not None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "said",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:8080"},
        {"origin": "https://localhost:5625"},
        {"origin": "http://localhost:5625.evil.example"},
        {"origin": "http://localhost:99999"},
        {"origin": "null"},
        {"referer": "http://evil.example/http://localhost:5625/"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "origin": OURS},
        {"sec_fetch_site": "same-origin", "origin": "http://evil.example"},
        {"sec_fetch_site": "same-origin", "origin": OURS, "referer": "http://evil.example/"},
        {"sec_fetch_site": "nonsense"},
        {},
    ],
)
def test_no_other_site_changes_anything(method: str, said: dict[str, str]) -> None:
    assert _refused(method, **said)


@pytest.mark.parametrize(
    "said",
    [
        {"origin": OURS},
        {"referer": OURS + "/access?x=1"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "same-origin", "origin": OURS, "referer": OURS + "/"},
    ],
)
def test_our_own_pages_do(said: dict[str, str]) -> None:
    assert not _refused("POST", **said)


def test_the_port_that_goes_without_saying_is_the_same() -> None:
    assert refusal("POST", "/", "https", {"host": "nightlatch.lan", "origin": "https://nightlatch.lan:443"}) is None


def test_a_program_shows_a_token_and_need_not_say_where_it_is() -> None:
    assert not _refused("POST", "/api/doors", token=True)
    assert _refused("POST", "/api/doors", token=True, origin="http://evil.example")


def test_another_journal_brings_its_checkpoint_without_saying_where_it_is() -> None:
    assert not _refused("POST", "/witness/add-checkpoint")
    assert _refused("POST", "/witness/add-checkpoint", origin="http://evil.example")


def test_other_sites_lead_to_pages_and_read_nothing() -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert not _refused("GET", "/", **link)
    assert not _refused("GET", "/apiary", **link)
    for path in ("/api/doors", "/api", "/live"):
        assert _refused("GET", path, **link)
    for dest, mode in (("iframe", "navigate"), ("image", "no-cors"), ("empty", "cors"), ("script", "no-cors")):
        assert _refused("GET", "/", sec_fetch_site="cross-site", sec_fetch_mode=mode, sec_fetch_dest=dest)
        assert _refused("GET", "/", sec_fetch_site="same-site", sec_fetch_mode=mode, sec_fetch_dest=dest)


def test_what_is_typed_is_answered() -> None:
    assert not _refused("GET", "/api/openapi.json", sec_fetch_site="none")
    assert not _refused("GET", "/")
