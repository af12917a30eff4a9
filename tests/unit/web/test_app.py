from __future__ import annotations

from tests.unit.web.conftest import Web


async def test_nobody_sees_anything_without_signing_in(web: Web) -> None:
    client = await web.client(None)
    answer = await client.get("/more")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/more")
    answer = await client.get("/api/openapi.json")
    assert answer.status_code == 401
    assert answer.json()["need"] == "sign-in"


async def test_what_watches_the_service_needs_no_sign_in(web: Web) -> None:
    assert (await (await web.client(None)).get("/health")).text == "alive\n"


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
