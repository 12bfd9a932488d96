"""Two-step sign-in: the second step itself, and setting it up on one's own account."""

from typing import Any

from litestar import Controller, Request, Response, get, post

from app.accounts.actor import Actor
from app.accounts.controllers.entering import begin_session, enter_fully
from app.accounts.enums import ORGANISER_ROLES
from app.accounts.errors import SecondCodeWrong, SignInAgain, TwoStepLocked
from app.accounts.guards import organiser, owes_two_step, public, signed_in
from app.accounts.identity import HALF_COOKIE, HALF_PATH, clear_half_cookie
from app.accounts.limits import Way, count_browser
from app.accounts.schemas import FirstCodeForm, SecondStepForm
from app.accounts.services import two_step as service
from app.accounts.services.fresh import check_fresh, is_fresh
from app.kernel.clock import now
from app.kernel.cookies import read_cookie
from app.kernel.documents.qr import qr_svg
from app.kernel.errors import NotAllowed, TooManyTries
from app.kernel.forms import Form, FormError, read_form
from app.kernel.i18n import _
from app.kernel.web import page, redirect

#: Of pages that show a secret.
NOT_KEPT = {"cache-control": "no-store"}


class SecondStepController(Controller):
    """``/sign-in/two-step``: the code of the app, after a link, a code or a password."""

    path = "/sign-in/two-step"
    guards = [public]
    response_headers = NOT_KEPT
    include_in_schema = False

    @get()
    async def show(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Ask for the code; whoever did no first step begins there."""
        token = read_cookie(request, HALF_COOKIE, HALF_PATH)
        if await service.half_sign_in(token=token, now=now()) is None:
            return _begin_again()
        return page("accounts/second_step.html", form=Form())

    @post(status_code=200)
    async def check(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Take the code, or a recovery code; the session begins here."""
        token = read_cookie(request, HALF_COOKIE, HALF_PATH)
        field = "code"
        try:
            form = await read_form(request, SecondStepForm)
            await count_browser(Way.TWO_STEP, request, now=now())
            field = "code" if form.code else "recovery"
            done = await service.finish_half_sign_in(token=token, code=form.code or form.recovery, now=now())
        except FormError as error:
            return page("accounts/second_step.html", status=error.status, form=error.form)
        except (SecondCodeWrong, TooManyTries, TwoStepLocked) as error:
            shown = Form({}, {field: error.sentence()})
            return page("accounts/second_step.html", status=error.status, form=shown)
        if done is None:
            return _begin_again()
        return await enter_fully(request, *done, Way.TWO_STEP)


def _begin_again() -> Response[Any]:
    answer = page("accounts/second_step_over.html", status=410)
    clear_half_cookie(answer)
    return answer


class TwoStepController(Controller):
    """``/account/two-step``: for who organises, and for who once did and wants to be rid of it."""

    path = "/account/two-step"
    include_in_schema = False

    @get(guards=[signed_in])
    async def show(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Off, waiting for its first code, or on."""
        return await _set_up_page(request)

    @post("/begin", guards=[organiser], status_code=200)
    async def begin(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Make a secret and show it."""
        try:
            await check_fresh(request.user, now())
        except SignInAgain as error:
            return await _set_up_page(request, status=error.status)
        await service.begin_two_step(person_id=_own_id(request), now=now())
        return redirect("/account/two-step")

    @post(guards=[organiser], status_code=200)
    async def confirm(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Take the first code and show the recovery codes, this once; the session goes on under a new token."""
        person_id = _own_id(request)
        try:
            await check_fresh(request.user, now())
            form = await read_form(request, FirstCodeForm)
            codes = await service.confirm_two_step(person_id=person_id, code=form.code, actor=request.user, now=now())
        except FormError as error:
            return await _set_up_page(request, form=error.form, status=error.status)
        except (SecondCodeWrong, SignInAgain) as error:
            return await _set_up_page(request, form=Form({}, {"code": error.sentence()}), status=error.status)
        answer = page("accounts/recovery_codes.html", codes=codes, headers=NOT_KEPT)
        await begin_session(request, answer, person_id)
        return answer

    @post("/off", guards=[signed_in], status_code=200)
    async def turn_off(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """Turn it off, for a code or a recovery code."""
        try:
            form = await read_form(request, SecondStepForm)
            await count_browser(Way.TWO_STEP, request, now=now())
            await service.turn_off_two_step(
                person_id=_own_id(request), code=form.code or form.recovery, actor=request.user, now=now()
            )
        except FormError as error:
            return await _set_up_page(request, form=error.form, status=error.status)
        except (SecondCodeWrong, TooManyTries, TwoStepLocked) as error:
            return await _set_up_page(request, form=Form({}, {"code": error.sentence()}), status=error.status)
        return redirect("/account", toast=_("Two-step sign-in is off."))


def _own_id(request: Request[Actor, Any, Any]) -> int:
    assert request.user.person_id is not None
    return request.user.person_id


async def _set_up_page(
    request: Request[Actor, Any, Any], *, form: Form | None = None, status: int = 200
) -> Response[str]:
    person_id = _own_id(request)
    is_on = await service.has_two_step(person_id)
    if not is_on and not request.user.has(*ORGANISER_ROLES):
        raise NotAllowed
    fresh = await is_fresh(request.user, now())
    secret = None if is_on or not fresh else await service.secret_to_confirm(person_id)
    address = service.address_of(secret, await service.name_in_app(person_id)) if secret else ""
    return page(
        "accounts/two_step.html",
        status=status,
        headers=NOT_KEPT,
        form=form or Form(),
        is_on=is_on,
        fresh=fresh,
        demanded=await owes_two_step(request.user),
        codes_left=await service.recovery_codes_left(person_id) if is_on else 0,
        codes_made=service.RECOVERY_CODES,
        address=address,
        qr=qr_svg(address, label=_("QR code for the authenticator app")) if secret else None,
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)) if secret else "",
    )
