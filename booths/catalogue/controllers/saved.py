"""Things that a visitor keeps for later: a signed list in a cookie of the edition, without an account."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.guards import public
from app.accounts.queries import organisations_that_stayed
from app.events.controllers.public import visible_edition
from app.kernel.clock import now
from app.kernel.cookies import keep_cookie, read_cookie
from app.kernel.forms import read_form
from app.kernel.i18n import _
from app.kernel.security import LinkNotValid, sign, unsign
from app.kernel.web import local_path, page, redirect
from booths.catalogue.queries.exhibitors import exhibitors_of
from booths.catalogue.queries.products import products_by_ids
from booths.catalogue.schemas import SaveForm

COOKIE = "fg_saved"
MOST = 100
DAYS = 120


class SavedController(Controller):
    """``/e/{slug}/saved``."""

    path = "/e/{slug:str}/saved"
    guards = [public]
    include_in_schema = False

    @get()
    async def show(self, request: Request[Actor, Any, Any], slug: FromPath[str]) -> Response[str]:
        """What this browser keeps."""
        edition = await visible_edition(slug, request.user)
        items = saved_items(request, edition.path)
        wanted = [int(item[1:]) for item in items if item.startswith("x")]
        wanted = await organisations_that_stayed(wanted) if wanted else []
        cards = {card.id: card for card in await exhibitors_of(edition.id)} if wanted else {}
        return page(
            "catalogue/saved.html",
            edition=edition,
            products=await products_by_ids(edition.id, [int(item[1:]) for item in items if item.startswith("p")]),
            exhibitors=[cards[one] for one in wanted if one in cards],
        )

    # Nobody gains by forging this: it changes a list that its own browser shows. Without a token in the form the
    # pages of products and exhibitors are the same for everybody, and kept by the page cache.
    @post(status_code=303, no_csrf=True)
    async def save(self, request: Request[Actor, Any, Any], slug: FromPath[str]) -> Response[Any]:
        """Keep something, or forget it."""
        edition = await visible_edition(slug, request.user)
        form = await read_form(request, SaveForm)
        items = [item for item in saved_items(request, edition.path) if item != form.item]
        if form.keep:
            items = [form.item, *items][:MOST]
        back = local_path(form.next, f"{edition.path}/saved")
        answer = redirect(back, toast=_("Saved for later.") if form.keep else _("Taken off your list."))
        value = sign(items, COOKIE, now() + timedelta(days=DAYS))
        keep_cookie(answer, COOKIE, value, seconds=DAYS * 86_400, path=edition.path)
        return answer


def saved_items(request: Request[Any, Any, Any], path: str) -> list[str]:
    """What this browser keeps of the edition at ``path``, the latest first: ``p12`` a product, ``x3`` an exhibitor."""
    value = read_cookie(request, COOKIE, path)
    if not value:
        return []
    try:
        items = unsign(value, COOKIE, now())
    except LinkNotValid:
        return []
    return _plain(items)


def _plain(items: Sequence[Any]) -> list[str]:
    return [item for item in items if isinstance(item, str) and item[:1] in "px" and item[1:].isdigit()]
