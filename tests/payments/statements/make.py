"""Statements of five banks in a folder, with the open invoices and the truth.

``python -m tests.payments.statements.make FOLDER``
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.payments.statements.banks import BANKS
from tests.payments.statements.files import file_of, name_of, table_of
from tests.payments.statements.history import Statement, make_statement
from tests.payments.statements.people import OpenInvoice, make_invoices

TRUTH = ("file", "row", "number", "booked", "amount", "references", "shares", "kinds")


@dataclass(frozen=True)
class Truth:
    """What is true of one line: ``row`` counts from 1 in its sheet, ``references`` and ``shares`` go in pairs.

    No reference: the line pays no invoice.
    """

    file: str
    row: int
    number: str
    booked: str
    amount: int
    references: tuple[str, ...]
    shares: tuple[int, ...]
    kinds: tuple[str, ...]


def truth_of(statement: Statement) -> list[Truth]:
    """The truth about all lines of a statement, in the order of time."""
    rows = table_of(statement).row_of_line
    return [
        Truth(
            file=name_of(statement.bank),
            row=rows[index] + 1,
            number=line.number,
            booked=line.booked.isoformat(),
            amount=line.amount,
            references=tuple(share.reference for share in line.shares),
            shares=tuple(share.amount for share in line.shares),
            kinds=tuple(line.kinds),
        )
        for index, line in enumerate(statement.lines)
    ]


def make_statements(
    invoices: Sequence[OpenInvoice], *, seed: int = 1, mangled: float = 0.1, unrelated: float = 0.1
) -> list[Statement]:
    """A statement of each bank; all that one payer owes is paid at one of them."""
    bank_of = {payer: BANKS[place % len(BANKS)] for place, payer in enumerate(dict.fromkeys(i.payer for i in invoices))}
    return [
        make_statement(
            bank,
            [invoice for invoice in invoices if bank_of[invoice.payer] is bank],
            seed=seed,
            mangled=mangled,
            unrelated=unrelated,
        )
        for bank in BANKS
    ]


def write(folder: Path, statements: Sequence[Statement], invoices: Sequence[OpenInvoice]) -> None:
    """Write the statements, ``invoices.csv`` and ``truth.csv`` into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for statement in statements:
        (folder / name_of(statement.bank)).write_bytes(file_of(statement))
    with (folder / "invoices.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [("reference", "amount", "payer"), *((one.reference, one.amount, one.payer) for one in invoices)]
        )
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(TRUTH)
        for truth in (truth for statement in statements for truth in truth_of(statement)):
            rows.writerow(
                [" ".join(map(str, cell)) if isinstance(cell, tuple) else cell for cell in vars(truth).values()]
            )


def main() -> None:
    """Write a set of statements."""
    parser = argparse.ArgumentParser(description="Write statements of five banks with the truth beside them.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--invoices", type=int, default=1_000, help="how many are open (1000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mangled", type=float, default=0.1, help="share of payments that are not plain (0.1)")
    parser.add_argument("--unrelated", type=float, default=0.1, help="share of lines that pay nothing (0.1)")
    asked = parser.parse_args()
    invoices = make_invoices(asked.invoices, seed=asked.seed)
    statements = make_statements(invoices, seed=asked.seed, mangled=asked.mangled, unrelated=asked.unrelated)
    write(asked.folder, statements, invoices)
    print(f"{sum(len(one.lines) for one in statements)} lines, {len(invoices)} invoices")


if __name__ == "__main__":
    main()
