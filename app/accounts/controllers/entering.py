"""What follows when somebody has shown who she is: a session at once, or the second step before it."""

from typing import Any

from litestar import Request, Response

from app.accounts.identity import SESSION_COOKIE, clear_half_cookie, set_half_cookie, set_session_cookie
from app.accounts.limits import Way
from app.accounts.queries import actor_of_person
from app.accounts.schemas import browser_name
from app.accounts.services.sign_in import start_session
from app.accounts.services.two_step import has_two_step, start_half_sign_in
from app.kernel.clock import now
from app.kernel.cookies import LOCALE_COOKIE, read_cookie
from app.kernel.logs import note_security
from app.kernel.web import local_path, redirect


async def enter(request: Request[Any, Any, Any], person_id: int, next_path: str, way: Way) -> Response[Any]:
    """Go on after a link, a code or a password; who has a second step is asked for it, without a session."""
    if not await has_two_step(person_id):
        return await enter_fully(request, person_id, next_path, way)
    note_security("sign_in.first_step", way=way, person_id=person_id)
    token = await start_half_sign_in(person_id=person_id, next_path=local_path(next_path, "/me"), now=now())
    answer = redirect("/sign-in/two-step")
    set_half_cookie(answer, token)
    return answer


async def enter_fully(request: Request[Any, Any, Any], person_id: int, next_path: str, way: Way) -> Response[Any]:
    """Begin a session and go on."""
    answer = redirect(local_path(next_path, "/me"))
    await begin_session(request, answer, person_id)
    clear_half_cookie(answer)
    note_security("sign_in.done", way=way, person_id=person_id)
    return answer


async def begin_session(request: Request[Any, Any, Any], answer: Response[Any], person_id: int) -> None:
    """Begin a session under a new token; the one that the browser had ends, whosever it was."""
    token = await start_session(
        person_id=person_id,
        browser=browser_name(request.headers.get("user-agent", "")),
        old_token=read_cookie(request, SESSION_COOKIE),
        now=now(),
    )
    actor = await actor_of_person(person_id)
    chosen = bool(read_cookie(request, LOCALE_COOKIE))  # in this browser, before signing in: it stays
    set_session_cookie(answer, token, None if chosen else actor.locale)
