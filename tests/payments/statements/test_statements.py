"""The statements are what they say they are: else they would test nothing."""

from __future__ import annotations

import csv
import re
import sys
import unicodedata
from collections import Counter
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest

from tests.payments.statements import make
from tests.payments.statements.banks import BANKS, Bank
from tests.payments.statements.files import file_of, table_of, windows_1258
from tests.payments.statements.history import Statement, make_statement
from tests.payments.statements.make import make_statements, truth_of
from tests.payments.statements.notes import SPOILING, Kind
from tests.payments.statements.people import LARGEST_INSTANT, OpenInvoice, make_invoices, plain

INVOICES = make_invoices(1_500, seed=3)
BALANCE = {"VCB": 4, "BIDV": 6, "CTG": 5, "TCB": 11, "MBB": 6}
NUMBER = {"VCB": 1, "BIDV": 3, "CTG": 6, "TCB": 2, "MBB": 3}
UNPAID = {Kind.INTEREST, Kind.FEE, Kind.DEBIT, Kind.STRANGER, Kind.OTHER_CODE, Kind.DEPOSIT}
each_bank = pytest.mark.parametrize("bank", BANKS, ids=[bank.code for bank in BANKS])


def everything(bank: Bank) -> Statement:
    return make_statement(bank, INVOICES, seed=5, mangled=0.9, unrelated=0.2)


def read_again(statement: Statement) -> list[list[object]]:
    content = file_of(statement)
    if statement.bank.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(BytesIO(content), read_only=True).worksheets[0]
        return [list(row) for row in sheet.iter_rows(values_only=True)]
    encoding, separator = ("cp1258", ";") if statement.bank.code == "MBB" else ("utf-8-sig", ",")
    return [list(row) for row in csv.reader(StringIO(content.decode(encoding), newline=""), delimiter=separator)]


@each_bank
def test_the_file_says_what_the_truth_says(bank: Bank) -> None:
    statement = everything(bank)
    rows = read_again(statement)
    for line, truth in zip(statement.lines, truth_of(statement), strict=True):
        row = rows[truth.row - 1]
        assert row[NUMBER[bank.code]] == truth.number
        assert re.sub(r"\D", "", str(row[BALANCE[bank.code]])) == str(abs(line.balance))
        assert plain(line.text) in {plain(str(cell)).replace("\r\n", "\n") for cell in row}


@each_bank
def test_balances_run_and_shares_add_up(bank: Bank) -> None:
    statement = everything(bank)
    balance = statement.opening
    for line in statement.lines:
        balance += line.amount
        assert line.balance == balance
        assert sum(share.amount for share in line.shares) == (0 if UNPAID & {*line.kinds} else line.amount)
    assert [line.booked for line in statement.lines] == sorted(line.booked for line in statement.lines)


@each_bank
def test_every_kind_of_line_is_there(bank: Bank) -> None:
    kinds = {kind for line in everything(bank).lines for kind in line.kinds}
    assert kinds == set(Kind)


@each_bank
def test_only_fees_share_a_number_with_another_line(bank: Bank) -> None:
    statement = everything(bank)
    of_transfers = [line.number for line in statement.lines if Kind.FEE not in line.kinds]
    assert len(of_transfers) == len(set(of_transfers))
    fees = {line.number for line in statement.lines if Kind.FEE in line.kinds}
    assert fees
    assert fees <= set(of_transfers)


@each_bank
def test_a_reference_stands_whole_where_the_line_is_clean_and_nowhere_where_it_is_spoilt(bank: Bank) -> None:
    spoilt = set(SPOILING) - {Kind.GARBLED, Kind.JOINED, Kind.RUN_ON}
    for line in everything(bank).lines:
        whole = [re.search(rf"(?<!\w){share.reference}(?!\w)", line.text) for share in line.shares]
        if {Kind.CLEAN, Kind.UNDER, Kind.OVER, Kind.DOUBLE} & {*line.kinds}:
            assert all(whole), line
        elif spoilt & {*line.kinds} and Kind.SEVERAL not in line.kinds:
            assert not any(share.reference in line.text for share in line.shares), line
        elif Kind.NO_REFERENCE in line.kinds:
            assert not re.search(r"FG\w{8}", line.text)


@each_bank
def test_an_invoice_is_paid_by_one_story_and_strangers_are_no_payers(bank: Bank) -> None:
    paid = Counter(share.reference for line in everything(bank).lines for share in line.shares)
    twice = {
        share.reference
        for line in everything(bank).lines
        if {Kind.DOUBLE, Kind.IN_PARTS} & {*line.kinds}
        for share in line.shares
    }
    assert {reference for reference, count in paid.items() if count > 1} <= twice
    assert set(paid) <= {invoice.reference for invoice in INVOICES}
    payers = {plain(invoice.payer).upper() for invoice in INVOICES}
    strangers = {line.sender.name for line in everything(bank).lines if {Kind.STRANGER} & {*line.kinds}}
    assert strangers
    assert not strangers & payers


def test_as_many_lines_and_as_much_trouble_as_asked_for() -> None:
    statement = make_statement(BANKS[0], INVOICES, seed=1, lines=1_000, mangled=0.1, unrelated=0.1)
    clean = sum(Kind.CLEAN in line.kinds for line in statement.lines)
    unrelated = sum(not line.shares for line in statement.lines)
    assert len(statement.lines) == 1_000
    assert 0.06 < unrelated / 1_000 < 0.2
    assert 0.05 < 1 - clean / (1_000 - unrelated) < 0.2
    plainly = make_statement(BANKS[0], INVOICES, mangled=0, unrelated=0)
    assert {kind for line in plainly.lines for kind in line.kinds} <= {Kind.CLEAN, Kind.IN_PARTS}


def test_more_than_goes_at_once_comes_in_pieces() -> None:
    big = OpenInvoice("FGABCDEFGH", 1_200_000_000, "Công ty TNHH Trà sen")
    statement = make_statement(BANKS[2], [big], mangled=0, unrelated=0)
    amounts = [line.amount for line in statement.lines]
    assert sum(amounts) == big.amount
    assert amounts == [LARGEST_INSTANT, LARGEST_INSTANT, big.amount - 2 * LARGEST_INSTANT]


@each_bank
def test_the_same_seed_makes_the_same_file(bank: Bank) -> None:
    first, second, other = (
        make_statement(bank, INVOICES[:60], seed=seed, mangled=0.5, unrelated=0.3) for seed in (1, 1, 2)
    )
    assert file_of(first) == file_of(second)
    assert table_of(first).rows != table_of(other).rows


def test_statements_of_days_may_overlap() -> None:
    whole = everything(BANKS[4])
    first = whole.between(date(2026, 11, 1), date(2026, 11, 16))
    second = whole.between(date(2026, 11, 14), date(2026, 12, 31))
    assert set(first.lines) | set(second.lines) == set(whole.lines)
    assert set(first.lines) & set(second.lines)
    assert second.opening + sum(line.amount for line in second.lines) == whole.closing


def test_windows_1258_carries_every_letter() -> None:
    text = "Số dư cuối kỳ: Nguyễn Thị Ằng, đồng Ỷ Ữ ẫ ặ; ợ"
    assert unicodedata.normalize("NFC", windows_1258(text).decode("cp1258")) == text


def test_a_folder_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["make", str(tmp_path / "new"), "--invoices", "100", "--mangled", "0.4"])
    make.main()
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {"vcb.xlsx", "bidv.csv", "ctg.xlsx", "tcb.xlsx", "mbb.csv", "invoices.csv", "truth.csv"}
    with (tmp_path / "new" / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(
        len(one.lines) for one in make_statements(make_invoices(100, seed=1), seed=1, mangled=0.4, unrelated=0.1)
    )
    assert {row["file"] for row in rows} == names - {"invoices.csv", "truth.csv"}
