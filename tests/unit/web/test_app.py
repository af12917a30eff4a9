from __future__ import annotations

import httpx

from tests.unit.web.conftest import ADDRESS, Web


async def test_nobody_sees_anything_without_signing_in(web: Web) -> None:
    client = await web.client(None)
    answer = await client.get("/more")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/more")
    answer = await client.get("/api/openapi.json")
    assert answer.status_code == 401
    assert answer.json()["need"] == "sign-in"


async def test_what_watches_the_service_needs_no_sign_in(web: Web) -> None:
    assert (await (await web.client(None)).get("/health")).text == "alive\n"


async def test_a_stranger_in_the_network_learns_nothing_of_the_doors_without_signing_in(web: Web) -> None:
    for address in ("192.168.1.66", "fd00::66", "::ffff:192.168.1.66"):
        transport = httpx.ASGITransport(web.app, client=(address, 1234))
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as stranger:
            assert (await stranger.get("/health")).status_code == 200
            for path in ("/metrics", "/ready"):
                answer = await stranger.get(path, headers={"accept": "application/json"})
                assert (answer.status_code, "nightlatch_" in answer.text) == (401, False), (address, path)
                answer = await stranger.get(path, headers={"x-who": "viewer viewer"})
                assert answer.status_code in (200, 503), (address, path)
    assert "nightlatch_lock_secured" in (await (await web.client(None)).get("/metrics")).text


async def test_a_page_shows_each_role_the_areas_that_it_may_enter(web: Web) -> None:
    owner = (await (await web.client("owner")).get("/more")).text
    viewer = (await (await web.client("viewer")).get("/more")).text
    assert 'href="/settings"' in owner
    assert 'href="/settings"' not in viewer
    assert 'href="/access"' not in viewer


async def test_files_of_the_pages_are_kept_for_ever_under_their_digest_and_nothing_else_is_served(web: Web) -> None:
    client = await web.client(None)
    page = (await (await web.client()).get("/more")).text
    path = next(part for part in page.split('"') if part.endswith("/tokens.css"))
    answer = await client.get(path)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    for other in ("/static/x/../app.py", "/static/x/..%2Fapp.py", "/static/x/%2e%2e%2fapp.py", "/static/x/nothing.js"):
        assert (await client.get(other)).status_code == 404, other


async def test_a_page_that_is_not_there_says_so_as_a_page_and_as_json(web: Web) -> None:
    client = await web.client()
    answer = await client.get("/nothing/here")
    assert answer.status_code == 404
    assert "Nothing is here" in answer.text
    assert (await client.get("/api/nothing")).json()["what"] == "there is nothing here"


async def test_the_api_describes_itself_to_programs_and_to_people(web: Web) -> None:
    client = await web.client()
    described = (await client.get("/api/openapi.json")).json()
    assert {"/api/home", "/api/grants", "/api/journal", "/api/alerts", "/api/posture"} <= set(described["paths"])
    assert "/api/grants" in (await client.get("/api")).text
