"""What forms and the API of the catalogue take and give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec
from litestar.datastructures import UploadFile
from msgspec import Meta

from app.kernel.i18n import LOCALES
from app.kernel.images import media_url
from app.kernel.money import MOST, Money
from booths.catalogue.certificates import show_certificates
from booths.catalogue.queries.exhibitors import ExhibitorCard, ExhibitorInfo
from booths.catalogue.queries.products import ProductCard, ProductInfo

Title = Annotated[str, Meta(max_length=160)]
Long = Annotated[str, Meta(max_length=4000)]
Language = Literal["vi", "id", "en"]


@dataclass(frozen=True, kw_only=True)
class ProductValues:
    """What an exhibitor says of a product. Texts by language; certificates as ``(name, year)``."""

    name: Mapping[str, str]
    description: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    price: Money | None = None
    unit: str = ""
    category: str = ""
    certificates: Sequence[tuple[str, int | None]] = ()
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class ProfileValues:
    """What an exhibitor says of itself. ``consent_wording`` is the sentence beside the box for its contact details."""

    story: Mapping[str, str] = field(default_factory=dict)
    website: str = ""
    certificates: Sequence[tuple[str, int | None]] = ()
    contact_public: bool = False
    consent_wording: str = ""


class ProductForm(msgspec.Struct, kw_only=True):
    """One product of an exhibitor."""

    name_vi: Title = ""
    name_id: Title = ""
    name_en: Title = ""
    description_vi: Long = ""
    description_id: Long = ""
    description_en: Long = ""
    code: Annotated[str, Meta(max_length=40)] = ""
    price: Annotated[str, Meta(max_length=40)] = ""
    unit: Annotated[str, Meta(max_length=40)] = ""
    category: Annotated[str, Meta(max_length=80)] = ""
    certificates: Annotated[str, Meta(max_length=1000)] = ""
    active: bool = False
    photos: list[UploadFile] = msgspec.field(default_factory=list)

    def texts(self, name: str) -> dict[str, str]:
        """The three fields of a text by language, empty ones left out."""
        return {code: getattr(self, f"{name}_{code}") for code in LOCALES if getattr(self, f"{name}_{code}")}


class ProductBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One product of an exhibitor, as the API takes it: texts by language, the price in the edition's minor unit.

    Certificates are written as people write them: ``OCOP 4 sao 2025``.
    """

    name: dict[Language, Title]
    description: dict[Language, Long] = {}
    code: Annotated[str, Meta(max_length=40)] = ""
    price_minor: Annotated[int, Meta(ge=0, le=MOST)] | None = None
    unit: Annotated[str, Meta(max_length=40)] = ""
    category: Annotated[str, Meta(max_length=80)] = ""
    certificates: Annotated[list[Annotated[str, Meta(max_length=140)]], Meta(max_length=12)] = []
    active: bool = True


class ProfileForm(msgspec.Struct, kw_only=True):
    """The page of an exhibitor."""

    story_vi: Long = ""
    story_id: Long = ""
    story_en: Long = ""
    website: Annotated[str, Meta(max_length=200)] = ""
    certificates: Annotated[str, Meta(max_length=1000)] = ""
    contact_public: bool = False
    photo: UploadFile | None = None

    def texts(self) -> dict[str, str]:
        """The story by language, empty ones left out."""
        return {code: getattr(self, f"story_{code}") for code in LOCALES if getattr(self, f"story_{code}")}


class LeadForm(msgspec.Struct, kw_only=True):
    """A visitor who wants to hear from an exhibitor."""

    name: Title
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    message: Annotated[str, Meta(max_length=1000)] = ""
    consent: bool = False
    product_id: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    client_id: Annotated[str, Meta(max_length=40)] = ""


class SaveForm(msgspec.Struct, kw_only=True):
    """Something to keep for later, or to forget."""

    item: Annotated[str, Meta(pattern=r"^[px]\d{1,9}$")]
    keep: bool = False
    next: Annotated[str, Meta(max_length=400)] = ""


@dataclass(frozen=True, kw_only=True)
class MoneyDTO:
    """An amount in the minor unit of its currency."""

    amount_minor: int
    currency: str

    @classmethod
    def of(cls, money: Money | None) -> "MoneyDTO | None":
        """The amount, None where there is none."""
        return cls(amount_minor=money.amount_minor, currency=money.currency) if money else None


@dataclass(frozen=True, kw_only=True)
class BoothDTO:
    """Where an exhibitor stands."""

    id: int
    code: str
    zone: str
    hall: str


@dataclass(frozen=True, kw_only=True)
class ExhibitorDTO:
    """An exhibitor in a list."""

    id: int
    name: str
    kind: str
    ward: str
    booths: list[BoothDTO]
    products: int
    photo: str | None

    @classmethod
    def of(cls, card: ExhibitorCard, photo: str | None) -> "ExhibitorDTO":
        """The record as the API shows it."""
        return cls(
            id=card.id,
            name=card.name,
            kind=card.kind,
            ward=card.ward,
            booths=[BoothDTO(id=booth.id, code=booth.code, zone=booth.zone, hall=booth.hall) for booth in card.booths],
            products=card.products,
            photo=photo,
        )


@dataclass(frozen=True, kw_only=True)
class ExhibitorPageDTO:
    """A stretch of the exhibitors of an edition."""

    items: list[ExhibitorDTO]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class ProductDTO:
    """A product in a list. Texts by language; ``photo`` is an address on this site."""

    id: int
    name: dict[str, str]
    price: MoneyDTO | None
    unit: str
    category: str
    exhibitor_id: int
    exhibitor: str
    booth: str
    zone: str
    photo: str | None

    @classmethod
    def of(cls, card: ProductCard, photo: str | None) -> "ProductDTO":
        """The record as the API shows it."""
        return cls(
            id=card.id,
            name=dict(card.name),
            price=MoneyDTO.of(card.price),
            unit=card.unit,
            category=card.category,
            exhibitor_id=card.organisation_id,
            exhibitor=card.organisation,
            booth=card.booth,
            zone=card.zone,
            photo=photo,
        )


@dataclass(frozen=True, kw_only=True)
class ProductPageDTO:
    """A stretch of the products of an edition."""

    items: list[ProductDTO]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class ProductDetailDTO:
    """A product with all that is told of it."""

    id: int
    name: dict[str, str]
    description: dict[str, str]
    price: MoneyDTO | None
    unit: str
    category: str
    certificates: list[str]
    photos: list[str]
    exhibitor_id: int
    exhibitor: str

    @classmethod
    def of(cls, product: ProductInfo, exhibitor: ExhibitorInfo, photos: list[str]) -> "ProductDetailDTO":
        """The record as the API shows it."""
        return cls(
            id=product.id,
            name=dict(product.name),
            description=dict(product.description),
            price=MoneyDTO.of(product.price),
            unit=product.unit,
            category=product.category,
            certificates=[certificate.title for certificate in product.certificates],
            photos=photos,
            exhibitor_id=exhibitor.id,
            exhibitor=exhibitor.name,
        )


@dataclass(frozen=True, kw_only=True)
class OwnProductDTO:
    """A product in its exhibitor's own list; ``active`` says whether visitors see it."""

    id: int
    code: str
    name: dict[str, str]
    price: MoneyDTO | None
    unit: str
    category: str
    photo: str | None
    active: bool

    @classmethod
    def of(cls, card: ProductCard) -> "OwnProductDTO":
        """The record as the API shows it."""
        return cls(
            id=card.id,
            code=card.code,
            name=dict(card.name),
            price=MoneyDTO.of(card.price),
            unit=card.unit,
            category=card.category,
            photo=media_url(card.photo) if card.photo else None,
            active=card.active,
        )


@dataclass(frozen=True, kw_only=True)
class OwnProductPageDTO:
    """A stretch of an exhibitor's own products; ``total`` counts all that fit."""

    items: list[OwnProductDTO]
    total: int
    page: int


@dataclass(frozen=True, kw_only=True)
class OwnProductDetailDTO:
    """A product as its exhibitor keeps it; certificates as :class:`ProductBody` takes them."""

    id: int
    code: str
    name: dict[str, str]
    description: dict[str, str]
    price: MoneyDTO | None
    unit: str
    category: str
    certificates: list[str]
    photos: list[str]
    active: bool

    @classmethod
    def of(cls, product: ProductInfo) -> "OwnProductDetailDTO":
        """The record as the API shows it."""
        return cls(
            id=product.id,
            code=product.code,
            name=dict(product.name),
            description=dict(product.description),
            price=MoneyDTO.of(product.price),
            unit=product.unit,
            category=product.category,
            certificates=[show_certificates([(one.name, one.year)]) for one in product.certificates],
            photos=[media_url(photo.hash, 1280) for photo in product.photos],
            active=product.active,
        )
