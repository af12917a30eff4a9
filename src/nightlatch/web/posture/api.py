"""Posture for programs: the same structs as the pages show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from nightlatch.model.document import FindingDocument
from nightlatch.store.audits import Kept
from nightlatch.web.house import House
from nightlatch.web.posture import asking, fixing, view
from nightlatch.web.posture.asking import AnswerInput, WaiverInput, WaiverView
from nightlatch.web.posture.fixing import Repairs
from nightlatch.web.posture.known import last
from nightlatch.web.posture.view import Auditing, Posture
from nightlatch.web.signin.who import Who, fresh, may

TAGS = ("Posture",)
MOST = 500
Asked = Request[Who, Any, Any]


class Findings(msgspec.Struct, frozen=True):
    """A page of findings, worst first."""

    findings: tuple[FindingDocument, ...]
    number: int
    """How many the filter takes in all."""
    offset: int


@get("/api/posture", guards=[may("see")], tags=TAGS)
async def posture(house: NamedDependency[House]) -> Posture:
    """How the home stands by the last audit: score, sections, practices, what changed, without findings' details."""
    auditor = house.service.auditor
    return view.posture(last(house), auditor.changes, view.auditing(auditor))


@get("/api/posture/findings", guards=[may("see")], tags=TAGS)
async def findings(
    *,
    house: NamedDependency[House],
    show: FromQuery[view.Show] = "",
    about: FromQuery[str] = "",
    practice: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MOST)] = 100,
    offset: Annotated[int, QueryParameter(ge=0)] = 0,
) -> Findings:
    """Findings with their evidence, worst first. `show`: open, unknown, passing, waived; `about`: one thing."""
    found = view.selected(last(house), view.Filter(show, about, practice))
    return Findings(tuple(found[offset : offset + limit]), len(found), offset)


@post("/api/posture/audit", guards=[may("posture")], tags=TAGS, status_code=HTTP_202_ACCEPTED)
async def audit(request: Asked, house: NamedDependency[House]) -> Auditing:
    """Have the home judged now. An `audited` event tells when it is done."""
    house.service.auditor.want()
    await house.act(request.user, "audit")
    return view.auditing(house.service.auditor)


@get("/api/posture/answers", guards=[may("posture")], tags=TAGS)
async def answers(house: NamedDependency[House], about: FromQuery[str] = "") -> asking.Questions:
    """What only a person can tell: the questions whose answers settle most, and all about one thing."""
    audit = house.service.auditor.known
    return await house.read(lambda: asking.questions(asking.read(house), audit, about))


@post("/api/posture/answers", guards=[may("posture")], tags=TAGS, status_code=HTTP_202_ACCEPTED)
async def answer(request: Asked, house: NamedDependency[House], data: JSONBody[AnswerInput]) -> Auditing:
    """Answer a question; the home is judged anew with it."""
    await asking.answer(house, request.user, data)
    return view.auditing(house.service.auditor)


@delete("/api/posture/answers", guards=[may("posture")], tags=TAGS, status_code=HTTP_204_NO_CONTENT)
async def take_answer_back(
    request: Asked, house: NamedDependency[House], about: FromQuery[str], fact: FromQuery[str]
) -> None:
    """Take an answer back."""
    await asking.take_answer_back(house, request.user, about, fact)


@get("/api/posture/waivers", guards=[may("see")], tags=TAGS)
async def waivers(house: NamedDependency[House]) -> Sequence[WaiverView]:
    """What the owner accepts for a time, what ends first first."""
    today = house.today().astimezone(house.zone).date()
    audit = house.service.auditor.known
    return await house.read(lambda: asking.waived(asking.read(house), audit, today))


@post("/api/posture/waivers", guards=[may("posture")], tags=TAGS, status_code=HTTP_202_ACCEPTED)
async def waive(request: Asked, house: NamedDependency[House], data: JSONBody[WaiverInput]) -> Auditing:
    """Accept a finding for a reason and until a day; it counts again by itself after that."""
    await asking.waive(house, request.user, data)
    return view.auditing(house.service.auditor)


@delete("/api/posture/waivers", guards=[may("posture")], tags=TAGS, status_code=HTTP_204_NO_CONTENT)
async def take_waiver_back(
    request: Asked,
    house: NamedDependency[House],
    practice: FromQuery[str],
    subject: FromQuery[str] = "home",
    check: FromQuery[str] = "",
) -> None:
    """Take a waiver back."""
    await asking.take_waiver_back(house, request.user, practice=practice, subject=subject, check=check)


@get("/api/posture/repairs", guards=[may("see")], tags=TAGS)
async def repairs(house: NamedDependency[House]) -> Repairs:
    """What Nightlatch can put right by itself, command by command, and how what was asked for went."""
    return fixing.repairs(house)


@post("/api/posture/repairs/{id_:str}", guards=[may("posture"), fresh], tags=TAGS, status_code=HTTP_202_ACCEPTED)
async def repair(request: Asked, house: NamedDependency[House], id_: FromPath[str]) -> Repairs:
    """Have one thing put right. It goes on in the background; ask for the repairs to see how it went."""
    await fixing.start(house, request.user, [fixing.find(house, id_)])
    return fixing.repairs(house)


@get("/api/posture/history", guards=[may("see")], tags=TAGS)
async def history(house: NamedDependency[House]) -> Sequence[Kept]:
    """The audits that were kept with their scores, oldest first; of very many, evenly spread ones."""
    audits, path = house.service.auditor.audits, str(house.configuration.path)
    return await house.read(lambda: audits.history(path))
