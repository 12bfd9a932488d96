"""How each bank's statement looks as a file: rows above, titles, lines, totals below; XLSX or CSV.

Vietcombank gives amounts as text with commas and titles of two lines in one cell; VietinBank numbers, zeros where
nothing is, dates with dashes, and a remark below; Techcombank real dates, columns for fee and tax, and titles in two
rows; BIDV a CSV with commas in quotes and a byte order mark; MB Bank one with semicolons in Windows-1258, the newest
line first, dots in amounts.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BytesIO, StringIO

import xlsxwriter

from tests.payments.statements.banks import HOLDER, Bank
from tests.payments.statements.history import Line, Statement
from tests.payments.statements.notes import Kind

Cell = str | int | date | datetime | None
#: Marks of tone that Windows-1258 writes behind their letter: grave, acute, tilde, hook above, dot below.
TONES = "\u0300\u0301\u0303\u0309\u0323"


@dataclass(frozen=True)
class Table:
    """A sheet: rows of cells, and in which of them (from 0) each line of the statement stands."""

    rows: list[list[Cell]] = field(default_factory=list)
    row_of_line: dict[int, int] = field(default_factory=dict)

    def add(self, *cells: Cell) -> None:
        """Append a row."""
        self.rows.append(list(cells))

    def add_line(self, index: int, *cells: Cell) -> None:
        """Append the row of the statement's line of that index."""
        self.row_of_line[index] = len(self.rows)
        self.rows.append(list(cells))


def table_of(statement: Statement) -> Table:
    """The bank's sheet for a statement."""
    return _TABLES[statement.bank.code](statement)


def file_of(statement: Statement) -> bytes:
    """The bank's file for a statement, the same bytes for the same statement."""
    rows = table_of(statement).rows
    if statement.bank.code == "BIDV":
        return "\ufeff".encode() + _csv(rows, ",").encode()
    if statement.bank.code == "MBB":
        return windows_1258(_csv(rows, ";"))
    return _xlsx(rows, f"{statement.bank.code} statement")


def windows_1258(text: str) -> bytes:
    """The text in Windows-1258, which has letters such as ê and a mark for each tone, but no ế."""
    written = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            written.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            apart = unicodedata.normalize("NFD", letter)
            base = unicodedata.normalize("NFC", "".join(part for part in apart if part not in TONES))
            written.append((base + "".join(part for part in apart if part in TONES)).encode("cp1258", "replace"))
    return b"".join(written)


def came_in(statement: Statement) -> int:
    """The sum of what came in, in đồng."""
    return sum(line.amount for line in statement.lines if line.amount > 0)


def went_out(statement: Statement) -> int:
    """The sum of what went out, in đồng, as a positive number."""
    return -sum(line.amount for line in statement.lines if line.amount < 0)


def _commas(amount: int) -> str:
    return f"{amount:,}"


def _dots(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")


def _out(line: Line) -> int:
    return max(-line.amount, 0)


def _in(line: Line) -> int:
    return max(line.amount, 0)


def _days(statement: Statement) -> tuple[str, str]:
    days = [line.booked for line in statement.lines] or [date(2026, 11, 2)]
    return f"{min(days):%d/%m/%Y}", f"{max(days):%d/%m/%Y}"


def _vietcombank(statement: Statement) -> Table:
    table, (first, last) = Table(), _days(statement)
    table.add("NGÂN HÀNG TMCP NGOẠI THƯƠNG VIỆT NAM")
    table.add()
    table.add(None, "SAO KÊ TÀI KHOẢN/ STATEMENT OF ACCOUNT")
    table.add("Tên tài khoản/ Account name:", HOLDER)
    table.add("Số tài khoản/ Account number:", statement.bank.account)
    table.add("Loại tiền/ Currency:", "VND")
    table.add(f"Từ/ From: {first}", f"Đến/ To: {last}")
    table.add(None, None, None, "Số dư đầu kỳ/ Opening balance", _commas(statement.opening))
    table.add(
        *("Ngày giao dịch/\nTNX Date", "Số CT/\nDoc No", "Số tiền ghi nợ/\nDebit", "Số tiền ghi có/\nCredit"),
        *("Số dư/\nBalance", "Nội dung chi tiết/\nTransactions in detail"),
    )
    for index, line in enumerate(statement.lines):
        out, inside = _out(line), _in(line)
        table.add_line(
            index,
            f"{line.booked:%d/%m/%Y}",
            line.number,
            _commas(out) if out else "",
            _commas(inside) if inside else "",
            _commas(line.balance),
            line.text,
        )
    table.add("Tổng số/ Total", "", _commas(went_out(statement)), _commas(came_in(statement)))
    table.add("Số dư cuối kỳ/ Closing balance", "", "", "", _commas(statement.closing))
    table.add("Đây là bản kê tự động, không cần chữ ký và đóng dấu của ngân hàng.")
    return table


def _bidv(statement: Statement) -> Table:
    table, (first, last) = Table(), _days(statement)
    table.add("NGÂN HÀNG TMCP ĐẦU TƯ VÀ PHÁT TRIỂN VIỆT NAM")
    table.add("SỔ PHỤ TÀI KHOẢN", "", f"Từ ngày {first} đến ngày {last}")
    table.add("Chủ tài khoản", HOLDER)
    table.add("Số tài khoản", statement.bank.account, "Loại tiền", "VND")
    table.add("Số dư đầu kỳ", _commas(statement.opening))
    table.add()
    table.add("STT", "Ngày hiệu lực", "Ngày giao dịch", "Số tham chiếu", "Ghi nợ", "Ghi có", "Số dư", "Nội dung")
    for index, line in enumerate(statement.lines):
        table.add_line(
            index,
            index + 1,
            f"{line.booked:%d/%m/%Y}",
            f"{line.made:%d/%m/%Y %H:%M:%S}",
            line.number,
            _commas(_out(line)) if line.amount < 0 else "",
            _commas(_in(line)) if line.amount > 0 else "",
            _commas(line.balance),
            line.text,
        )
    table.add("", "", "", "Cộng phát sinh", _commas(went_out(statement)), _commas(came_in(statement)))
    table.add("", "", "", "Số dư cuối kỳ", "", "", _commas(statement.closing))
    return table


def _vietinbank(statement: Statement) -> Table:
    table, (first, last) = Table(), _days(statement)
    credits = sum(line.amount > 0 for line in statement.lines)
    table.add("LỊCH SỬ GIAO DỊCH - TRANSACTION HISTORY")
    table.add("VietinBank eFAST")
    table.add("1. Thông tin tài khoản/ Account information")
    table.add(None, "Tên tài khoản/ Account name:", HOLDER, "Số tài khoản/ Account number:", statement.bank.account)
    table.add(None, "Từ ngày/ From date:", first, "Đến ngày/ To date:", last)
    table.add(None, "Số dư đầu kỳ/ Opening balance:", statement.opening, "Loại tiền/ Currency:", "VND")
    table.add(
        *(None, "Tổng giá trị ghi có/ Total credits:", came_in(statement)),
        *("Tổng giá trị ghi nợ/ Total debits:", went_out(statement)),
    )
    table.add(
        *(None, "Tổng số giao dịch ghi có/ Total number of credit :", credits),
        *("Tổng số giao dịch ghi nợ/ Total number of debits:", len(statement.lines) - credits),
    )
    table.add("2. Chi tiết lịch sử giao dịch/ Transaction history detail")
    table.add(
        *("STT/No.", "Ngày hạch toán/Accounting date", "Mô tả giao dịch/ Transaction description", "Nợ/ Debit"),
        *("Có / Credit", "Số dư TK/ Account Balance", "Số giao dịch/ Transaction number"),
        *("Số tài khoản đối ứng/ Corresponsive account", "Tên tài khoản đối ứng/ Corresponsive name"),
        *("MTID/ CITAD", "Mã định danh TK thụ hưởng/ To virtual account"),
        "Ngày phát sinh giao dịch/ Transaction date",
    )
    for index, line in enumerate(statement.lines):
        table.add_line(
            *(index, index + 1, f"{line.booked:%d-%m-%Y} {line.made:%H:%M:%S}", line.text, _out(line), _in(line)),
            *(line.balance, line.number, line.sender.account, line.sender.name, "", ""),
            f"{line.made:%d-%m-%Y %H:%M:%S}",
        )
    table.add("Từ ngày 21/03/2025, VietinBank thực hiện cập nhật lại báo cáo sao kê")
    return table


def _techcombank(statement: Statement) -> Table:
    table, (first, last) = Table(), _days(statement)
    table.add("SAO KÊ TÀI KHOẢN/ BANK STATEMENT")
    table.add("Chủ tài khoản/ Customer", HOLDER)
    table.add("Số tài khoản/ Account number", statement.bank.account, None, "Loại tiền/ Currency", "VND")
    table.add("Kỳ sao kê/ Statement period", f"{first} - {last}")
    table.add("Tổng tiền ghi có/ Total credit", came_in(statement), None, "Tổng tiền ghi nợ/ Total debit")
    table.add(
        *("Ngày KH thực hiện", "Ngày giao dịch", "Số bút toán", "Ngân hàng đối tác", "Tài khoản đích"),
        *("Tên tài khoản đối ứng", "Diễn giải", "Nợ", "Có", "Phí/Lãi", "Thuế", "Số dư"),
    )
    table.add(
        *("Requesting date", "Transaction date", "Reference number", "Remitter's bank", "Remitter's account number"),
        *("Remitter's account name", "Description", "Debit", "Credit", "Fee/Interest", "Transaction VAT"),
        "Running balance",
    )
    table.add(*[None] * 6, "Số dư đầu kỳ/ Opening balance", *[None] * 4, statement.opening)
    for index, line in enumerate(statement.lines):
        fee = Kind.FEE in line.kinds
        tax = _out(line) // 11 if fee else 0
        table.add_line(
            *(index, f"{line.made:%Y-%m-%d %H:%M:%S}", line.booked, line.number, line.sender.bank),
            *(line.sender.account, line.sender.name, line.text),
            None if fee or line.amount > 0 else _out(line),
            _in(line) or None,
            _out(line) - tax if fee else None,
            tax or None,
            line.balance,
        )
    table.add(*[None] * 6, "Số dư cuối kỳ/ Ending balance", *[None] * 4, statement.closing)
    return table


def _mbbank(statement: Statement) -> Table:
    table, (first, last) = Table(), _days(statement)
    table.add("", "", "SỔ PHỤ CHI TIẾT KIÊM BÁO NỢ/BÁO CÓ")
    table.add("", "", f"Từ ngày/From: {first} Đến ngày/To: {last}")
    table.add(f"Tài khoản/Account No: {statement.bank.account}")
    table.add(f"Chủ tài khoản/Account name: {HOLDER}")
    table.add("Loại tiền/Currency: VND")
    table.add(f"Số dư đầu kỳ/ Opening Balance: {_dots(statement.opening)} VND")
    table.add(
        *("STT", "Ngày giao dịch\nTransaction Date", "Ngày hạch toán\nAccounting Date"),
        *("Số bút toán\nTransaction No", "Phát sinh nợ\nDebit", "Phát sinh có\nCredit", "Số dư\nBalance"),
        *("Nội dung\nDetails", "Đơn vị thụ hưởng/Đơn vị chuyển\nBeneficiary/Applicant", "Tài khoản\nAccount"),
        "Ngân hàng đối tác\nRemitter Bank",
    )
    for place, index in enumerate(reversed(range(len(statement.lines)))):
        line = statement.lines[index]
        table.add_line(
            *(index, place + 1, f"{line.made:%d/%m/%Y %H:%M:%S}", f"{line.booked:%d/%m/%Y}", line.number),
            *(_dots(_out(line)) if line.amount < 0 else "", _dots(_in(line)) if line.amount > 0 else ""),
            *(_dots(line.balance), line.text, line.sender.name, line.sender.account, line.sender.bank),
        )
    table.add("Tổng phát sinh trong kỳ/Total", "", "", "", _dots(went_out(statement)), _dots(came_in(statement)))
    table.add(f"Số dư cuối kỳ/ Closing Balance: {_dots(statement.closing)} VND")
    return table


_TABLES: dict[str, Callable[[Statement], Table]] = {
    "VCB": _vietcombank,
    "BIDV": _bidv,
    "CTG": _vietinbank,
    "TCB": _techcombank,
    "MBB": _mbbank,
}


def name_of(bank: Bank) -> str:
    """The name of the bank's file."""
    return f"{bank.code.lower()}{bank.suffix}"


def _csv(rows: list[list[Cell]], separator: str) -> str:
    text = StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue()


def _xlsx(rows: list[list[Cell]], title: str) -> bytes:
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": title, "created": datetime(2026, 11, 30, tzinfo=UTC)})
        days = book.add_format({"num_format": "dd/mm/yyyy"})
        numbers = book.add_format({"num_format": "#,##0"})
        sheet = book.add_worksheet(title[:31])
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif isinstance(cell, int):
                    sheet.write_number(number, column, cell, numbers)
                elif cell is not None:
                    sheet.write_datetime(number, column, cell, days)
    return buffer.getvalue()
