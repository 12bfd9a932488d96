"""The JSON API of the catalogue."""

from litestar import Controller, get
from litestar.params import FromPath, FromQuery

from app.accounts.guards import public
from app.events.enums import Part
from app.events.errors import EditionNotFound
from app.events.queries import EditionInfo, edition_by_slug
from app.kernel.images import media_url
from app.kernel.paging import page_number
from booths.catalogue.errors import ProductNotFound
from booths.catalogue.queries.exhibitors import booths_of_exhibitor, exhibitor_info, exhibitors_of
from booths.catalogue.queries.products import PAGE_SIZE, facets, page_of_products, product_info
from booths.catalogue.queries.searching import words_of
from booths.catalogue.schemas import (
    ExhibitorDTO,
    ExhibitorPageDTO,
    ProductDetailDTO,
    ProductDTO,
    ProductPageDTO,
)

MOST_A_PAGE = 100


class CatalogueApi(Controller):
    """``/api/v1/editions/{slug}``: exhibitors and products."""

    path = "/api/v1/editions/{slug:str}"
    guards = [public]
    tags = ["Catalogue"]

    @get("/exhibitors", summary="Exhibitors of an edition by name")
    async def list_exhibitors(
        self,
        slug: FromPath[str],
        q: FromQuery[str] = "",
        zone: FromQuery[str] = "",
        page: FromQuery[int] = 1,
        per_page: FromQuery[int] = PAGE_SIZE,
    ) -> ExhibitorPageDTO:
        """``q`` is searched with or without diacritics. Pages count from 1 and hold at most 100."""
        edition = await _fair(slug)
        words = words_of(q)
        fitting = [
            card for card in await exhibitors_of(edition.id) if card.fits(words) and (not zone or zone in card.zones)
        ]
        size, number = _size(per_page), page_number(page)
        items = fitting[(number - 1) * size : number * size]
        return ExhibitorPageDTO(
            items=[ExhibitorDTO.of(card, media_url(card.photo) if card.photo else None) for card in items],
            total=len(fitting),
            page=number,
            per_page=size,
        )

    @get("/products", summary="Products shown in an edition")
    async def list_products(
        self,
        slug: FromPath[str],
        q: FromQuery[str] = "",
        category: FromQuery[str] = "",
        zone: FromQuery[str] = "",
        page: FromQuery[int] = 1,
        per_page: FromQuery[int] = PAGE_SIZE,
    ) -> ProductPageDTO:
        """``q`` is searched in names, descriptions, categories, certificates and makers, with or without diacritics."""
        edition = await _fair(slug)
        words = words_of(q)
        makers = [card.id for card in await exhibitors_of(edition.id) if card.fits(words)] if words else []
        size, number = _size(per_page), page_number(page)
        found = await page_of_products(
            edition.id,
            words=words,
            organisation_ids=makers,
            counted=await facets(edition.id, words, makers),
            category=category,
            zone=zone,
            number=number,
            size=size,
        )
        return ProductPageDTO(
            items=[ProductDTO.of(card, media_url(card.photo) if card.photo else None) for card in found.items],
            total=found.total,
            page=number,
            per_page=size,
        )

    @get("/products/{product_id:int}", summary="One product")
    async def read_product(self, slug: FromPath[str], product_id: FromPath[int]) -> ProductDetailDTO:
        """404 ``product_not_found`` for one that is not shown in this edition."""
        edition = await _fair(slug)
        product = await product_info(product_id)
        if not await booths_of_exhibitor(edition.id, product.organisation_id):
            raise ProductNotFound
        exhibitor = await exhibitor_info(product.organisation_id)
        return ProductDetailDTO.of(product, exhibitor, [media_url(photo.hash, 1280) for photo in product.photos])


async def _fair(slug: str) -> EditionInfo:
    edition = await edition_by_slug(slug)
    if not edition.has(Part.FAIR):
        raise EditionNotFound
    return edition


def _size(asked: int) -> int:
    return min(max(asked, 1), MOST_A_PAGE)
