"""Signing in and out, and one's own account."""

import re
from typing import Any, TypeVar

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.controllers.entering import enter
from app.accounts.enums import ORGANISER_ROLES
from app.accounts.errors import (
    OldPasswordWrong,
    PasswordHoldsName,
    PasswordTooCommon,
    PasswordTooShort,
    SignInAgain,
    SignInFailed,
)
from app.accounts.guards import public, signed_in
from app.accounts.identity import SESSION_COOKIE, keep_locale
from app.accounts.limits import Way, count_browser
from app.accounts.schemas import AccountForm, CodeForm, NewPasswordForm, PasswordForm, SignInForm
from app.accounts.services import sign_in as service
from app.accounts.services.fresh import is_fresh
from app.accounts.services.people import update_person
from app.accounts.services.sessions import end_other_sessions, end_own_session, live_sessions
from app.accounts.services.two_step import has_two_step
from app.accounts.tables import Person, SignInToken
from app.kernel.clock import now
from app.kernel.cookies import drop_cookie, read_cookie
from app.kernel.errors import AppError, TooManyTries
from app.kernel.forms import Form, FormError, contact_in, open_form, read_form
from app.kernel.i18n import LOCALE_NAMES, LOCALES, N_, _, use_locale
from app.kernel.logs import note_security
from app.kernel.security import hash_token
from app.kernel.web import browser_of, local_path, page, redirect

#: A browser that goes back asks again, and shows what is true then.
NOT_STORED = {"cache-control": "no-store"}
#: What signing out clears beside the session: pages that the browser kept to go back to. Not "storage", for in the same
#: browser a gate phone or a tablet may hold scans and ballots that are not sent yet, and a visitor her pass.
CLEARED = '"cache"'
SIX_DIGITS = re.compile(r"[0-9]{6}")
NOT_SIX_DIGITS = N_("The code in the message has six digits. Please type all six.")
ContactFormT = TypeVar("ContactFormT", SignInForm, PasswordForm)


class SignInController(Controller):
    """``/sign-in``: by link, by code, by password."""

    path = "/sign-in"
    guards = [public]
    include_in_schema = False
    response_headers = NOT_STORED

    @get()
    async def show(self, next: FromQuery[str | None] = None) -> Response[str]:
        """One field: phone number or mail address."""
        return page("accounts/sign_in.html", form=Form.empty(next=local_path(next, "/me")))

    @post(status_code=200)
    async def ask(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Send a link and a code."""
        try:
            form = await _with_contact(request, SignInForm)
            await count_browser(Way.ASK, request, now=now())
            await service.request_sign_in(
                contact=form.contact,
                next_path=local_path(form.next, "/me"),
                browser=browser_of(request),
                now=now(),
            )
        except FormError as error:
            return page("accounts/sign_in.html", status=error.status, form=error.form)
        except AppError as error:
            shown = Form({"contact": form.contact, "next": form.next}, {"contact": error.sentence()})
            return page("accounts/sign_in.html", status=error.status, form=shown)
        return page("accounts/code.html", form=Form.empty(contact=form.contact))

    @post("/code", status_code=200)
    async def code(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Enter the six digits."""
        try:
            reading = await open_form(request, CodeForm)
            code = "".join(reading.values.code.split())
            if not SIX_DIGITS.fullmatch(code):
                reading.refuse("code", _(NOT_SIX_DIGITS))
            form = reading.settle()
            await count_browser(Way.CODE, request, now=now())
            person_id, next_path = await service.redeem_code(
                contact=form.contact, code=code, browser=browser_of(request), now=now()
            )
        except FormError as error:
            return page("accounts/code.html", status=error.status, form=error.form)
        except (SignInFailed, TooManyTries) as error:
            shown = Form({"contact": form.contact, "code": form.code}, {"code": error.sentence()})
            return page("accounts/code.html", status=error.status, form=shown)
        return await enter(request, person_id, next_path, Way.CODE)

    @get("/password")
    async def password_page(self, next: FromQuery[str | None] = None) -> Response[str]:
        """Sign-in of organisers by password."""
        return page("accounts/password.html", form=Form.empty(next=local_path(next, "/me")))

    @post("/password", status_code=200)
    async def password(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Check a password."""
        try:
            form = await _with_contact(request, PasswordForm)
            await count_browser(Way.PASSWORD, request, now=now())
            person_id = await service.check_password(contact=form.contact, password=form.password, now=now())
        except FormError as error:
            return page("accounts/password.html", status=error.status, form=error.form)
        except (SignInFailed, TooManyTries) as error:
            shown = Form({"contact": form.contact, "next": form.next}, {"password": error.sentence()})
            return page("accounts/password.html", status=error.status, form=shown)
        return await enter(request, person_id, form.next, Way.PASSWORD)

    @get("/{token:str}")
    async def link(self, request: Request[Actor, Any, Any], token: FromPath[str]) -> Response[str]:
        """The page behind a link. It asks for one press, because mail programs open links by themselves."""
        row = (
            await SignInToken.select(
                SignInToken.person,
                SignInToken.person.full_name.as_alias("full_name"),
                SignInToken.used_at,
                SignInToken.expires_at,
            )
            .where(SignInToken.token_hash == hash_token(token))
            .first()
        )
        if row is None or row["used_at"] is not None or row["expires_at"] <= now():
            why = "unknown" if row is None else "used" if row["used_at"] is not None else "old"
            return page("accounts/link_used.html", status=410, why=why)
        replaced = request.user.signed_in and request.user.person_id != row["person"]
        return page("accounts/link.html", token=token, full_name=row["full_name"], replaced=replaced)

    @post("/{token:str}")
    async def use_link(self, request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
        """Sign in by a link."""
        await count_browser(Way.LINK, request, now=now())
        person_id, next_path = await service.redeem_link(token=token, now=now())
        return await enter(request, person_id, next_path, Way.LINK)


@post("/sign-out", guards=[public], include_in_schema=False)
async def sign_out(request: Request[Any, Any, Any]) -> Response[Any]:
    """End this browser's session."""
    token = read_cookie(request, SESSION_COOKIE)
    if token:
        await service.end_session(token=token)
        note_security("sign_out")
    answer = redirect("/", toast=_("You are signed out."))
    drop_cookie(answer, SESSION_COOKIE)
    answer.headers["clear-site-data"] = CLEARED
    return answer


class AccountController(Controller):
    """``/account``: one's own details, password and sessions."""

    path = "/account"
    guards = [signed_in]
    include_in_schema = False

    @get()
    async def show(self, request: Request[Any, Any, Any]) -> Response[str]:
        """Name, phone, mail, language, password, sessions."""
        return await _account_page(request)

    @post(status_code=200)
    async def save(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Change one's name and language."""
        actor = request.scope["user"]
        try:
            form = await read_form(request, AccountForm)
        except FormError as error:
            return await _account_page(request, form=error.form, status=error.status)
        await update_person(
            person_id=actor.person_id, full_name=form.full_name, locale=form.locale, actor=actor, now=now()
        )
        with use_locale(form.locale):
            answer = redirect("/account", toast=_("Saved."))
        keep_locale(answer, form.locale)
        return answer

    @post("/password", status_code=200)
    async def password(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Set a password, for the old one or after a fresh sign-in."""
        actor = request.scope["user"]
        try:
            form = await read_form(request, NewPasswordForm)
            await count_browser(Way.BEFORE_CHANGE, request, now=now())
            await service.change_password(old=form.old, password=form.password, actor=actor, now=now())
        except FormError as error:
            return await _account_page(request, password_form=error.form, status=error.status)
        except (OldPasswordWrong, SignInAgain, TooManyTries) as error:
            shown = Form({}, {"old": error.sentence()})
            return await _account_page(request, password_form=shown, status=error.status)
        except (PasswordTooShort, PasswordTooCommon, PasswordHoldsName) as error:
            shown = Form({}, {"password": error.sentence()})
            return await _account_page(request, password_form=shown, status=error.status)
        return redirect("/account", toast=_("Password saved. Other browsers were signed out."))

    @post("/sessions/{session_id:int}/end")
    async def end_session(self, request: Request[Any, Any, Any], session_id: FromPath[int]) -> Response[Any]:
        """Sign one other browser out."""
        await end_own_session(session_id=session_id, actor=request.scope["user"], now=now())
        return redirect("/account#sessions", toast=_("That browser is signed out."))

    @post("/sessions/end-others")
    async def end_others(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Sign all other browsers out."""
        await end_other_sessions(actor=request.scope["user"], now=now())
        return redirect("/account#sessions", toast=_("All other browsers are signed out."))


async def _with_contact(request: Request[Any, Any, Any], model: type[ContactFormT]) -> ContactFormT:
    """A form with the one field for phone number or mail address. Raises FormError, also where it is neither."""
    reading = await open_form(request, model)
    contact_in(reading)
    return reading.settle()


async def _account_page(
    request: Request[Any, Any, Any],
    *,
    form: Form | None = None,
    password_form: Form | None = None,
    status: int = 200,
) -> Response[str]:
    actor = request.scope["user"]
    person = await Person.select().where(Person.id == actor.person_id).first()
    assert person is not None
    values = {key: person[key] for key in ("full_name", "locale")}
    return page(
        "accounts/account.html",
        status=status,
        form=form or Form.empty(**values),
        contacts={key: person[key] for key in ("email", "phone")},
        password_form=password_form or Form(),
        password_length=service.PASSWORD_LENGTH,
        has_password=person["password_hash"] is not None,
        fresh=await is_fresh(actor, now()),
        sessions=await live_sessions(actor, now()),
        grants=actor.grants,
        two_step=await has_two_step(actor.person_id),
        organises=actor.has(*ORGANISER_ROLES),
        languages=[(code, LOCALE_NAMES[code]) for code in LOCALES],
    )
