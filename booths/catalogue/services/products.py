"""Adding, changing and removing products and their photos. Each looks whose product it is.

A product is its organisation's; ``edition_id`` says in whose pages it was changed, and thus in which log that stands.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import is_unique_violation, write_transaction
from app.kernel.names import search_text
from booths.catalogue.certificates import show_certificates
from booths.catalogue.errors import PhotoNotFound, ProductCodeTaken, ProductNotFound, TooManyPhotos
from booths.catalogue.queries.exhibitors import texts_of
from booths.catalogue.queries.products import photos_of
from booths.catalogue.schemas import ProductValues
from booths.catalogue.tables import Certificate, Product, ProductPhoto

MOST_PHOTOS = 8


def searched_in(values: ProductValues) -> str:
    """The text in which a product is searched."""
    certificates = (name for name, _year in values.certificates)
    return search_text(*values.name.values(), values.category, values.code, *values.description.values(), *certificates)


def columns_of(values: ProductValues, currency: str, now: datetime) -> dict[Any, Any]:
    """A product's columns."""
    return {
        Product.code: values.code,
        Product.name: json.dumps(dict(values.name), ensure_ascii=False),
        Product.description: json.dumps(dict(values.description), ensure_ascii=False),
        Product.price_minor: values.price.amount_minor if values.price else None,
        Product.currency: values.price.currency if values.price else currency,
        Product.unit: values.unit,
        Product.category: values.category,
        Product.active: values.active,
        Product.search_text: searched_in(values),
        Product.changed_at: now,
    }


def by_name(columns: Mapping[Any, Any]) -> dict[str, Any]:
    """Values of columns by the columns' names."""
    return {column._meta.name: value for column, value in columns.items()}


def told(product: Mapping[str, Any], certificates: Sequence[tuple[str, int | None]]) -> dict[str, Any]:
    """A product as the log tells it, from its columns by name."""
    plain = ("code", "price_minor", "currency", "unit", "category", "active")
    return {
        "name": texts_of(product["name"]),
        "description": texts_of(product["description"]),
        **{name: product[name] for name in plain},
        "certificates": show_certificates(certificates),
    }


async def add_product(
    *,
    organisation_id: int,
    values: ProductValues,
    photos: Sequence[str] = (),
    currency: str = "VND",
    edition_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Add a product at the end of the organisation's list, with stored photos by their hashes; returns its id.

    Raises ProductCodeTaken, TooManyPhotos.
    """
    if len(photos) > MOST_PHOTOS:
        raise TooManyPhotos(most=MOST_PHOTOS)
    try:
        async with write_transaction():
            last = (
                await Product.select(Product.position)
                .where(Product.organisation == organisation_id)
                .order_by(Product.position, ascending=False)
                .first()
            )
            columns = by_name(columns_of(values, currency, now))
            product = Product(
                **columns,
                organisation=organisation_id,
                position=last["position"] + 1 if last else 0,
                created_at=now,
            )
            await product.save()
            await _set_certificates(product.id, organisation_id, values.certificates)
            await _append_photos(product.id, photos, 0)
            await audit.record(
                actor=actor,
                action="product.add",
                subject_type="product",
                subject_id=product.id,
                edition_id=edition_id,
                after={"organisation_id": organisation_id, **told(columns, values.certificates)},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise ProductCodeTaken(product_code=values.code) from error
        raise
    return int(product.id)


async def change_product(
    *,
    product_id: int,
    organisation_id: int,
    values: ProductValues,
    photos: Sequence[str] = (),
    edition_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Change what is said of a product, and append photos; all of it or nothing.

    Raises ProductNotFound (also for another's product), ProductCodeTaken, TooManyPhotos.
    """
    try:
        async with write_transaction():
            stored = await _own(product_id, organisation_id)
            columns = columns_of(values, stored["currency"], now)
            before, after = audit.changes(
                told(stored, await _certificates(product_id)), told(by_name(columns), values.certificates)
            )
            await Product.update(columns).where(Product.id == product_id)
            await _set_certificates(product_id, organisation_id, values.certificates)
            if after:
                await audit.record(
                    actor=actor,
                    action="product.change",
                    subject_type="product",
                    subject_id=product_id,
                    edition_id=edition_id,
                    before={"name": texts_of(stored["name"]), **before},  # by which it is known when it is gone
                    after={"name": dict(values.name), **after},
                    now=now,
                )
            await add_photos(
                product_id=product_id,
                organisation_id=organisation_id,
                photos=photos,
                edition_id=edition_id,
                actor=actor,
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise ProductCodeTaken(product_code=values.code) from error
        raise


async def remove_product(
    *, product_id: int, organisation_id: int, edition_id: int | None = None, actor: Actor, now: datetime
) -> None:
    """Take a product off for good; contacts that visitors left about it stay. Raises ProductNotFound."""
    async with write_transaction():
        before = await _own(product_id, organisation_id)
        await Product.delete().where((Product.id == product_id) & (Product.organisation == organisation_id))
        await audit.record(
            actor=actor,
            action="product.remove",
            subject_type="product",
            subject_id=product_id,
            edition_id=edition_id,
            before={"organisation_id": organisation_id, "name": before["name"], "code": before["code"]},
            now=now,
        )


async def add_photos(
    *,
    product_id: int,
    organisation_id: int,
    photos: Sequence[str],
    edition_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Append stored photos, given by their hashes. Raises ProductNotFound, TooManyPhotos."""
    if not photos:
        return
    async with write_transaction():
        await _own(product_id, organisation_id)
        present = await photos_of(product_id)
        fresh = [digest for digest in dict.fromkeys(photos) if digest not in {photo.hash for photo in present}]
        if len(present) + len(fresh) > MOST_PHOTOS:
            raise TooManyPhotos(most=MOST_PHOTOS)
        await _append_photos(product_id, fresh, max((photo.position for photo in present), default=-1) + 1)
        await audit.record(
            actor=actor,
            action="product.add_photos",
            subject_type="product",
            subject_id=product_id,
            edition_id=edition_id,
            after={"photos": fresh},
            now=now,
        )


async def remove_photo(
    *, product_id: int, photo_id: int, organisation_id: int, edition_id: int | None = None, actor: Actor, now: datetime
) -> None:
    """Take a photo off a product. Raises ProductNotFound, PhotoNotFound."""
    async with write_transaction():
        await _own(product_id, organisation_id)
        gone = (
            await ProductPhoto.delete()
            .where((ProductPhoto.id == photo_id) & (ProductPhoto.product == product_id))
            .returning(ProductPhoto.hash)
        )
        if not gone:
            raise PhotoNotFound
        await audit.record(
            actor=actor,
            action="product.remove_photo",
            subject_type="product",
            subject_id=product_id,
            edition_id=edition_id,
            before={"photo": gone[0]["hash"]},
            now=now,
        )


async def put_photo_first(
    *, product_id: int, photo_id: int, organisation_id: int, edition_id: int | None = None, actor: Actor, now: datetime
) -> None:
    """Let a photo stand for its product. Raises ProductNotFound, PhotoNotFound."""
    async with write_transaction():
        await _own(product_id, organisation_id)
        photos = await photos_of(product_id)
        if photo_id not in {photo.id for photo in photos}:
            raise PhotoNotFound
        for position, photo in enumerate(sorted(photos, key=lambda photo: photo.id != photo_id)):
            await ProductPhoto.update({ProductPhoto.position: position}).where(ProductPhoto.id == photo.id)
        await audit.record(
            actor=actor,
            action="product.first_photo",
            subject_type="product",
            subject_id=product_id,
            edition_id=edition_id,
            after={"photo_id": photo_id},
            now=now,
        )


async def _own(product_id: int, organisation_id: int) -> dict[str, Any]:
    rows = (
        await Product.select()
        .where((Product.id == product_id) & (Product.organisation == organisation_id))
        .output(load_json=True)
    )
    if not rows:
        raise ProductNotFound
    return dict(rows[0])


async def _append_photos(product_id: int, photos: Sequence[str], start: int) -> None:
    if photos:
        await ProductPhoto.insert(
            *(
                ProductPhoto(product=product_id, hash=digest, position=start + number)
                for number, digest in enumerate(dict.fromkeys(photos))
            )
        )


async def _certificates(product_id: int) -> list[tuple[str, int | None]]:
    chosen = Certificate.product == product_id
    rows = await Certificate.select(Certificate.name, Certificate.year).where(chosen).order_by(Certificate.id)
    return [(row["name"], row["year"]) for row in rows]


async def _set_certificates(
    product_id: int, organisation_id: int, certificates: Sequence[tuple[str, int | None]]
) -> None:
    await Certificate.delete().where(Certificate.product == product_id)
    if certificates:
        await Certificate.insert(
            *(
                Certificate(organisation=organisation_id, product=product_id, name=name, year=year)
                for name, year in certificates
            )
        )
