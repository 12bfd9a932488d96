"""Binding a gate phone or a judge's tablet by its card."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.enums import DeviceKind
from app.accounts.errors import InviteNotValid
from app.accounts.guards import public
from app.accounts.identity import bound_devices, set_device_cookie
from app.accounts.limits import Way, count_browser
from app.accounts.services import devices as service
from app.kernel.clock import now
from app.kernel.web import page, redirect

HOME_OF_DEVICE = {DeviceKind.GATE: "/gate/", DeviceKind.JUDGE: "/judge/"}


class InviteController(Controller):
    """``/invite/{token}``: what the QR code of a card opens."""

    path = "/invite"
    guards = [public]
    include_in_schema = False
    response_headers = {"cache-control": "no-store"}

    @get("/{token:str}")
    async def show(self, request: Request[Any, Any, Any], token: FromPath[str]) -> Response[str]:
        """Say what will be bound; it takes one press, because cameras open links by themselves.

        Whoever scans a used card again with the very device that it bound is shown the way on.
        """
        try:
            device = await service.device_of_invite(token=token, now=now())
        except InviteNotValid:
            bound = await bound_devices(request)
            if not bound:
                raise
            return page("accounts/invite_over.html", bound=bound, homes=HOME_OF_DEVICE, status=InviteNotValid.status)
        person = await service.person_of_device(device)
        return page("accounts/invite.html", token=token, device=device, person=person)

    @post("/{token:str}")
    async def pair(self, request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
        """Bind this device."""
        await count_browser(Way.CARD, request, now=now())
        device, device_token = await service.pair_device(invite_token=token, now=now())
        kind = DeviceKind(device.kind)
        answer = redirect(HOME_OF_DEVICE[kind])
        set_device_cookie(answer, kind, device_token)
        return answer
