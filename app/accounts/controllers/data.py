"""``/account/data``: what is held of a person, her consents, a download, and her erasure."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from app.accounts.actor import Actor
from app.accounts.enums import GIVEN_THROUGH_NAMES, PURPOSE_NAMES, RecordKind
from app.accounts.guards import signed_in
from app.accounts.labels import label_of, word_of
from app.accounts.limits import Way, count_browser
from app.accounts.personal.records import whoms_of
from app.accounts.personal.registry import Found, find_of_records
from app.accounts.queries import record_names
from app.accounts.schemas import AgainForm
from app.accounts.services.consents import change_consent, consents_of
from app.accounts.services.erasure import ask_for_own_erasure, editions_without_another_owner
from app.accounts.services.export import export_person
from app.accounts.services.fresh import is_fresh
from app.accounts.services.sign_in import request_sign_in
from app.accounts.tables import Person
from app.kernel.clock import now
from app.kernel.database import write_transaction
from app.kernel.forms import Form, read_form
from app.kernel.i18n import _, format_datetime
from app.kernel.security import limit
from app.kernel.web import browser_of, local_path, page, redirect

ZONE = "Asia/Ho_Chi_Minh"
MOST_SHOWN = 20
PRIVATE = {"cache-control": "private, no-store"}


class ConsentForm(msgspec.Struct):
    """Which way a consent goes, and the page on which it was said."""

    given: Annotated[str, Meta(pattern="^(yes|no)$")]
    next: Annotated[str, Meta(max_length=200)] = ""


class DataController(Controller):
    """Somebody's own data."""

    path = "/account/data"
    guards = [signed_in]
    include_in_schema = False

    @get()
    async def show(self, request: Request[Actor, Any, Any]) -> Response[str]:
        """What is held, by purpose and until when; consents; the ways to download and to erase."""
        person_id = request.user.person_id or 0
        found = await find_of_records(await whoms_of(person_id))
        consents = await consents_of(person_id)
        return page(
            "accounts/data.html",
            kinds=[_shown(one) for one in found],
            consents=consents,
            officers=await record_names(RecordKind.PERSON, [row["given_to"] for row in consents if row["given_to"]]),
            through={key.value: _(name) for key, name in GIVEN_THROUGH_NAMES.items()},
            purposes={key.value: _(name) for key, name in PURPOSE_NAMES.items()},
            zone=ZONE,
            headers=PRIVATE,
        )

    @get("/download.zip")
    async def download(self, request: Request[Actor, Any, Any]) -> Response[bytes]:
        """Everything as one archive."""
        at = now()
        await limit(f"personal-data:{request.user.person_id}", times=20, seconds=3600, now=at)
        archive = await export_person(person_id=request.user.person_id or 0, now=at)
        headers = {"content-disposition": 'attachment; filename="personal-data.zip"', **PRIVATE}
        return Response(archive, media_type="application/zip", headers=headers)

    @post("/consents/{consent_id:int}")
    async def consent(self, request: Request[Actor, Any, Any], consent_id: FromPath[int]) -> Response[Any]:
        """Withdraw a consent or give it again."""
        form = await read_form(request, ConsentForm)
        given = form.given == "yes"
        await change_consent(consent_id=consent_id, given=given, actor=request.user, now=now())
        said = _("You have given your consent again.") if given else _("You have withdrawn your consent.")
        return redirect(local_path(form.next, "/account/data"), toast=said)

    @get("/erase")
    async def before(self, request: Request[Actor, Any, Any]) -> Response[str]:
        """What goes, what stays and why."""
        at = now()
        person_id = request.user.person_id or 0
        found = await find_of_records(await whoms_of(person_id))
        async with write_transaction():
            last = bool(await editions_without_another_owner(person_id))
        return page(
            "accounts/erase.html",
            kinds=[_shown(one) for one in found],
            fresh=await is_fresh(request.user, at),
            last=last,
            headers=PRIVATE,
        )

    @post("/link", status_code=200)
    async def link(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Send a link and a code with which she shows that it is her; they lead back to where she was."""
        await count_browser(Way.ASK, request, now=now())
        person = await Person.select().where(Person.id == request.user.person_id).first()
        assert person is not None
        contact = person["email"] or person["phone"] or ""
        form = await read_form(request, AgainForm)
        back = local_path(form.next, "/account")
        await request_sign_in(contact=contact, next_path=back, browser=browser_of(request), now=now())
        return page("accounts/code.html", form=Form.empty(contact=contact))

    @post("/erase")
    async def erase(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Queue the erasure."""
        await ask_for_own_erasure(actor=request.user, now=now())
        return redirect("/", toast=_("Your data are being erased. You are signed out when that is done."))


def _shown(one: Found) -> dict[str, Any]:
    """A kind of record as the page shows it: its sentences, and the first records, label by label."""
    records = [
        [
            (label_of(key), _value(word_of(one.held.words, key, value)))
            for key, value in row.items()
            if value not in (None, "", False)
        ]
        for row in one.rows[:MOST_SHOWN]
    ]
    return {
        "title": _(one.held.title),
        "purpose": _(one.held.purpose),
        "until": _(one.held.until),
        "stays": _(one.held.stays) if one.held.stays else "",
        "count": len(one.rows),
        "records": records,
    }


def _value(value: Any) -> str:
    if isinstance(value, datetime):
        return format_datetime(value, ZONE)
    return _("yes") if value is True else str(value)
