"""Invoices as people hold them: what was given stands there, in their language, and nothing else happens."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from random import Random
from typing import Any

import pytest
from PIL import Image

from app.kernel.documents.pdf import DocumentFailed
from app.kernel.documents.qr import qr_png, qr_svg
from app.kernel.money import Money, format_money, parse_money
from app.payments import pdf
from app.payments.enums import PaymentMethod
from app.payments.pdf import (
    Due,
    OneTransfer,
    Paper,
    PaperKind,
    PaperLegal,
    PaperLine,
    RateTotal,
    Received,
    Side,
    TransferDetails,
    render_invoices,
)
from tests.support.pdf_codes import codes_of
from tests.support.pdf_text import text_of

BOOTH = PaperLine(
    description="Gian hàng A12 (3×3 m)",
    quantity=Decimal(2),
    unit_price=2_500_000,
    tax_rate=Decimal(8),
    net=5_000_000,
    tax=400_000,
    gross=5_400_000,
)
WAIVED = PaperLine(
    description="Hỗ trợ hộ kinh doanh",
    quantity=Decimal(1),
    unit_price=-1_000_000,
    tax_rate=Decimal(8),
    net=-1_000_000,
    tax=-80_000,
    gross=-1_080_000,
    funded_by="Quỹ Phụ nữ khởi nghiệp",
)
TRAINING = PaperLine(
    description="Lớp tập huấn",
    quantity=Decimal("1.5"),
    unit_price=500_000,
    tax_rate=None,
    net=750_000,
    tax=0,
    gross=750_000,
    exemption="giáo dục, điều 5",
)
PAPER = Paper(
    kind=PaperKind.INVOICE,
    number="HC26-000017",
    series="HC26",
    issued=date(2026, 11, 21),
    due=date(2026, 12, 5),
    seller=Side(name="Hội Liên hiệp Phụ nữ Thành phố", address="32 Trần Quốc Thảo", tax_code="0301234567"),
    payer=Side(name="Hộ kinh doanh Đặng Thị Ữ", address="Ấp Mỹ Nghiệp, xã Ninh Phước", tax_code="079190001234"),
    lines=(BOOTH, WAIVED, TRAINING),
    totals=(
        RateTotal(tax_rate=Decimal(8), net=4_000_000, tax=320_000),
        RateTotal(tax_rate=None, net=750_000, tax=0, exempt=True),
    ),
    currency="VND",
    language="vi",
    instalments=(Due(due=date(2026, 12, 5), amount=2_000_000), Due(due=date(2026, 12, 20), amount=3_070_000)),
    payments=(
        Received(received=date(2026, 11, 25), method=PaymentMethod.TRANSFER, amount=70_000, note="Sao kê 25/11"),
    ),
    transfer=TransferDetails(
        bank="Vietcombank",
        account="0011004455667",
        holder="HOI LIEN HIEP PHU NU",
        reference="FG7KQ2M9XT",
        transfers=[OneTransfer(amount=1_930_000, picture=qr_svg("00020101021238").encode())],
    ),
    legal=PaperLegal(series="1C26TAA", number="00000123", lookup_code="X7F2K9Q", lookup_address="https://x.example"),
    note="Cảm ơn quý đơn vị.",
    still_due=5_000_000,
)
SHOWN_IN = {
    "vi": (
        *("Hóa đơn", "21/11/2026", "05/12/2026", "20/12/2026", "25/11/2026", "Còn phải trả 5.000.000 ₫"),
        *("Không chịu thuế: giáo dục, điều 5", "Quỹ Phụ nữ khởi nghiệp chịu", "Chuyển khoản ngân hàng"),
        *("1,5 500.000 750.000 – 0 750.000", "không chịu thuế 750.000 0"),
    ),
    "id": (
        *("Faktur", "21 Nov 2026", "5 Des 2026", "20 Des 2026", "25 Nov 2026", "Sisa yang harus dibayar 5.000.000 ₫"),
        *("Bebas pajak: giáo dục, điều 5", "Ditanggung oleh Quỹ Phụ nữ khởi nghiệp", "Transfer bank"),
        *("1,5 500.000 750.000 – 0 750.000", "bebas 750.000 0"),
    ),
    "en": (
        *("Invoice", "21 Nov 2026", "5 Dec 2026", "20 Dec 2026", "25 Nov 2026", "Still to pay 5.000.000 ₫"),
        *("Exempt from tax: giáo dục, điều 5", "Paid by Quỹ Phụ nữ khởi nghiệp", "Bank transfer"),
        *("1.5 500.000 750.000 – 0 750.000", "exempt 750.000 0"),
    ),
}


def said(made: bytes) -> str:
    """The text of a PDF on one line, words apart by one space each."""
    return " ".join(text_of(made).split())


def shown_money(amount: int, currency: str) -> str:
    """An amount in English as :func:`said` gives it."""
    return " ".join(format_money(Money(amount, currency), "en").split())


def pages_of(made: bytes) -> list[str]:
    """The text of each page."""
    shown = said(made)
    ends = [found.end() for found in re.finditer(r"(?<!\S)\d+ / \d+(?!\S)", shown)]
    return [shown[start:end] for start, end in zip([0, *ends], ends, strict=False)]


async def one(paper: Paper) -> str:
    (made,) = await render_invoices([paper])
    return said(made)


async def test_everything_given_stands_there_in_the_payers_language() -> None:
    papers = [replace(PAPER, language=language) for language in SHOWN_IN]
    for paper, made in zip(papers, await render_invoices(papers), strict=True):
        shown = said(made)
        for part in (
            *SHOWN_IN[paper.language],
            *(paper.number, paper.series, paper.note),
            *vars(paper.seller).values(),
            *vars(paper.payer).values(),
            *(line.description for line in paper.lines),
            *("2.500.000 5.000.000 8% 400.000 5.400.000", "-1.000.000 -1.000.000 8% -80.000 -1.080.000"),
            *("8% 4.000.000 320.000", "4.750.000 ₫", "320.000 ₫", "5.070.000 ₫"),
            *("2.000.000 ₫", "3.070.000 ₫", "Sao kê 25", "70.000 ₫"),
            *("Vietcombank", "0011004455667", "HOI LIEN HIEP PHU NU", "FG7KQ2M9XT", "1.930.000 ₫"),
            *("1C26TAA", "00000123", "X7F2K9Q", "https://x.example"),
        ):
            assert part in shown, (paper.language, part)


def some_paper(rng: Random, currency: str) -> Paper:
    rates = [Decimal(rate) for rate in rng.sample(["0", "5", "8", "10", "11"], 2)]
    lines = []
    for number in range(rng.randrange(1, 9)):
        rate = rng.choice([*rates, None])
        net = rng.randrange(-(10**7), 10**9)
        tax = 0 if rate is None else int(net * rate / 100)
        lines.append(
            PaperLine(
                description=f"Dòng {number}",
                quantity=Decimal(1),
                unit_price=net,
                tax_rate=rate,
                net=net,
                tax=tax,
                gross=net + tax,
            )
        )
    totals = [
        RateTotal(
            tax_rate=rate,
            net=sum(line.net for line in lines if line.tax_rate == rate),
            tax=sum(line.tax for line in lines if line.tax_rate == rate),
        )
        for rate in dict.fromkeys(line.tax_rate for line in lines)
    ]
    return replace(
        *(PAPER,),
        **{"lines": lines, "totals": totals, "currency": currency, "language": "en"},
        **{"payments": [], "instalments": [], "transfer": None, "legal": None},
        **{"still_due": sum(line.gross for line in lines)},
    )


def read_back(figure: str, currency: str) -> int:
    sign = -1 if figure.startswith("-") else 1
    return sign * parse_money(figure.lstrip("-"), currency).amount_minor


async def test_the_sums_shown_are_the_sums_given() -> None:
    rng = Random(4)
    papers = [some_paper(rng, currency) for currency in ("VND", "IDR", "USD", "EUR") * 6]
    for paper, made in zip(papers, await render_invoices(papers), strict=True):
        shown = said(made)
        figures = re.findall(r"Dòng \d+ 1 (\S+) (\S+) (?:\S+%|–) (\S+) (\S+)", shown)
        assert [tuple(read_back(figure, paper.currency) for figure in found) for found in figures] == [
            (line.unit_price, line.net, line.tax, line.gross) for line in paper.lines
        ]
        sums = {"Net": paper.net, "Tax": paper.tax, "Total": paper.total, "Still to pay": paper.total}
        for name, amount in sums.items():
            assert f"{name} {shown_money(amount, paper.currency)}" in shown
        assert paper.total == sum(line.gross for line in paper.lines)


async def test_what_was_typed_is_text_and_never_markup() -> None:
    evil = '#panic("no") *b* $y$ [z] \\u{41} `raw` @ref <l> // c #read("/etc/passwd") {name}'
    side = Side(name=evil, address=evil, tax_code=evil)
    shown = await one(
        replace(
            *(PAPER,),
            **{"seller": side, "payer": side, "number": evil, "note": evil, "corrects": evil},
            **{"lines": [replace(WAIVED, description=evil, funded_by=evil, exemption=evil)]},
            **{"payments": [Received(received=PAPER.issued, method=PaymentMethod.CASH, amount=1, note=evil)]},
            **{"legal": PaperLegal(series=evil, number=evil, lookup_code=evil, lookup_address=evil)},
            **{
                "transfer": TransferDetails(
                    bank=evil, account=evil, holder=evil, reference=evil, transfers=[OneTransfer(amount=1)]
                )
            },
        )
    )
    assert shown.count(evil) + shown.replace(" ", "").count(evil.replace(" ", "")) >= 2 * 16


async def test_who_bears_a_line_is_named_once() -> None:
    for words in (WAIVED.description, f"Do {WAIVED.funded_by} chịu"):
        shown = await one(replace(PAPER, lines=[replace(WAIVED, description=words)]))
        assert shown.count(WAIVED.funded_by) == 1


async def test_two_hundred_lines_repeat_their_head_on_every_page() -> None:
    lines = [replace(BOOTH, description=f"Gian hàng số {number:03}") for number in range(200)]
    (made,) = await render_invoices([replace(PAPER, lines=lines, language="en")])
    pages = pages_of(made)
    assert len(pages) > 4
    with_lines = [page for page in pages if "Gian hàng số" in page]
    assert len(with_lines) > 4
    assert [page.count("Unit price") for page in with_lines] == [1] * len(with_lines)
    assert [page.count(f"Invoice {PAPER.number} {PAPER.payer.name}") for page in pages[1:]] == [1] * (len(pages) - 1)
    assert re.findall(r"Gian hàng số (\d+)", said(made)) == [f"{number:03}" for number in range(200)]


async def test_long_names_and_large_amounts_stay_on_the_page() -> None:
    large = 10**12
    line = replace(BOOTH, unit_price=large, net=large, tax=large, gross=2 * large, description="Siêudàikhôngcách" * 12)
    name = "Công ty Trách nhiệm hữu hạn Một thành viên " * 5
    (made,) = await render_invoices([replace(PAPER, lines=[line], payer=Side(name=name, address="Đường " * 60))])
    shown = said(made)
    assert "1.000.000.000.000 1.000.000.000.000 8% 1.000.000.000.000 2.000.000.000.000" in shown
    assert "Siêudàikhôngcách" * 12 in shown.replace(" ", "")
    assert len(pages_of(made)) == 2


async def test_a_credit_note_asks_for_nothing_and_a_receipt_says_what_came() -> None:
    bare = replace(
        PAPER, language="en", transfer=None, instalments=(), due=None, corrects="HC26-000009", still_due=None
    )
    note = await one(replace(bare, kind=PaperKind.CREDIT_NOTE))
    assert "Credit note" in note
    assert "Corrects HC26-000009" in note
    assert "Still to pay" not in note
    assert "Paid so far" not in note
    receipt = await one(replace(bare, kind=PaperKind.RECEIPT))
    assert "Receipt" in receipt
    assert "Paid so far 70.000 ₫" in receipt
    assert "Still to pay" not in receipt


async def test_what_is_not_given_leaves_no_heading() -> None:
    shown = await one(
        replace(
            *(PAPER,),
            **{"language": "en", "payments": (), "instalments": (), "transfer": None, "legal": None, "note": ""},
            **{"due": None, "payer": Side(name="Mai"), "lines": (BOOTH,)},
        )
    )
    gone = ("Payments", "Instalments", "Pay by bank", "Legal", "Due on", "Corrects", "Exempt", "Paid", "None", "none")
    assert [words for words in gone if words in shown] == []
    assert shown.count("Tax code") == 1


def a_jpeg() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (60, 60), "black").save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize("picture", [qr_png("FG"), qr_svg("FG").encode(), a_jpeg(), b""], ids=["png", "svg", "jpg", ""])
async def test_the_code_may_be_any_usual_picture(picture: bytes) -> None:
    assert PAPER.transfer is not None
    sent = [OneTransfer(amount=1_930_000, picture=picture)]
    assert "FG7KQ2M9XT" in await one(replace(PAPER, transfer=replace(PAPER.transfer, transfers=sent)))


@pytest.mark.parametrize("count", [2, 5, 20])
async def test_several_transfers_each_stand_there_with_amount_reference_and_code(count: int) -> None:
    assert PAPER.transfer is not None
    sent = [OneTransfer(amount=500_000_000 - number, picture=qr_png(f"FG{number}")) for number in range(count)]
    paper = replace(PAPER, language="en", transfer=replace(PAPER.transfer, transfers=sent))
    (made,) = await render_invoices([paper])
    shown = said(made)
    for number, transfer in enumerate(sent, start=1):
        assert f"Transfer {number} of {count} {shown_money(transfer.amount, 'VND')} FG7KQ2M9XT" in shown
    assert f"Amount {shown_money(sum(one.amount for one in sent), 'VND')}" in shown
    assert shown.count("One transfer is needed for each code") == 1
    assert codes_of(made) == [f"FG{number}" for number in range(count)]
    assert "Transfer 1 of" not in await one(replace(PAPER, language="en"))


async def test_a_broken_picture_is_one_clear_error() -> None:
    assert PAPER.transfer is not None
    unreadable = [OneTransfer(amount=1, picture=b"\x89PNG no")]
    broken = replace(PAPER, transfer=replace(PAPER.transfer, transfers=unreadable))
    with pytest.raises(DocumentFailed):
        await render_invoices([PAPER, broken])


async def test_many_come_in_their_order_from_few_children(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    real = pdf.compile_each

    async def counted(template: str, copies: Sequence[Any], **how: Any) -> list[bytes]:
        counts.append(len(copies))
        return await real(template, copies, **how)

    monkeypatch.setattr(pdf, "compile_each", counted)
    monkeypatch.setattr(pdf, "MOST_AT_ONCE", 3)
    languages = ("vi", "id", "en", "vi")
    papers = [replace(PAPER, number=f"N{number}", language=language) for number, language in enumerate(languages)]
    made = await render_invoices(papers)
    assert counts == [3, 1]
    shown = [said(content) for content in made]
    assert [re.findall(r"\bN\d\b", words) for words in shown] == [["N0"], ["N1"], ["N2"], ["N3"]]
    assert ["Còn phải trả" in words for words in shown] == [True, False, False, True]
    assert await render_invoices([]) == []
