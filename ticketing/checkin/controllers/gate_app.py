"""The gate app: one page, its manifest and its service worker, all below ``/gate/``."""

from typing import Any

import msgspec
from litestar import Controller, Request, Response, get

from app.accounts.enums import DeviceKind
from app.accounts.guards import public
from app.events.queries import edition_by_id
from app.kernel.errors import NotFound
from app.kernel.i18n import _
from app.kernel.security import SCANNER_CSP
from app.kernel.web import STATIC_DIR, asset, page
from ticketing.checkin.errors import GateNotFound
from ticketing.checkin.services.gates import rule_of

WORKER = "checkin-gate-sw.js"


class GateApp(Controller):
    """``/gate/``: installable, with a scope of its own."""

    path = "/gate"
    guards = [public]
    include_in_schema = False

    @get("/")
    async def scanner(self, request: Request[Any, Any, Any]) -> Response[str]:
        """The scanner on a paired phone; on any other, how to pair it."""
        if request.user.device_kind != DeviceKind.GATE:
            return unpaired()
        try:
            rule = await rule_of(request.user)
        except GateNotFound:
            return unpaired()
        edition = await edition_by_id(rule.edition_id)
        return page(
            "checkin/gate.html",
            headers={"content-security-policy": SCANNER_CSP, "cache-control": "no-cache"},
            rule=rule,
            edition=edition,
        )

    @get("/manifest.webmanifest")
    async def manifest(self) -> Response[bytes]:
        """What the phone shows when the app is installed."""
        manifest = {
            "id": "/gate/",
            "name": _("Fairground gate"),
            "short_name": _("Gate"),
            "start_url": "/gate/",
            "scope": "/gate/",
            "display": "standalone",
            "orientation": "portrait",
            "background_color": "#17151a",
            "theme_color": "#17151a",
            "icons": [{"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        }
        return Response(msgspec.json.encode(manifest), media_type="application/manifest+json")

    @get("/sw.js")
    async def worker(self) -> Response[bytes]:
        """The service worker; browsers ask for it again each time."""
        path = STATIC_DIR / "build" / WORKER
        if not path.exists():
            raise NotFound
        headers = {"cache-control": "no-cache", "service-worker-allowed": "/gate/"}
        return Response(path.read_bytes(), media_type="text/javascript", headers=headers)


def unpaired() -> Response[str]:
    """How a phone is paired, and what one that was withdrawn has not sent: its codes are drawn by WebAssembly."""
    headers = {"content-security-policy": SCANNER_CSP, "cache-control": "no-store"}
    return page("checkin/unpaired.html", headers=headers)
