from __future__ import annotations

import pytest

from nightlatch.web.safety import gate
from nightlatch.web.safety.rates import Buckets, Rate
from tests.unit.web.conftest import ADDRESS, CSRF, Opens, Web

PATHS = ("/more", "/nothing", "/api/nothing", "/health", "/api/openapi.json", "/static/x/tokens.css")


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_headers(web: Web, path: str) -> None:
    for role in ("owner", None):
        answer = await (await web.client(role)).get(path)  # type: ignore[arg-type]
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "publickey-credentials-get=(self)" in answer.headers["permissions-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers
        assert "server" not in answer.headers


async def test_a_file_under_its_digest_keeps_its_own_rule(web: Web) -> None:
    page = (await (await web.client()).get("/more")).text
    path = next(part for part in page.split('"') if part.endswith("/tokens.css"))
    assert "immutable" in (await (await web.client(None)).get(path)).headers["cache-control"]


@pytest.mark.parametrize("path", ["/more", "/api/nothing", "/sign-in"])
async def test_another_sites_page_can_send_nothing(web: Web, path: str) -> None:
    for role in ("owner", None):
        client = await web.client(role)  # type: ignore[arg-type]
        for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
            answer = await client.post(path, headers=headers)
            assert answer.status_code == 403
            assert "another site" in answer.text


async def test_another_sites_page_can_read_nothing_of_the_api(web: Web) -> None:
    client = await web.client()
    answer = await client.get("/api/openapi.json", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


async def test_too_much_is_refused_with_when_to_try_again(open_web: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "CHANGES", Rate(5, 0.1))
    monkeypatch.setattr(gate, "HERE", 1)
    client = await (await open_web()).client(None)
    answers = [await client.post("/api/nothing") for _ in range(8)]
    assert [one.status_code == 429 for one in answers] == [False] * 5 + [True] * 3
    assert int(answers[-1].headers["retry-after"]) <= 10
    assert "Try again in" in answers[-1].json()["what"]
    assert (await client.get("/health")).status_code == 200


async def test_one_user_is_held_to_it_from_wherever(open_web: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "READS", Rate(5, 0.0001))
    monkeypatch.setattr(gate, "HERE", 1)
    web = await open_web()
    origins = iter(str(k) for k in range(100))
    monkeypatch.setattr(gate, "origin_of", lambda _: next(origins))
    mine = [(await (await web.client("owner")).get("/api/openapi.json")).status_code for _ in range(7)]
    assert mine == [200] * 5 + [429] * 2
    assert (await (await web.client("viewer")).get("/api/openapi.json")).status_code == 200


async def test_a_token_comes_without_a_cookie(web: Web) -> None:
    seen: list[dict[bytes, bytes]] = []

    async def app(scope: object, receive: object, send: object) -> None:
        seen.append(dict(scope["headers"]))  # type: ignore[index]
        raise LookupError

    client = await web.client()
    guarded = gate.guarded(app, Buckets(lambda: 0.0))  # type: ignore[arg-type]
    client._transport = type(client._transport)(guarded)  # type: ignore[call-arg]
    with pytest.raises(LookupError):
        await client.get(f"{ADDRESS}/", headers={"authorization": "Bearer x", "cookie": "session=y", "x-csrf": CSRF})
    assert b"cookie" not in seen[0]
    assert seen[0][b"authorization"] == b"Bearer x"
