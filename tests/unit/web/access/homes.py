"""A home with two doors, guests and a group, for the pages of access."""

from __future__ import annotations

from nightlatch.access.schedules import weekly
from nightlatch.access.schedules.wall import DAY
from nightlatch.model.access import Grant
from tests.unit.web.conftest import Web

TWO_DOORS = """
[home]
name = "Elm"
timezone = "Europe/Berlin"
[service]
port = 0
[[doors]]
id = "front"
name = "Front door"
exterior = true
[[doors]]
id = "back"
name = "Back door"
exterior = true
[[locks]]
id = "front"
name = "Front lock"
door = "front"
bind = ["simulated:front"]
[[locks]]
id = "back"
name = "Back lock"
door = "back"
bind = ["simulated:back"]
[[people]]
id = "ana"
name = "Ana"
role = "resident"
credentials = ["front/1"]
[[sources]]
kind = "simulated"
doors = ["front", "back"]
people = 2
"""


async def peopled(web: Web) -> dict[str, str]:
    """Mia with a week at the front door, and cleaners on weekdays; the ids of their grants by person or group."""

    def mia(registrar, now):  # type: ignore[no-untyped-def]
        registrar.add_person("mia", "Mia", "guest", (), now)
        return registrar.add_grant(Grant("", "person:mia", ("door:front",), ends=now + 7 * DAY), now)

    def cleaners(registrar, now):  # type: ignore[no-untyped-def]
        registrar.add_person("olga", "Olga", "service", ("cleaners",), now)
        schedule = weekly("Mon-Fri 09:00-12:00")
        return registrar.add_grant(Grant("", "group:cleaners", ("door:back",), schedule, ends=now + 90 * DAY), now)

    first, second = await web.house.change(mia), await web.house.change(cleaners)
    return {"mia": first.grants[0].id, "cleaners": second.grants[0].id}
