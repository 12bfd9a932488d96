"""What a person is told when the way into her account changes, and the end of what was open under the old one."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.accounts.tables import HalfSignIn, Session, SignInToken
from app.kernel.i18n import N_, _, format_datetime, use_locale
from app.kernel.outbox import send_message, way_to

ZONE = "Asia/Ho_Chi_Minh"
_SUBJECT = N_("Your sign-in to Fairground was changed")
_DEAR = N_("Dear {name},")
_NOT_YOU = N_(
    "If this was not you, sign in again at once, change your password and tell the organisers of your festival. If you "
    "cannot sign in any more, tell them: they know who you are."
)


async def tell_change(
    person: Mapping[str, Any], sentence: str, *, email: str | None, phone: str | None, now: datetime
) -> None:
    """Tell her in her language, in the caller's transaction; ``sentence`` is marked and may hold ``{when}``."""
    if not email and not phone:
        return
    channel, address = way_to(email=email, phone=phone)
    with use_locale(person["locale"]):
        said = _(sentence).format(when=format_datetime(now, ZONE))
        await send_message(
            channel=channel,
            to=address,
            person_id=person["id"],
            subject=_(_SUBJECT),
            body="\n\n".join([_(_DEAR).format(name=person["full_name"]), said, _(_NOT_YOU)]),
            locale=person["locale"],
            now=now,
        )


async def end_others(person_id: int, kept: Iterable[int | None]) -> int:
    """End all sessions of a person but those ``kept``, and whatever would begin another one; how many sessions ended.

    That are links and codes that were not used, and sign-ins that wait for their second step.
    """
    others = (Session.person == person_id) & Session.id.not_in([*(one for one in kept if one is not None), 0])
    gone = await Session.delete().where(others).returning(Session.id)
    await HalfSignIn.delete().where(HalfSignIn.person == person_id)
    await SignInToken.delete().where((SignInToken.person == person_id) & SignInToken.used_at.is_null())
    return len(gone)
