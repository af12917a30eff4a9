"""Somebody's codes: shown once, on a card, made anew, chosen, ended. A PIN is in no address, and in no other answer."""

from __future__ import annotations

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import Markup

from nightlatch.access import handout
from nightlatch.access.handout.drawing import grouped, symbol
from nightlatch.access.registrar import Changed, Registrar
from nightlatch.errors import UsageError
from nightlatch.model.access import Credential
from nightlatch.secrets import Secret
from nightlatch.web.access.people_pages import somebody
from nightlatch.web.access.people_view import PersonView
from nightlatch.web.access.typed import Ask, Typed
from nightlatch.web.errors import described
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.signin.who import fresh, may
from nightlatch.web.texts import _

HIDDEN_AFTER_S = 60
NO_STORE = {"Cache-Control": "no-store"}


class Shown(msgspec.Struct, frozen=True):
    """A code that is being shown."""

    code: Secret
    locks: tuple[str, ...]

    @property
    def digits(self) -> str:
        """In clear, in two groups."""
        return grouped(self.code.reveal())


@get("/access/people/{id_:str}/code", guards=[may("access")], include_in_schema=False)
async def code(id_: FromPath[str]) -> Redirect:
    """A page that showed a code, asked for again: the person's own."""
    return back(f"/access/people/{id_}")


@post("/access/people/{id_:str}/code", guards=[may("reveal"), fresh], include_in_schema=False)
async def show(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """Show the codes, this once. The journal has it before."""
    view = await somebody(house, id_)
    why = f"shown to {request.user.id} on a page"
    found = await house.change(lambda registrar, now: registrar.reveal(id_, now, why=why))
    await house.act(request.user, "reveal-code", "home", id_)
    where = {one.id: one.locks for one in view.codes}
    codes = [Shown(pin, where.get(one.id, ())) for one, pin in found]
    response = page(request, house, "access/code.html", view=view, codes=codes, seconds=HIDDEN_AFTER_S)
    response.headers.update(NO_STORE)
    return response


@post("/access/people/{id_:str}/card", guards=[may("reveal"), fresh], include_in_schema=False)
async def card(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str] | Redirect:
    """A card to hand out, or to be photographed off the screen."""
    typed = await Typed.sent(request)
    grant = typed.one("grant")

    def made(registrar: Registrar, now: int) -> handout.Card:
        register = registrar.register()
        # Whether there is anything to hand out is known before the journal says that it was.
        blank: list[tuple[Credential, Secret]] = [(one, Secret("0" * one.digits)) for one in register.active(id_)]
        handout.card(register, id_, blank, now, grant=grant).qr()
        pins = registrar.reveal(id_, now, why=f"put on a card by {request.user.id}")
        return handout.card(register, id_, pins, now, grant=grant)

    made_card = await house.change(made)
    await house.act(request.user, "print-card", "home", id_)
    response = page(
        request, house, "access/card.html", card=made_card, id_=id_, seconds=HIDDEN_AFTER_S * 5,
        codes=[Shown(one.code, ()) for one in made_card.keys], qr=Markup(symbol(made_card)),  # noqa: S704  # shapes alone
    )  # fmt: skip
    response.headers.update(NO_STORE)
    return response


@get("/access/people/{id_:str}/code/new", guards=[may("access"), fresh], include_in_schema=False)
async def new_ask(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """Another code, made by chance or chosen; or none."""
    return _new(request, house, await somebody(house, id_))


@post("/access/people/{id_:str}/code/new", guards=[may("access"), fresh], include_in_schema=False)
async def new(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str] | Redirect:
    """Do it."""
    view, typed = await somebody(house, id_), await Typed.sent(request)
    does = typed.one("does", "made")

    def made(registrar: Registrar, now: int) -> Changed:
        match does:
            case "end":
                return registrar.end_code(id_, now)
            case "chosen":
                return registrar.choose_code(id_, _chosen(typed), now)
            case _:
                return registrar.new_codes(id_, now)

    try:
        await house.change(made)
    except UsageError as error:
        return _new(request, house, view, error, does)
    await house.act(request.user, "end-code" if does == "end" else "new-code", "home", id_)
    return back(f"/access/people/{id_}?saved=code")


def _chosen(typed: Typed) -> Secret:
    code = "".join(sign for sign in typed.one("code") if not sign.isspace())
    if not (code.isascii() and code.isdigit()):
        raise UsageError(_("a code has digits only"), where=_("Code"))
    return Secret(code)


def _new(
    request: Ask, house: House, view: PersonView, error: UsageError | None = None, does: str = "made"
) -> Response[str]:
    return page(
        request, house, "access/code_new.html", status=200 if error is None else 400, view=view, does=does,
        problem=described(error)[0] if error is not None else None,
    )  # fmt: skip
