"""``/pass/{secret}/data``: what is held of the holder of a pass, for somebody without an account of her own.

The link of a pass opens what the pass says and nothing else: whose phone number was written into an order has shown
nothing. To see all that is held of her she is sent a link to sign in, to the contact that is known.
"""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.guards import public
from app.accounts.limits import Way, count_browser
from app.accounts.services.sign_in import request_sign_in
from app.events import queries
from app.events.passes.documents import validity
from app.events.passes.naming import named
from app.events.passes.queries import contacts_of_holders, pass_by_secret
from app.events.passes.services import forget_holder
from app.kernel.clock import now
from app.kernel.i18n import _
from app.kernel.web import browser_of, page, redirect

PRIVATE = {"cache-control": "private, no-store"}


class PassDataController(Controller):
    """What is held of a pass's holder."""

    path = "/pass/{secret:str}/data"
    guards = [public]
    include_in_schema = False

    @get()
    async def show(self, secret: FromPath[str]) -> Response[str]:
        """What the pass says, and the ways on."""
        found = await named(await pass_by_secret(secret))
        edition = await queries.edition_by_id(found.edition_id)
        return page(
            "events/pass_data.html",
            edition=edition,
            found=found,
            secret=secret,
            validity=validity(found, edition),
            reachable=found.id in await contacts_of_holders([found.id]),
            headers=PRIVATE,
        )

    @post("/link")
    async def link(self, request: Request[Any, Any, Any], secret: FromPath[str]) -> Response[Any]:
        """Send the holder a link to her page of data."""
        await count_browser(Way.ASK, request, now=now())
        found = await pass_by_secret(secret)
        contact = (await contacts_of_holders([found.id])).get(found.id)
        if contact is not None:
            address = contact.email or contact.phone or ""
            await request_sign_in(contact=address, next_path="/account/data", browser=browser_of(request), now=now())
        return redirect(f"/pass/{secret}/data", toast=_("If a contact is known, a link is on its way to it."))

    @post("/forget")
    async def forget(self, request: Request[Any, Any, Any], secret: FromPath[str]) -> Response[Any]:
        """Take the name off the pass."""
        found = await pass_by_secret(secret)
        await forget_holder(pass_id=found.id, edition_id=found.edition_id, now=now())
        return redirect(f"/pass/{secret}", toast=_("Your name was taken off the pass. It opens the gate as before."))
