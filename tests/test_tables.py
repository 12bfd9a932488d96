"""Money and moments, as every table keeps them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from piccolo.columns import BigInt, Column, Date, ForeignKey, Integer, Timestamp, Timestamptz, Varchar
from piccolo.table import Table

from app.kernel.database import dialect, fetch
from booths.floorplan.tables import Booth
from tests.booths.factories import make_row
from tests.events.factories import make_edition
from tests.test_migrations import all_tables

#: Hours of the day, such as 08:30, in the edition's own zone.
HOURS = {"edition.opens_at", "edition.closes_at"}


def named(tables: Iterable[type[Table]]) -> list[tuple[str, Column]]:
    """Return every column under its full name."""
    return [
        (f"{table._meta.tablename}.{column._meta.name}", column) for table in tables for column in table._meta.columns
    ]


def money(tables: Iterable[type[Table]]) -> list[tuple[str, Column]]:
    """Return the columns that hold money."""
    return [(name, column) for name, column in named(tables) if name.endswith("_minor")]


def currencies(table: type[Table]) -> list[str]:
    """Return where the currency of a table's money stands: in itself, else in the tables that it points to."""
    pointed = [column._foreign_key_meta.resolved_references for column in table._meta.foreign_key_columns]
    for places in ([table], pointed):
        found = {
            place._meta.tablename: column
            for place in places
            for column in place._meta.columns
            if column._meta.name == "currency"
        }
        if found:
            return sorted(name for name, column in found.items() if isinstance(column, Varchar) and column.length == 3)
    return []


def narrow_money(tables: Iterable[type[Table]]) -> list[str]:
    """Return the columns of money that hold no integer of eight bytes."""
    return [name for name, column in money(tables) if not isinstance(column, BigInt)]


def naive_moments(tables: Iterable[type[Table]]) -> list[str]:
    """Return the columns that hold a moment without its zone: naive ones, and those named as moments are."""
    wrong = []
    for name, column in named(tables):
        is_named_so = f"_{name.partition('.')[2]}".endswith(("_at", "_until")) and name not in HOURS
        if isinstance(column, Timestamp) or (is_named_so and not isinstance(column, Timestamptz | Date)):
            wrong.append(name)
    return wrong


def test_money_is_an_integer_wide_enough() -> None:
    assert narrow_money(all_tables()) == []


def test_money_stands_beside_its_currency() -> None:
    assert {name: currencies(column._meta.table) for name, column in money(all_tables())} == {
        "application.waived_minor": ["edition"],
        "bank_entry.amount_minor": ["bank_entry"],
        "bank_match.amount_minor": ["bank_entry", "payment", "payment_document"],
        "booth.price_minor": ["booth"],
        "booth_bill.price_minor": ["booth", "payment_document"],
        "card_attempt.amount_minor": ["card_attempt"],
        "card_attempt.fee_minor": ["card_attempt"],
        **{f"card_dispute.{name}_minor": ["card_dispute"] for name in ("amount", "lost", "fee")},
        "card_refund.amount_minor": ["card_refund"],
        "order_item.price_minor": ["ticket_order", "ticket_type"],
        "order_rules.fee_minor": ["edition"],
        **{f"cash_drawer.{name}_minor": ["cash_drawer"] for name in ("float", "expected", "counted")},
        "cash_move.amount_minor": ["cash_move"],
        "ledger_entry.amount_minor": ["ledger_entry"],
        **{f"payment.{name}_minor": ["payment"] for name in ("amount", "owed", "returned")},
        **{
            f"payment_document.{name}_minor": ["payment_document"]
            for name in ("amount", "tax", "paid", "credited", "owed")
        },
        "payment_instalment.amount_minor": ["payment_document"],
        **{f"payment_line.{name}_minor": ["payment_document"] for name in ("unit", "net", "tax")},
        "payment_payout.amount_minor": ["payment_payout"],
        **{
            f"payment_payout_share.{name}_minor": ["edition", "payment_payout"]
            for name in ("taken", "bank", "fee", "loss")
        },
        "product.price_minor": ["product"],
        "ticket_change.price_minor": ["ticket_type"],
        "ticket_order.total_minor": ["ticket_order"],
        "ticket_type.price_minor": ["ticket_type"],
        "voucher_use.first_minor": ["ticket_order", "ticket_type"],
    }


def test_moments_know_their_zone() -> None:
    assert naive_moments(all_tables()) == []


def test_a_bad_table_is_seen() -> None:
    class Coin(Table, tablename="coin"):
        currency = Integer()

    class Bad(Table, tablename="bad"):
        price_minor = Integer()
        discount_minor = Varchar()
        total_minor = BigInt()
        coin = ForeignKey(Coin)
        created = Timestamp()
        at = Varchar()
        paid_at = Integer()
        lease_until = Timestamp()
        good_until = Date()
        left_at = Timestamptz()
        format = Varchar()

    assert narrow_money([Bad]) == ["bad.price_minor", "bad.discount_minor"]
    assert currencies(Bad) == []
    assert naive_moments([Bad]) == ["bad.created", "bad.at", "bad.paid_at", "bad.lease_until"]


@pytest.mark.engines
async def test_the_database_keeps_them_as_the_code_says(database: str) -> None:
    tables = {table._meta.tablename: table for table in all_tables()}
    if dialect() == "sqlite":
        found = {
            f"{name}.{row['name']}": row["type"].lower()
            for name in tables
            for row in await fetch(f"PRAGMA table_info('{name}')")
        }
    else:
        sql = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        found = {f"{row['table_name']}.{row['column_name']}": row["data_type"] for row in await fetch(sql)}
    wide, zoned = ("integer", "timestamptz") if dialect() == "sqlite" else ("bigint", "timestamp with time zone")
    assert {found[name] for name, _column in money(tables.values())} == {wide}
    moments = {name for name, column in named(tables.values()) if isinstance(column, Timestamptz)}
    assert {found[name] for name in moments} == {zoned}


@pytest.mark.engines
async def test_a_booth_may_cost_more_than_four_bytes_hold(database: str) -> None:
    edition = await make_edition()
    (booth_id,) = await make_row(edition.id, 1)
    await Booth.update({Booth.price_minor: 2**40}).where(Booth.id == booth_id)
    assert await Booth.select(Booth.price_minor) == [{"price_minor": 2**40}]
