"""The JSON API of officers who register people, fill in for them and hand accounts over."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.params import Body, FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import OFFICER_ROLES, AccountState, Likeness, RecordKind
from app.accounts.guards import requires, signed_in
from app.accounts.lists import helped
from app.accounts.services import handing_over
from app.accounts.services.filling_in import start_filling_in, stop_filling_in
from app.accounts.services.registering import Alike, alike, register_person
from app.events.controllers.registering import (
    CodeForm,
    ContactForm,
    RegisterForm,
    known_or_none,
    newcomer_of,
    wording_for,
)
from app.events.pages import PAGE_SIZE, offset_of
from app.events.queries import edition_by_id
from app.kernel.clock import now
from app.kernel.errors import Invalid, NotFound
from app.kernel.paging import page_number

ApiRequest = Request[Actor, Any, Any]


class RegisteredDTO(msgspec.Struct, kw_only=True):
    """Somebody whom an officer registered or may fill in for, and whose hands her account is in."""

    person_id: int
    full_name: str
    phone: str | None
    email: str | None
    state: AccountState
    allowed: bool
    officer: str
    registered_at: datetime | None
    handed_over_at: datetime | None
    taken_over_at: datetime | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "RegisteredDTO":
        """The row as JSON has it."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})


class RegisteredListDTO(msgspec.Struct, kw_only=True):
    """One page of them."""

    items: list[RegisteredDTO]
    total: int
    page: int


class AlikeDTO(msgspec.Struct, kw_only=True):
    """A record that looks like the newcomer's; an organisation is ``usable`` while nobody speaks for it."""

    kind: RecordKind
    id: int
    name: str
    ward: str
    reasons: list[Likeness]
    usable: bool

    @classmethod
    def of(cls, found: Alike) -> "AlikeDTO":
        """The record as JSON has it."""
        return cls(
            kind=found.kind,
            id=found.id,
            name=found.name,
            ward=found.ward,
            reasons=list(found.reasons),
            usable=found.usable,
        )


class NewcomerDTO(msgspec.Struct, kw_only=True):
    """Who was registered, and the organisation that she speaks for."""

    person_id: int
    organisation_id: int


class CardDTO(msgspec.Struct, kw_only=True):
    """The address that a hand-over card's QR code holds; it is told this once."""

    url: str


class RegisteredApi(Controller):
    """``/api/v1/manage/{edition_id}/registered``."""

    path = "/api/v1/manage/{edition_id:int}/registered"
    guards = [requires(*OFFICER_ROLES)]
    tags = ["People registered by officers"]

    @get("/", summary="Whom officers registered or may fill in for")
    async def list_people(
        self,
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        status: FromQuery[AccountState | None] = None,
        page: FromQuery[int] = 1,
    ) -> RegisteredListDTO:
        """Fifty at a time, by given name; ``q`` looks in names, phone numbers and mail addresses."""
        await edition_by_id(edition_id)
        rows, total = await helped(
            edition_id, now=now(), search=q, state=status, offset=offset_of(page), limit=PAGE_SIZE
        )
        return RegisteredListDTO(items=[RegisteredDTO.of(row) for row in rows], total=total, page=page_number(page))

    @post("/alike", status_code=200, summary="Who looks like somebody who is about to be registered")
    async def list_alike(
        self, edition_id: FromPath[int], data: Annotated[RegisterForm, Body(title="The newcomer")]
    ) -> list[AlikeDTO]:
        """Nothing is written. Only records that this festival or none knows. Errors: ``invalid``."""
        await edition_by_id(edition_id)
        newcomer, problems = newcomer_of(data)
        if problems:
            raise Invalid(fields=problems)
        return [AlikeDTO.of(one) for one in await alike(newcomer, edition_id=edition_id)]

    @post("/", summary="Register somebody with her consent")
    async def register(
        self, request: ApiRequest, edition_id: FromPath[int], data: Annotated[RegisterForm, Body(title="The newcomer")]
    ) -> NewcomerDTO:
        """``through`` says how she consented, ``sure`` that nobody alike is her.
        Errors: ``invalid``, ``looks_alike``, ``contact_taken``, ``organisation_spoken_for``."""
        edition = await edition_by_id(edition_id)
        newcomer, problems = newcomer_of(data)
        if problems:
            raise Invalid(fields=problems)
        person_id, organisation_id = await register_person(
            newcomer=newcomer,
            through=data.through,
            wording=wording_for(edition, data.locale),
            organisation_id=known_or_none(data.organisation_id),
            sure=data.sure,
            edition_id=edition_id,
            actor=request.user,
            now=now(),
        )
        return NewcomerDTO(person_id=person_id, organisation_id=organisation_id)

    @get("/{person_id:int}", summary="One of them")
    async def show(self, edition_id: FromPath[int], person_id: FromPath[int]) -> RegisteredDTO:
        """Whose hands the account is in."""
        rows, _total = await helped(edition_id, now=now(), person_ids=[person_id])
        if not rows:
            raise NotFound
        return RegisteredDTO.of(rows[0])

    @post("/{person_id:int}/fill-in", status_code=204, summary="Begin to fill in for her")
    async def fill_in(self, request: ApiRequest, edition_id: FromPath[int], person_id: FromPath[int]) -> None:
        """In this session an exhibitor's operations are hers until it is stopped.
        Errors: ``filling_in_not_allowed``."""
        await edition_by_id(edition_id)
        await start_filling_in(person_id=person_id, edition_id=edition_id, actor=request.user, now=now())

    @post("/{person_id:int}/card", summary="Make a hand-over card")
    async def make_card(self, request: ApiRequest, edition_id: FromPath[int], person_id: FromPath[int]) -> CardDTO:
        """Good once, for fourteen days; an older card of hers ends. Errors: ``already_handed_over``."""
        await edition_by_id(edition_id)
        url = await handing_over.make_card(person_id=person_id, edition_id=edition_id, actor=request.user, now=now())
        return CardDTO(url=url)

    @delete("/{person_id:int}/card", summary="Withdraw a hand-over card")
    async def withdraw_card(self, request: ApiRequest, edition_id: FromPath[int], person_id: FromPath[int]) -> None:
        """It opens nothing any more. Errors: ``already_handed_over``."""
        await edition_by_id(edition_id)
        await handing_over.withdraw_card(person_id=person_id, edition_id=edition_id, actor=request.user, now=now())

    @post("/{person_id:int}/contact", status_code=204, summary="Send a code to a contact of hers")
    async def send_code(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        person_id: FromPath[int],
        data: Annotated[ContactForm, Body(title="The contact")],
    ) -> None:
        """Errors: ``contact_unreadable``, ``contact_taken``, ``already_handed_over``, ``too_many_tries``."""
        await edition_by_id(edition_id)
        await handing_over.send_code(
            person_id=person_id, edition_id=edition_id, contact=data.contact, actor=request.user, now=now()
        )

    @post("/{person_id:int}/code", status_code=204, summary="Hand the account over by the code that she was sent")
    async def prove(
        self,
        request: ApiRequest,
        edition_id: FromPath[int],
        person_id: FromPath[int],
        data: Annotated[CodeForm, Body(title="The code")],
    ) -> None:
        """Errors: ``hand_over_code_wrong``, ``contact_taken``, ``already_handed_over``, ``too_many_tries``."""
        await edition_by_id(edition_id)
        await handing_over.prove_contact(
            person_id=person_id, edition_id=edition_id, code=data.code, actor=request.user, now=now()
        )


@post(
    "/api/v1/filling-in/stop",
    guards=[signed_in],
    status_code=204,
    tags=["People registered by officers"],
    summary="Stop filling in",
)
async def stop_by_api(request: ApiRequest) -> None:
    """The session is the officer's own again."""
    await stop_filling_in(actor=request.user, now=now())
