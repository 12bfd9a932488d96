"""What people type into the searches of the finance desk: names and texts, amounts, phone numbers, references.

Each is looked for in every way in which it can be meant: 0912345678 may be an amount, too. A module that sells says
which of its subjects belong to a phone number; of the others the payer's own number counts.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from piccolo.columns.combination import WhereRaw

from app.accounts.tables import Person
from app.events.queries import edition_by_id
from app.kernel.database import contains
from app.kernel.money import Money, parse_money
from app.kernel.names import normalise_phone, region_of
from app.kernel.searching import like_pattern
from app.payments.references import PREFIX
from app.payments.tables import PaymentDocument
from app.payments.tables_bank import BankEntry
from app.payments.tables_service import ServiceInvoice

#: Fewer letters and digits than this are not looked for without their blanks: they would be found anywhere.
LEAST_REFERENCE = 6
MOST_SUBJECTS = 500

Find = Callable[[int, str], Awaitable[list[int]]]
_finders: dict[str, Find] = {}


def register_phones(purpose: str, find: Find) -> None:
    """Say whose a phone number is: ``find(edition_id, number)`` gives ids of subjects of a purpose, number in E.164.

    Raises ValueError when the purpose is taken.
    """
    if _finders.setdefault(purpose, find) != find:
        raise ValueError(f"phone numbers of {purpose} are found by another module already")


async def invoices_where(edition_id: int, wanted: str) -> Any:
    """The condition for documents of an edition that ``wanted`` may mean, which is without diacritics already."""
    chosen: Any = contains(wanted, "payment_document.search_text")
    currency = (await edition_by_id(edition_id)).currency
    if amount := amount_in(wanted, currency):
        minor = amount.amount_minor
        chosen = chosen | (PaymentDocument.amount_minor == minor)
        chosen = chosen | WhereRaw("(amount_minor - credited_minor - paid_minor = {})", minor)
        parts = "(payment_document.id IN (SELECT document FROM payment_instalment WHERE amount_minor = {}))"
        chosen = chosen | WhereRaw(parts, minor)
    if reference := without_blanks(wanted):
        chosen = chosen | WhereRaw("(payment_document.reference LIKE {} ESCAPE '!')", like_pattern(reference))
    if phone := _phone_in(wanted, currency):
        people = await Person.select(Person.id).where(Person.phone == phone)
        chosen = chosen | PaymentDocument.payer.is_in([row["id"] for row in people] or [0])
        for purpose, find in _finders.items():
            subjects = (await find(edition_id, phone))[:MOST_SUBJECTS]
            if subjects:
                mine = (PaymentDocument.purpose == purpose) & PaymentDocument.subject_id.is_in(subjects)
                chosen = chosen | mine
    return chosen


async def transfers_where(edition_id: int, wanted: str) -> Any:
    """The condition for transfers that ``wanted`` may mean, as :func:`invoices_where` has it for documents."""
    chosen: Any = contains(wanted, "bank_entry.search_text")
    if amount := amount_in(wanted, (await edition_by_id(edition_id)).currency):
        chosen = chosen | (BankEntry.amount_minor == amount.amount_minor)
    if reference := without_blanks(wanted):
        found = "(REPLACE(UPPER(bank_entry.search_text), ' ', '') LIKE {} ESCAPE '!')"
        chosen = chosen | WhereRaw(found, like_pattern(reference))
    return chosen


async def services_of_phone(edition_id: int, phone: str) -> list[int]:
    """Ids of the service invoices of an edition whose payer has a phone number."""
    mine = (ServiceInvoice.edition == edition_id) & (ServiceInvoice.phone == phone)
    rows = await ServiceInvoice.select(ServiceInvoice.id).where(mine).order_by(ServiceInvoice.id, ascending=False)
    return [row["id"] for row in rows]


def amount_in(wanted: str, currency: str) -> Money | None:
    """The amount that is typed, with or without points, blanks or the currency; None where it is no amount."""
    try:
        amount = parse_money(re.sub(r"(?<=\d)\s*d$", "", wanted), currency)
    except ValueError:
        return None
    return amount if amount.amount_minor else None


def without_blanks(wanted: str) -> str:
    """A text in capitals without what stands between its letters and digits, where it may be a reference, or ""."""
    bare = re.sub(r"[^0-9A-Z]", "", wanted.upper())
    mixed = re.search(r"[A-Z]", bare) and re.search(r"\d", bare)
    # One reference in twenty has no digit.
    return bare if len(bare) >= LEAST_REFERENCE and (mixed or bare.startswith(PREFIX)) else ""


def _phone_in(wanted: str, currency: str) -> str:
    try:
        return normalise_phone(wanted, region_of(currency))
    except ValueError:
        return ""
