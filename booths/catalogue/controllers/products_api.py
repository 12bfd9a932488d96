"""The JSON API of an exhibitor's own products. Photos are added and removed on the page."""

from typing import Annotated, Any

from litestar import Controller, Request, delete, get, post, put
from litestar.params import Body, FromPath, FromQuery

from app.accounts.actor import Actor
from app.events.pages import PAGE_SIZE, offset_of
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.errors import Invalid
from app.kernel.i18n import _
from app.kernel.money import Money
from app.kernel.names import clean_lines, clean_text
from app.kernel.paging import page_number
from booths.catalogue.certificates import parse_certificates
from booths.catalogue.controllers.exhibitor import exhibitor
from booths.catalogue.controllers.products import chosen
from booths.catalogue.queries.products import product_info, products_of_organisation
from booths.catalogue.schemas import OwnProductDetailDTO, OwnProductDTO, OwnProductPageDTO, ProductBody, ProductValues
from booths.catalogue.services import products as service

ApiRequest = Request[Actor, Any, Any]
SentProduct = Annotated[ProductBody, Body(title="The product")]


class OwnProductsApi(Controller):
    """``/api/v1/exhibitor/{organisation_id}/{edition_id}/products``; the guard looks whose organisation it is."""

    path = "/api/v1/exhibitor/{organisation_id:int}/{edition_id:int}/products"
    guards = [exhibitor]
    tags = ["Exhibitor"]

    @get("/", summary="One's own products")
    async def list_products(
        self,
        organisation_id: FromPath[int],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        show: FromQuery[str] = "",
        page: FromQuery[int] = 1,
    ) -> OwnProductPageDTO:
        """Fifty at a time in their own order, hidden ones too; ``show`` may be ``visible`` or ``hidden``."""
        await edition_by_id(edition_id)
        fitting = chosen(await products_of_organisation(organisation_id, hidden=True), q, show)
        start = offset_of(page)
        items = [OwnProductDTO.of(card) for card in fitting[start : start + PAGE_SIZE]]
        return OwnProductPageDTO(items=items, total=len(fitting), page=page_number(page))

    @get("/{product_id:int}", summary="One of one's own products")
    async def read_product(
        self, organisation_id: FromPath[int], edition_id: FromPath[int], product_id: FromPath[int]
    ) -> OwnProductDetailDTO:
        """Error: ``product_not_found``."""
        await edition_by_id(edition_id)
        return await _shown(organisation_id, product_id)

    @post("/", summary="Add a product")
    async def add(
        self, request: ApiRequest, organisation_id: FromPath[int], edition_id: FromPath[int], data: SentProduct
    ) -> OwnProductDetailDTO:
        """It comes last in the list. Errors: ``product_code_taken``, ``invalid``."""
        edition = await edition_by_id(edition_id)
        product_id = await service.add_product(
            organisation_id=organisation_id,
            values=_values(data, edition),
            currency=edition.currency,
            actor=request.user,
            now=now(),
        )
        return await _shown(organisation_id, product_id)

    @put("/{product_id:int}", summary="Change a product")
    async def change(
        self,
        request: ApiRequest,
        organisation_id: FromPath[int],
        edition_id: FromPath[int],
        product_id: FromPath[int],
        data: SentProduct,
    ) -> OwnProductDetailDTO:
        """What is not sent is emptied; photos stay. Errors: ``product_not_found``, ``product_code_taken``,
        ``invalid``."""
        edition = await edition_by_id(edition_id)
        await service.change_product(
            product_id=product_id,
            organisation_id=organisation_id,
            values=_values(data, edition),
            actor=request.user,
            now=now(),
        )
        return await _shown(organisation_id, product_id)

    @delete("/{product_id:int}", summary="Take a product off for good")
    async def remove(
        self,
        request: ApiRequest,
        organisation_id: FromPath[int],
        edition_id: FromPath[int],
        product_id: FromPath[int],
    ) -> None:
        """Contacts that visitors left about it stay. Error: ``product_not_found``."""
        await edition_by_id(edition_id)
        await service.remove_product(
            product_id=product_id, organisation_id=organisation_id, actor=request.user, now=now()
        )


def _values(body: ProductBody, edition: EditionInfo) -> ProductValues:
    """What was sent, cleaned as a form's texts are. Raises Invalid."""
    fields: dict[str, str] = {}
    certificates: list[tuple[str, int | None]] = []
    name: dict[str, str] = {code: clean_text(text) for code, text in body.name.items() if clean_text(text)}
    if not name:
        fields["name"] = _("Please give the name in at least one language.")
    try:
        certificates = parse_certificates("\n".join(body.certificates))
    except ValueError:
        fields["certificates"] = _("At most 12 certificates of 120 characters, with a semicolon between them.")
    if fields:
        raise Invalid(fields=fields)
    return ProductValues(
        name=name,
        description={code: clean_lines(text) for code, text in body.description.items() if clean_lines(text)},
        code=clean_text(body.code),
        price=None if body.price_minor is None else Money(body.price_minor, edition.currency),
        unit=clean_text(body.unit),
        category=clean_text(body.category),
        certificates=certificates,
        active=body.active,
    )


async def _shown(organisation_id: int, product_id: int) -> OwnProductDetailDTO:
    return OwnProductDetailDTO.of(await product_info(product_id, organisation_id=organisation_id, hidden=True))
