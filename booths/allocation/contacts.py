"""Phone numbers and mail addresses as people type them."""

from app.kernel.i18n import N_, _
from app.kernel.names import normalise_email, normalise_phone

CONTACT_NEEDED = N_("A phone number or a mail address is needed.")
NOT_A_PHONE = N_("This is no phone number. Write it like 0912 345 678.")
NOT_AN_EMAIL = N_("This is no mail address. Write it like lan@example.org.")


def read_contact(phone: str, email: str) -> tuple[str | None, str | None, dict[str, str]]:
    """(phone in E.164, mail address, sentences by field for what does not fit)."""
    problems: dict[str, str] = {}
    found: list[str | None] = [None, None]
    for number, (name, typed, normalise, sentence) in enumerate(
        (("phone", phone, normalise_phone, NOT_A_PHONE), ("email", email, normalise_email, NOT_AN_EMAIL))
    ):
        try:
            found[number] = normalise(typed) if typed else None
        except ValueError:
            problems[name] = _(sentence)
    if not problems and not any(found):
        problems["phone"] = _(CONTACT_NEEDED)
    return found[0], found[1], problems
