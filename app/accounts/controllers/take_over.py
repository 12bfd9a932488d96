"""What the QR code of a hand-over card opens; and the way back for an officer who fills in."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.controllers.entering import enter
from app.accounts.guards import public, signed_in
from app.accounts.limits import Way, count_browser
from app.accounts.services import handing_over as service
from app.accounts.services.filling_in import stop_filling_in
from app.kernel.clock import now
from app.kernel.i18n import _
from app.kernel.web import page, redirect


class TakeOverController(Controller):
    """``/take-over/{token}``: somebody whom an officer registered takes her account into her own hands."""

    path = "/take-over"
    guards = [public]
    include_in_schema = False
    response_headers = {"cache-control": "no-store"}

    @get("/{token:str}")
    async def show(self, request: Request[Actor, Any, Any], token: FromPath[str]) -> Response[str]:
        """Say whose account it is; it takes one press, because cameras open links by themselves."""
        person = await service.person_of_card(token=token, now=now())
        replaced = request.user.signed_in and request.user.person_id != person["id"]
        return page("accounts/take_over.html", token=token, full_name=person["full_name"], replaced=replaced)

    @post("/{token:str}")
    async def use(self, request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
        """Hand the account over and sign her in."""
        await count_browser(Way.CARD, request, now=now())
        person_id = await service.use_card(token=token, now=now())
        return await enter(request, person_id, service.HER_PAGE, Way.CARD)


@post("/filling-in/stop", guards=[signed_in], include_in_schema=False)
async def stop(request: Request[Actor, Any, Any]) -> Response[Any]:
    """Stop filling in for somebody."""
    acting = request.user.filling_in
    await stop_filling_in(actor=request.user, now=now())
    if acting is None:
        return redirect("/me")
    path = f"/manage/{acting.edition_id}/people/registered/{acting.person_id}"
    return redirect(path, toast=_("You are not filling in for anybody any more."))
