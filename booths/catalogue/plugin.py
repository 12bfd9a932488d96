"""What the catalogue brings."""

from app.accounts.enums import ConsentPurpose
from app.accounts.merging.pointers import add_giving_way
from app.accounts.services.consents import register_effect
from app.events.short_codes import register_resolver
from app.events.slots import add_dashboard_provider, add_mover, add_nav_item, add_scan_listener, add_section_provider
from app.kernel.module import Module
from booths.catalogue.controllers.api import CatalogueApi
from booths.catalogue.controllers.exhibitor import ExhibitorController
from booths.catalogue.controllers.leads import LeadController
from booths.catalogue.controllers.manage import NAV, CatalogueExport, ManageCatalogueController, catalogue_dashboard
from booths.catalogue.controllers.products import ProductController
from booths.catalogue.controllers.products_api import OwnProductsApi
from booths.catalogue.controllers.public import CatalogueController, exhibitors_section
from booths.catalogue.controllers.saved import SavedController
from booths.catalogue.dates import MOVER
from booths.catalogue.enums import CodeKind
from booths.catalogue.log import WORDS
from booths.catalogue.personal import DATA
from booths.catalogue.services.codes import count_scan, resolve_booth, resolve_product
from booths.catalogue.services.profiles import show_contact
from booths.catalogue.sheets import PRODUCTS
from booths.catalogue.tables import Product


def start() -> None:
    """Fill the slots of events and accounts."""
    add_giving_way(Product.organisation, Product.code)
    register_resolver(CodeKind.BOOTH, resolve_booth)
    register_resolver(CodeKind.PRODUCT, resolve_product)
    add_scan_listener(count_scan)
    add_section_provider(exhibitors_section)
    add_mover(MOVER)
    add_dashboard_provider(catalogue_dashboard)
    add_nav_item(NAV)
    register_effect(ConsentPurpose.CONTACT, show_contact)


module = Module(
    name="catalogue",
    route_handlers=(
        CatalogueController,
        SavedController,
        LeadController,
        ExhibitorController,
        ProductController,
        ManageCatalogueController,
        CatalogueExport,
        CatalogueApi,
        OwnProductsApi,
    ),
    sheet_kinds=(PRODUCTS,),
    startup=start,
    log=WORDS,
    personal=DATA,
)
