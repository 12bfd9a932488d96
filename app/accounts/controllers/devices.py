"""Binding a gate phone or a judge's tablet by its card."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.enums import DeviceKind
from app.accounts.errors import InviteNotValid
from app.accounts.guards import public
from app.accounts.identity import DEVICE_COOKIES, set_device_cookie
from app.accounts.limits import Way, count_browser
from app.accounts.services import devices as service
from app.kernel.clock import now
from app.kernel.cookies import read_cookie
from app.kernel.web import page, redirect, wants_json

HOME_OF_DEVICE = {DeviceKind.GATE: "/gate/", DeviceKind.JUDGE: "/judge/"}


class InviteController(Controller):
    """``/invite/{token}``: what the QR code of a card opens."""

    path = "/invite"
    guards = [public]
    include_in_schema = False
    response_headers = {"cache-control": "no-store"}

    @get("/{token:str}")
    async def show(self, request: Request[Any, Any, Any], token: FromPath[str]) -> Response[str]:
        """Say what will be bound; it takes one press, because cameras open links by themselves."""
        try:
            device = await service.device_of_invite(token=token, now=now())
        except InviteNotValid as error:
            return await _over(request, error)
        person = await service.person_of_device(device)
        return page("accounts/invite.html", token=token, device=device, person=person)

    @post("/{token:str}")
    async def pair(self, request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
        """Bind this device."""
        await count_browser(Way.CARD, request, now=now())
        try:
            device, device_token = await service.pair_device(invite_token=token, now=now())
        except InviteNotValid as error:
            return await _over(request, error)
        kind = DeviceKind(device.kind)
        answer = redirect(HOME_OF_DEVICE[kind])
        set_device_cookie(answer, kind, device_token)
        return answer


async def _over(request: Request[Any, Any, Any], error: InviteNotValid) -> Response[str]:
    """What to do about a card that binds nothing; a device that is bound already is led on to its app."""
    if wants_json(request):
        raise error
    bound = await _bound_as(request)
    home = HOME_OF_DEVICE[bound] if bound else ""
    return page("accounts/invite_over.html", status=error.status, bound=bound, home=home)


async def _bound_as(request: Request[Any, Any, Any]) -> DeviceKind | None:
    """As which kind of device this browser is bound."""
    for kind, cookie in DEVICE_COOKIES.items():
        token = read_cookie(request, cookie)
        found = await service.actor_of_device(token, now()) if token else None
        if found is not None and found.device_kind == kind:
            return kind
    return None
