"""What an exhibitor prints: the poster of the booth in three languages, and labels of products."""

from collections.abc import Sequence

from app.events.queries import EditionInfo
from app.events.typed_codes import show_code
from app.kernel.documents.labels import Label, label_sheets, one_file
from app.kernel.documents.pdf import compile_pdf
from app.kernel.documents.qr import qr_svg
from app.kernel.i18n import LOCALES, _, pick, use_locale
from app.kernel.money import format_money
from app.kernel.settings import settings
from booths.catalogue.queries.exhibitors import BoothPlace
from booths.catalogue.queries.products import ProductCard


async def poster_pdf(
    *, edition: EditionInfo, exhibitor: str, booths: Sequence[tuple[BoothPlace, str]], size: str = "a4"
) -> bytes:
    """One page for each booth with its short code; ``size`` is ``a4`` or ``a5``. Raises DocumentFailed."""
    lines = []
    for code in LOCALES:
        with use_locale(code):
            lines.append({"lang": code, "text": _("Scan to see our products, save them and leave your contact")})
    pictures = {
        f"{number}.svg": qr_svg(f"{settings().base_url}/s/{code}").encode()
        for number, (_booth, code) in enumerate(booths)
    }
    host = settings().base_url.split("://", 1)[-1]
    data = {
        "size": size,
        "edition": edition.title,
        "when": edition.when,
        "where": edition.where,
        "exhibitor": exhibitor,
        "lines": lines,
        "posters": [
            {
                "picture": f"{number}.svg",
                "booth": booth.code,
                "hall": " · ".join(part for part in (booth.hall, booth.zone) if part),
                "code": show_code(code),
                "address": f"{host}/s/{code}",
            }
            for number, (booth, code) in enumerate(booths)
        ],
    }
    return await compile_pdf("catalogue/poster.typ", data, images=pictures)


async def label_file(exhibitor: str, products: Sequence[tuple[ProductCard, str]]) -> tuple[str, str, bytes]:
    """Name, media type and bytes of labels, 21 to a sheet of A4, for products with their short codes.

    Raises DocumentFailed.
    """
    labels = [
        Label(
            link=f"{settings().base_url}/s/{code}",
            title=pick(product.name),
            subtitle=" / ".join(
                part for part in (format_money(product.price) if product.price else "", product.unit) if part
            ),
            code=show_code(code),
        )
        for product, code in products
    ]
    return one_file("labels", await label_sheets(labels, heading=exhibitor))
