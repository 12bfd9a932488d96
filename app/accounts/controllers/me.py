"""Where somebody goes after signing in: the one place of her role, or a choice of places."""

from typing import Any

from litestar import Request, Response, get

from app.accounts.enums import EXHIBITOR_ROLES, ORGANISER_ROLES, Role
from app.accounts.guards import signed_in
from app.accounts.lists import waits_for_her
from app.kernel.i18n import N_
from app.kernel.web import page, redirect

#: (roles, title, what it is for, address) of each place.
PLACES = (
    (ORGANISER_ROLES, N_("Organise"), N_("Editions, booths, tickets, the contest, the day itself"), "/manage"),
    (EXHIBITOR_ROLES, N_("Exhibit"), N_("Your booth, your page, your products"), "/exhibitor/"),
    ((Role.JUDGE,), N_("Judge"), N_("The ideas you were asked to score"), "/judge/"),
    ((Role.TEAM_MEMBER,), N_("My ideas"), N_("Where your idea stands and what is due"), "/team/"),
)


@get("/me", guards=[signed_in], include_in_schema=False)
async def me(request: Request[Any, Any, Any]) -> Response[Any]:
    """The places of a person; straight on when there is one."""
    actor = request.scope["user"]
    if await waits_for_her(actor.person_id):
        return redirect("/account/filled-in")
    places = [place for place in PLACES if actor.has(*place[0])]
    if len(places) == 1:
        return redirect(places[0][3])
    return page("accounts/me.html", places=places)
