"""Reads of what others bear of invoices: whose debt it is, what of it came, and what is still to come.

Her debt stands in the ledger, on the account of what others bear, under her name: what an invoice and the credit notes
over it entered there, less what came from her. So it follows whatever becomes of the invoice.
"""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kernel.database import as_moment, fetch
from app.kernel.money import Money
from app.kernel.names import clean_text, search_text, text_key
from app.kernel.rows import among
from app.payments.queries import PaymentInfo, payment_info
from app.payments.tables import Payment


@dataclass(frozen=True, kw_only=True)
class Borne:
    """What somebody bears of an invoice. ``line_id``, of the first line that names her, says in forms which it is.

    ``owed`` is below zero where she paid more than she bears by now: that has to go back to her. ``payment_id`` is the
    newest payment that came from her.
    """

    line_id: int
    document_id: int
    number: str
    payer_name: str
    bearer: str
    made_at: datetime
    owed: Money
    came: Money
    payment_id: int | None

    @property
    def share(self) -> Money:
        """What she bears, less what was taken back."""
        return Money(self.owed.amount_minor + self.came.amount_minor, self.owed.currency)

    @property
    def due(self) -> Money:
        """What is still to come from her."""
        return Money(max(0, self.owed.amount_minor), self.owed.currency)

    @property
    def due_back(self) -> Money:
        """What has to go back to her."""
        return Money(max(0, -self.owed.amount_minor), self.owed.currency)

    @property
    def stand(self) -> str:
        """What a form carries of it, to see later whether she still owes what was shown."""
        return str(self.owed.amount_minor)


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """Somebody who bears parts of invoices of an edition, in one currency, and what it comes to."""

    name: str
    share: Money
    came: Money
    owed: Money
    of: Sequence[Borne]

    @property
    def line_id(self) -> int:
        """By what a page names her: the first line that does (``Borne.line_id``)."""
        return self.of[0].line_id


async def bearers_known(edition_id: int) -> dict[str, str]:
    """Who bears something of an edition's invoices, as each was spelled first, by what :func:`as_known` goes by."""
    rows = await fetch(
        "SELECT i.funded_by FROM payment_line i JOIN payment_document d ON d.id = i.document "
        "WHERE d.edition = {} AND i.funded_by <> '' GROUP BY i.funded_by ORDER BY MIN(i.id)",
        edition_id,
    )
    known: dict[str, str] = {}
    for row in rows:
        as_known(row["funded_by"], known)
    return known


def as_known(name: str, known: MutableMapping[str, str]) -> str:
    """A bearer's name as it was spelled first among ``known``, to whom she is added if she is new.

    Blanks, capitals, the composition of letters and where a syllable's tone is written make nobody another debtor.
    """
    cleaned = clean_text(name)[:120]
    return known.setdefault(text_key(cleaned), cleaned)


async def borne_in(edition_id: int) -> list[Borne]:
    """All that others bear of an edition's invoices, by bearer; without what was taken back before anything came."""
    found = await _borne("d.edition = {}", edition_id)
    return [one for one in found if one.owed.amount_minor or one.came.amount_minor]


async def borne_of(document_id: int) -> list[Borne]:
    """What others bear of an invoice."""
    return await _borne("d.id = {}", document_id)


async def borne_on_lines(line_ids: Iterable[int], edition_id: int) -> list[Borne]:
    """What others bear, by ``line_id``, in the order of those; what is none of an edition is passed over."""
    wanted = list(line_ids)
    if not wanted:
        return []
    chosen, ids = among(wanted)
    documents = f"d.edition = {{}} AND d.id IN (SELECT document FROM payment_line WHERE id {chosen})"
    found = {one.line_id: one for one in await _borne(documents, edition_id, ids)}
    return [found[one] for one in wanted if one in found]


async def borne_like(edition_id: int, search: str, limit: int) -> list[Borne]:
    """What others bear where ``search`` stands in bearer, payer or number: first what is still to come.

    ``search`` is already without diacritics (``names.search_text``).
    """
    found = [one for one in await borne_in(edition_id) if search in search_text(one.bearer, one.number, one.payer_name)]
    return sorted(found, key=lambda one: one.due.amount_minor == 0)[:limit]


async def borne_amounts(document_ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """What documents say that others bear of them, by id: who, named one after the other, and how much, tax and all."""
    chosen, ids = among(list(document_ids) or [0])
    rows = await fetch(
        "SELECT document, funded_by, SUM(net_minor + tax_minor) AS minor FROM payment_line "
        f"WHERE document {chosen} AND funded_by <> '' GROUP BY document, funded_by ORDER BY document, MIN(position)",
        ids,
    )
    found: dict[int, tuple[str, int]] = {}
    for row in rows:
        names, minor = found.get(row["document"], ("", 0))
        joined = ", ".join(filter(None, (names, row["funded_by"])))
        found[row["document"]] = joined, minor - int(row["minor"])
    return found


def by_bearer(found: Iterable[Borne]) -> list[Bearer]:
    """Who bears something, and what it comes to with each, by name as lists are sorted.

    Two spellings of one name, of before they were written alike, are one bearer under the first.
    """
    groups: dict[tuple[str, str], list[Borne]] = {}
    for one in sorted(found, key=lambda one: one.line_id):
        groups.setdefault((text_key(one.bearer), one.owed.currency), []).append(one)
    return [
        Bearer(
            name=of[0].bearer,
            share=Money(sum(one.share.amount_minor for one in of), currency),
            came=Money(sum(one.came.amount_minor for one in of), currency),
            owed=Money(sum(one.owed.amount_minor for one in of), currency),
            of=of,
        )
        for (_key, currency), of in sorted(groups.items())
    ]


async def payments_of_bearers(document_id: int) -> list[tuple[str, PaymentInfo]]:
    """What came from bearers of an invoice and went back to them, in the order in which it was recorded."""
    theirs = (Payment.document == document_id) & (Payment.bearer != "")
    rows = await Payment.select().where(theirs).order_by(Payment.id)
    return [(row["bearer"], payment_info(row)) for row in rows]


async def _borne(condition: str, *values: Any) -> list[Borne]:
    rows = await fetch(
        "SELECT d.id, d.number, d.payer_name, d.currency, d.created_at, i.funded_by, MIN(i.id) AS line_id, "
        "(SELECT COALESCE(SUM(e.amount_minor), 0) FROM ledger_entry e WHERE e.document = d.id "
        "AND e.account = 'subsidy' AND e.detail = i.funded_by) "
        "+ (SELECT COALESCE(SUM(e.amount_minor), 0) FROM payment_document n JOIN ledger_entry e ON e.document = n.id "
        "WHERE n.corrects = d.id AND e.account = 'subsidy' AND e.detail = i.funded_by) AS owed_minor, "
        "(SELECT COALESCE(SUM(p.amount_minor), 0) FROM payment p WHERE p.document = d.id AND p.bearer = i.funded_by) "
        "AS came_minor, (SELECT MAX(p.id) FROM payment p WHERE p.document = d.id AND p.bearer = i.funded_by "
        "AND p.amount_minor > 0 AND p.outcome <> 'mistaken') AS payment_id "
        "FROM payment_document d JOIN payment_line i ON i.document = d.id "
        f"WHERE d.kind = 'invoice' AND i.funded_by <> '' AND {condition} "
        "GROUP BY d.id, d.number, d.payer_name, d.currency, d.created_at, i.funded_by ORDER BY i.funded_by, d.id",
        *values,
    )
    return [
        Borne(
            line_id=row["line_id"],
            document_id=row["id"],
            number=row["number"],
            payer_name=row["payer_name"],
            bearer=row["funded_by"],
            made_at=as_moment(row["created_at"]),
            owed=Money(int(row["owed_minor"]), row["currency"]),
            came=Money(int(row["came_minor"]), row["currency"]),
            payment_id=row["payment_id"],
        )
        for row in rows
    ]
