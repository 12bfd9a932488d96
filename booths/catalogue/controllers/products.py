"""An exhibitor's products: the grid, adding, changing, photos."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.events.pages import download, form_again, stretch, with_query
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import Form, FormError, Reading, open_form
from app.kernel.i18n import LOCALES, _, current_locale, pick
from app.kernel.money import parse_money, typed_money
from app.kernel.names import search_text
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect
from app.payments.schemas import why_no_amount
from booths.catalogue.certificates import show_certificates
from booths.catalogue.controllers.exhibitor import (
    base_of,
    certificates_of,
    chosen_again,
    exhibitor,
    frame,
    own_first,
    stored,
)
from booths.catalogue.errors import ProductCodeTaken, TooManyPhotos
from booths.catalogue.queries.exhibitors import exhibitor_info
from booths.catalogue.queries.products import (
    ProductCard,
    ProductInfo,
    categories_of_edition,
    product_info,
    products_of_organisation,
)
from booths.catalogue.schemas import ProductForm, ProductValues
from booths.catalogue.services import products as service

SHOWN = {"visible": True, "hidden": False}
ADDRESS = "/{organisation_id:int}/{edition_id:int}/products"


def chosen(cards: list[ProductCard], search: str, show: str) -> list[ProductCard]:
    """Those whose name or code has every word, and that are shown or hidden as asked."""
    words = search_text(search).split()
    return [
        card
        for card in cards
        if all(word in search_text(card.code, *card.name.values()) for word in words)
        and (show not in SHOWN or card.active == SHOWN[show])
    ]


class ProductController(Controller):
    """``/exhibitor/{organisation_id}/{edition_id}/products``."""

    path = "/exhibitor"
    guards = [exhibitor]
    include_in_schema = False

    @get(ADDRESS)
    async def grid(
        self,
        request: Request[Actor, Any, Any],
        organisation_id: FromPath[int],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        show: FromQuery[str] = "",
    ) -> Response[str]:
        """All of them, also those that are hidden."""
        edition = await edition_by_id(edition_id)
        profile = await exhibitor_info(organisation_id)
        everything = await products_of_organisation(organisation_id, hidden=True)
        shown, pager = stretch(request, chosen(everything, q, show))
        return page(
            "catalogue/own_products.html",
            **frame(edition, profile),
            products=shown,
            pager=pager,
            anything=bool(everything),
            labels=any(product.active for product in everything),
            q=q,
            show=show,
            export=with_query(request, f"{base_of(organisation_id, edition_id)}/products/export.xlsx"),
        )

    @get(ADDRESS + "/export.xlsx")
    async def export(
        self,
        organisation_id: FromPath[int],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        show: FromQuery[str] = "",
    ) -> Response[bytes]:
        """The same list as a sheet."""
        edition = await edition_by_id(edition_id)
        everything = await products_of_organisation(organisation_id, hidden=True)
        headers = [_("Code"), _("Name"), _("Kind of goods"), _("Price"), _("Unit"), _("Shown")]
        rows = [
            (one.code, pick(one.name), one.category, one.price, one.unit, one.active)
            for one in chosen(everything, q, show)
        ]
        return download(write_xlsx(_("Products"), headers, rows), f"products-{edition.slug}.xlsx")

    @get(ADDRESS + "/new")
    async def new(self, organisation_id: FromPath[int], edition_id: FromPath[int]) -> Response[str]:
        """An empty form."""
        edition = await edition_by_id(edition_id)
        return await _form_page(edition, organisation_id, Form.empty(active=True))

    @post(ADDRESS + "/new", status_code=303)
    async def add(
        self, request: Request[Actor, Any, Any], organisation_id: FromPath[int], edition_id: FromPath[int]
    ) -> Response[Any]:
        """Add a product with its photos."""
        edition = await edition_by_id(edition_id)
        try:
            reading = await open_form(request, ProductForm)
            photos = await _photos(reading)
            values = _values(reading, edition)
            await _refused_at_fields(
                request,
                service.add_product(
                    organisation_id=organisation_id,
                    values=values,
                    photos=photos,
                    currency=edition.currency,
                    edition_id=edition_id,
                    actor=request.user,
                    now=now(),
                ),
            )
        except FormError as error:
            again = await chosen_again(request, error.form, "photos", _("Please choose the photos again."))
            return await _form_page(edition, organisation_id, again, status=422)
        return redirect(
            base_of(organisation_id, edition_id) + "/products", toast=_("The product was added to the catalogue.")
        )

    @get(ADDRESS + "/{product_id:int}")
    async def show(
        self, organisation_id: FromPath[int], edition_id: FromPath[int], product_id: FromPath[int]
    ) -> Response[str]:
        """One product to change."""
        edition = await edition_by_id(edition_id)
        product = await product_info(product_id, organisation_id=organisation_id, hidden=True)
        return await _form_page(edition, organisation_id, _form_of(product), product)

    @post(ADDRESS + "/{product_id:int}", status_code=303)
    async def change(
        self,
        request: Request[Actor, Any, Any],
        organisation_id: FromPath[int],
        edition_id: FromPath[int],
        product_id: FromPath[int],
    ) -> Response[Any]:
        """Change it, and add photos."""
        edition = await edition_by_id(edition_id)
        product = await product_info(product_id, organisation_id=organisation_id, hidden=True)
        own: dict[str, Any] = {
            "product_id": product_id,
            "organisation_id": organisation_id,
            "edition_id": edition_id,
            "actor": request.user,
            "now": now(),
        }
        try:
            sent = await open_form(request, ProductForm)
            photos = await _photos(sent)
            async with held("product", product_id):
                standing = await product_info(product_id, organisation_id=organisation_id, hidden=True)
                reading = await open_edit(
                    request, ProductForm, record=_form_of(standing), subject=("product", product_id)
                )
                if sent.form.error("photos"):
                    reading.refuse("photos", sent.form.error("photos"))
                values = _values(reading, edition)
                await _refused_at_fields(request, service.change_product(values=values, photos=photos, **own))
        except FormError as error:
            again = await chosen_again(request, error.form, "photos", _("Please choose the photos again."))
            return await _form_page(edition, organisation_id, again, product, status=error.status)
        return redirect(base_of(organisation_id, edition_id) + "/products", toast=_("Saved. Visitors see it at once."))

    @post(ADDRESS + "/{product_id:int}/remove", status_code=303)
    async def remove(
        self,
        request: Request[Actor, Any, Any],
        organisation_id: FromPath[int],
        edition_id: FromPath[int],
        product_id: FromPath[int],
    ) -> Response[Any]:
        """Take it off for good."""
        await service.remove_product(
            product_id=product_id,
            organisation_id=organisation_id,
            edition_id=edition_id,
            actor=request.user,
            now=now(),
        )
        return redirect(base_of(organisation_id, edition_id) + "/products", toast=_("The product was removed."))

    @post(ADDRESS + "/{product_id:int}/photos/{photo_id:int}/{act:str}", status_code=303)
    async def photo(
        self,
        request: Request[Actor, Any, Any],
        organisation_id: FromPath[int],
        edition_id: FromPath[int],
        product_id: FromPath[int],
        photo_id: FromPath[int],
        act: FromPath[str],
    ) -> Response[Any]:
        """Put a photo first (``first``), or take it off (``remove``)."""
        own: dict[str, Any] = {
            "product_id": product_id,
            "photo_id": photo_id,
            "organisation_id": organisation_id,
            "edition_id": edition_id,
            "actor": request.user,
            "now": now(),
        }
        await (service.put_photo_first(**own) if act == "first" else service.remove_photo(**own))
        toast = _("This photo comes first now.") if act == "first" else _("The photo was removed.")
        return redirect(f"{base_of(organisation_id, edition_id)}/products/{product_id}#photos", toast=toast)


async def _form_page(
    edition: EditionInfo, organisation_id: int, form: Form, product: ProductInfo | None = None, status: int = 200
) -> Response[str]:
    profile = await exhibitor_info(organisation_id)
    return page(
        "catalogue/own_product.html",
        status=status,
        **frame(edition, profile),
        form=form,
        product=product,
        languages=own_first(),
        categories=await categories_of_edition(edition.id),
    )


def _form_of(product: ProductInfo) -> Form:
    texts = {
        f"{name}_{code}": getattr(product, name).get(code, "") for name in ("name", "description") for code in LOCALES
    }
    return Form.of(
        **texts,
        code=product.code,
        price=typed_money(product.price) if product.price else "",
        unit=product.unit,
        category=product.category,
        certificates=show_certificates((one.name, one.year) for one in product.certificates),
        active=product.active,
    )


def _values(reading: Reading[ProductForm], edition: EditionInfo) -> ProductValues:
    """What the form says, after all of it was looked at. Raises FormError."""
    form = reading.values
    price = None
    if not form.texts("name"):
        reading.refuse(f"name_{current_locale()}", _("Please give the name in at least one language."))
    if form.price:
        try:
            price = parse_money(form.price, edition.currency)
        except ValueError as error:
            said = _("This is no amount in {currency}. Write it like 1.250.000.").format(currency=edition.currency)
            reading.refuse("price", why_no_amount(error, edition.currency, said))
    certificates = certificates_of(reading)
    reading.settle()
    return ProductValues(
        name=form.texts("name"),
        description=form.texts("description"),
        code=form.code,
        price=price,
        unit=form.unit,
        category=form.category,
        certificates=certificates,
        active=form.active,
    )


async def _photos(reading: Reading[ProductForm]) -> list[str]:
    """Hashes of the uploaded photos; refuses too many of them, and those that cannot be taken."""
    photos = reading.values.photos
    if len(photos) > service.MOST_PHOTOS:
        reading.refuse("photos", TooManyPhotos(most=service.MOST_PHOTOS).sentence())
        return []
    hashes = [await stored(upload, "photos", reading) for upload in photos]
    return [digest for digest in hashes if digest]


async def _refused_at_fields(request: Request[Any, Any, Any], work: Any) -> None:
    """Await a service; what it refuses is said at the field that it is about. Raises FormError."""
    try:
        await work
    except ProductCodeTaken as error:
        raise FormError(await form_again(request, {"code": error.sentence()})) from error
    except TooManyPhotos as error:
        raise FormError(await form_again(request, {"photos": error.sentence()})) from error
