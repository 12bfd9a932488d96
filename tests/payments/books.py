"""What must hold of an edition's books whatever happened: the ledger comes to what all other tables say."""

from __future__ import annotations

from typing import Any

from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.payments.enums import Account, DocumentState, PaymentMethod
from app.payments.queries_borne import borne_in
from app.payments.services.ledger import ACCOUNT_OF

Rows = list[dict[str, Any]]
#: States of an invoice of which nothing is sold.
FALLEN = (DocumentState.CANCELLED, DocumentState.REFUND_DUE, DocumentState.REFUNDED)


async def account(edition: EditionInfo, name: Account) -> int:
    """What an account of an edition comes to."""
    return await _sum(
        "SELECT SUM(amount_minor) AS total FROM ledger_entry WHERE edition = {} AND account = {}",
        edition.id,
        name.value,
    )


async def check_books(edition: EditionInfo) -> None:
    """Each account comes to what documents, payments, payouts, claims, drawers and transfers say; so does each invoice.

    For an edition with one currency.
    """
    invoices = await fetch("SELECT * FROM payment_document WHERE edition = {} AND kind = 'invoice'", edition.id)
    payments = await fetch(
        "SELECT p.* FROM payment p JOIN payment_document d ON d.id = p.document WHERE d.edition = {}", edition.id
    )
    _check_states(invoices)
    await _check_invoices(edition, invoices, payments)
    await _check_sales(edition, invoices, payments)
    await _check_bearers(edition, payments)
    await _check_money(edition, invoices, payments)


async def _sum(statement: str, *values: object) -> int:
    (row,) = await fetch(statement, *values)
    return int(row["total"] or 0)


def _due(row: dict[str, Any]) -> int:
    return int(row["amount_minor"] - row["credited_minor"] - row["paid_minor"])


def _check_states(invoices: Rows) -> None:
    """An invoice stands where its amounts say: one of which nothing is due any more is paid, its seller was asked."""
    for row in invoices:
        paid, owed = row["paid_minor"], row["owed_minor"]
        assert min(paid, owed, row["credited_minor"]) >= 0, row
        match row["state"]:
            case "open" | "written_off":
                assert _due(row) > 0, row
            case "paid":
                assert (_due(row), paid > 0) == (0, row["amount_minor"] > 0), row  # or others bear all of it
            case "cancelled":
                assert paid == 0, row
            case "refund_due" | "refunded":
                assert (paid, owed > 0) == (0, row["state"] == "refund_due"), row


async def _check_invoices(edition: EditionInfo, invoices: Rows, payments: Rows) -> None:
    """What came for each invoice is kept or has to go back, and its entries say what is still due and still owed."""
    entered: dict[tuple[int, str], int] = {}
    for row in await fetch(
        "SELECT COALESCE(d.corrects, d.id) AS invoice, l.account, SUM(l.amount_minor) AS total FROM ledger_entry l "
        "JOIN payment_document d ON d.id = l.document WHERE l.edition = {} GROUP BY 1, 2",
        edition.id,
    ):
        entered[row["invoice"], row["account"]] = int(row["total"])
    for row in invoices:
        mine = [one for one in payments if one["document"] == row["id"] and not one["bearer"]]
        assert all(0 <= one["returned_minor"] <= one["owed_minor"] for one in mine), mine
        off = [one for one in mine if one["outcome"] == "mistaken"]
        assert sum(one["amount_minor"] for one in off) == 0, off
        assert all(one["returned_minor"] == max(0, one["amount_minor"]) for one in off), off
        assert sum(one["amount_minor"] for one in mine) == row["paid_minor"] + row["owed_minor"], row
        assert sum(one["owed_minor"] - one["returned_minor"] for one in mine) == row["owed_minor"], row
        due = _due(row) if row["state"] == DocumentState.OPEN else 0
        assert entered.get((row["id"], Account.RECEIVABLE.value), 0) == due, row
        assert entered.get((row["id"], Account.PAYABLE.value), 0) == -row["owed_minor"], row


async def _check_sales(edition: EditionInfo, invoices: Rows, payments: Rows) -> None:
    """What is sold, its tax and what others bear of it is what invoices that stand say, less what notes took back.

    What others bear is less by what came from them.
    """
    standing = {row["id"] for row in invoices if row["state"] not in FALLEN}
    said = {Account.REVENUE: 0, Account.TAX: 0, Account.SUBSIDY: 0}
    for row in await fetch(
        "SELECT d.id, d.corrects, d.state, l.net_minor, l.tax_minor, l.funded_by FROM payment_line l "
        "JOIN payment_document d ON d.id = l.document WHERE d.edition = {}",
        edition.id,
    ):
        if (row["corrects"] or row["id"]) not in standing or row["state"] == DocumentState.CANCELLED:
            continue
        sign = -1 if row["corrects"] else 1
        if row["funded_by"]:
            said[Account.SUBSIDY] += sign * (row["net_minor"] + row["tax_minor"])
        else:
            said[Account.REVENUE] += sign * row["net_minor"]
            said[Account.TAX] += sign * row["tax_minor"]
    assert sum(said.values()) == sum(
        row["amount_minor"] - row["credited_minor"] for row in invoices if row["id"] in standing
    )
    said[Account.SUBSIDY] += sum(row["amount_minor"] for row in payments if row["bearer"])
    assert {name: -(await account(edition, name)) for name in said} == said


async def _check_bearers(edition: EditionInfo, payments: Rows) -> None:
    """Who bears a part owes what lines say that stand, less what came from her; together it is the ledger's account."""
    owed = 0
    for one in await borne_in(edition.id):
        theirs = [row for row in payments if (row["document"], row["bearer"]) == (one.document_id, one.bearer)]
        assert one.came.amount_minor == sum(row["amount_minor"] for row in theirs) >= 0, one
        assert one.share.amount_minor >= 0, one
        owed += one.owed.amount_minor
    assert owed == await account(edition, Account.SUBSIDY)


async def _check_money(edition: EditionInfo, invoices: Rows, payments: Rows) -> None:
    """Money lies where it came, less what was paid out, kept by others, lost, or missed when it was counted."""
    came = dict.fromkeys(PaymentMethod, 0)
    for row in payments:
        came[PaymentMethod(row["method"])] += row["amount_minor"]
    expected = {ACCOUNT_OF[method]: amount for method, amount in came.items()} | {Account.SAFE: 0}
    shares = await fetch(
        "SELECT p.account, s.* FROM payment_payout_share s JOIN payment_payout p ON p.id = s.payout "
        "WHERE s.edition = {} AND p.state = 'booked'",
        edition.id,
    )
    for row in shares:
        expected[Account(row["account"])] -= row["taken_minor"]
        expected[Account.BANK] += row["bank_minor"]
    kept = await _sum(
        "SELECT SUM(a.fee_minor) AS total FROM card_attempt a JOIN payment_document d ON d.id = a.document "
        "WHERE d.edition = {}",
        edition.id,
    )
    claims = (
        "SELECT SUM(c.{name}) AS total FROM card_dispute c JOIN payment p ON p.id = c.payment "
        "JOIN payment_document d ON d.id = p.document WHERE d.edition = {{}}"
    )
    claimed = await _sum(claims.format(name="lost_minor"), edition.id)
    kept += await _sum(claims.format(name="fee_minor"), edition.id)
    by_claim = -sum(
        row["amount_minor"] for row in payments if (row["provider_reference"] or "").startswith("stripe:claim:")
    )  # entered with the claim: not lost, and no money moved once more
    counted = "SELECT SUM({what}) AS total FROM cash_drawer WHERE edition = {{}} AND closed_at IS NOT NULL"
    missed = await _sum(counted.format(what="expected_minor - counted_minor"), edition.id)
    taken = await _sum(counted.format(what="counted_minor - float_minor"), edition.id)
    moved = await _sum(
        "SELECT SUM(m.amount_minor) AS total FROM cash_move m JOIN cash_drawer d ON d.id = m.drawer "
        "WHERE d.edition = {} AND m.way <> 'to_bank'",
        edition.id,
    )
    unassigned = await _sum("SELECT SUM(amount_minor) AS total FROM bank_entry WHERE books = {}", edition.id)
    unassigned -= await _sum(  # what of them is some document's all the same
        "SELECT SUM(m.amount_minor) AS total FROM bank_match m JOIN bank_entry e ON e.id = m.entry "
        "JOIN payment p ON p.id = m.payment WHERE e.books = {} AND p.outcome <> 'mistaken'",
        edition.id,
    )
    income = await _sum(
        "SELECT SUM(amount_minor) AS total FROM bank_entry WHERE edition = {} AND state = 'income'", edition.id
    )
    income -= await _sum(
        "SELECT SUM(m.amount_minor) AS total FROM bank_match m JOIN bank_entry e ON e.id = m.entry "
        "JOIN payment p ON p.id = m.payment WHERE e.edition = {} AND e.state = 'income' AND p.outcome <> 'mistaken'",
        edition.id,
    )
    drawers = {row["id"]: row["drawer"] for row in payments}
    never = sum(  # cash of a drawer, taken off as missing: no cash went, the drawer's difference is less
        row["amount_minor"]
        for row in payments
        if row["outcome"] == "mistaken" and row["returns"] and row["drawer"] is None and drawers[row["returns"]]
    )
    expected[Account.CASH] += moved - missed - taken - never
    expected[Account.SAFE] += taken - moved
    expected[Account.OVER_SHORT] = missed + never
    expected[Account.BANK] += unassigned + income
    expected[Account.INCOME] = -income
    expected[Account.CARD] -= kept + claimed - by_claim
    expected[Account.UNASSIGNED] = -unassigned
    expected[Account.DISPUTES] = claimed - by_claim
    expected[Account.RESERVED] = sum(
        row["taken_minor"] - row["bank_minor"] - row["fee_minor"] - row["loss_minor"] for row in shares
    )
    expected[Account.FEES] = kept + sum(row["fee_minor"] for row in shares)
    given_up = sum(_due(row) for row in invoices if row["state"] == DocumentState.WRITTEN_OFF)
    expected[Account.LOSS] = given_up + sum(row["loss_minor"] for row in shares)
    assert {name: await account(edition, name) for name in expected} == expected
    await _check_drawers(edition)


async def _check_drawers(edition: EditionInfo) -> None:
    """No drawer has less than nothing in it, and what was counted in one is compared with what went through it."""
    for row in await fetch("SELECT * FROM cash_drawer WHERE edition = {}", edition.id):
        through = await _sum("SELECT SUM(amount_minor) AS total FROM payment WHERE drawer = {}", row["id"])
        through += await _sum("SELECT SUM(amount_minor) AS total FROM cash_move WHERE drawer = {}", row["id"])
        assert row["float_minor"] + through >= 0, row
        assert row["expected_minor"] in (None, row["float_minor"] + through), row
