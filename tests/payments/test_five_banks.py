"""Statements of five banks, written by another hand: every one is read, and nothing goes to a wrong invoice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest

from app.kernel.money import Money
from app.kernel.sheets import SheetContext, read_table
from app.kernel.sheets.checking import check_rows, parse_rows
from app.main import register_modules
from app.payments.bank_lines import fingerprints
from app.payments.enums import EntrySource, EntryState
from app.payments.queries_bank import counts_of_entries, new_entries
from app.payments.references import reference_of
from app.payments.services.entries import Kept, keep_entries
from app.payments.services.matching import Incoming, Payable, match
from app.payments.sheets import DESK, STATEMENTS, lines_of
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.statements.files import file_of, name_of
from tests.payments.statements.history import Statement
from tests.payments.statements.make import make_statements, truth_of
from tests.payments.statements.people import OpenInvoice, make_invoices

CONTEXT = SheetContext(edition_id=1, actor=None, now=datetime(2026, 12, 1, tzinfo=UTC), desk=DESK)


def references(chance: Random) -> str:
    """A reference as ours are."""
    return reference_of([chance.randrange(31) for _place in range(8)])


def payables_of(invoices: list[OpenInvoice]) -> list[Payable]:
    """The open invoices as transfers are compared with them."""
    return [
        Payable(number, one.reference, f"HD1-2026-{number:05d}", one.payer, Money(one.amount, "VND"))
        for number, one in enumerate(invoices)
    ]


async def read(statement: Statement) -> list[Incoming]:
    """The transfers of a statement, none of whose cells is wrong."""
    table = read_table(file_of(statement), name_of(statement.bank), STATEMENTS.columns)
    examined = await check_rows(STATEMENTS, parse_rows(STATEMENTS, table, CONTEXT), CONTEXT)
    assert examined.problems == ()
    lines = lines_of(examined.rows, CONTEXT)
    assert len(set(fingerprints(lines)[0])) == len(lines)
    return [Incoming(number, line.amount, line.purpose, line.payer_name) for number, line in enumerate(lines)]


@pytest.mark.parametrize(("mangled", "least"), [(0.1, 0.9), (0.5, 0.8), (1.0, 0.7)])
async def test_what_is_assigned_by_itself_is_right(mangled: float, least: float) -> None:
    invoices = make_invoices(1_000, seed=3, reference=references)
    payables = payables_of(invoices)
    reference = {one.id: one.reference for one in payables}
    counts: Counter[str] = Counter()
    for statement in make_statements(invoices, seed=3, mangled=mangled):
        came = sorted((line for line in truth_of(statement) if line.amount > 0), key=lambda line: line.row)
        incoming = await read(statement)
        assert [one.amount.amount_minor for one in incoming] == [line.amount for line in came]
        for verdict, line in zip(match(incoming, payables), came, strict=True):
            given = {reference[share.document_id]: share.amount.amount_minor for share in verdict.shares}
            meant = dict(zip(line.references, line.shares, strict=True))
            assert given in ({}, meant), verdict.incoming.purpose
            counts["payable"] += bool(meant)
            counts["assigned"] += bool(given)
    assert counts["assigned"] / counts["payable"] > least


@pytest.mark.engines
async def test_every_transfer_of_five_statements_is_kept_once(database: str) -> None:
    register_modules()
    edition = await make_edition()
    statements = make_statements(make_invoices(60, reference=references))
    for statement in (*statements, *statements):
        table = read_table(file_of(statement), name_of(statement.bank), STATEMENTS.columns)
        lines = lines_of(parse_rows(STATEMENTS, table, CONTEXT).rows, CONTEXT)
        told = len(await new_entries(10_000))
        kept = await keep_entries(lines, source=EntrySource.STATEMENT, now=NOW, edition_id=edition.id)
        assert kept in (Kept(len(lines), 0), Kept(0, len(lines)))
        assert len(await new_entries(10_000)) == told + kept.new
    came = sum(line.amount > 0 for statement in statements for line in truth_of(statement))
    assert (await counts_of_entries(edition.id))[EntryState.NEW] == came
