"""What can go wrong in the catalogue."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class ProductNotFound(AppError):
    """There is no such product, or it is another exhibitor's."""

    code = "product_not_found"
    status = 404
    message = N_("There is no such product here. It may have been taken off the catalogue.")


class ProductCodeTaken(AppError):
    """The organisation has another product with this code."""

    code = "product_code_taken"
    status = 409
    message = N_("Another product of yours has the code {product_code}. Codes tell products apart.")


class ExhibitorNotFound(AppError):
    """The organisation has no booth in this edition."""

    code = "exhibitor_not_found"
    status = 404
    message = N_("There is no such exhibitor in this edition.")


class BoothWithoutExhibitor(AppError):
    """A poster was asked for, and no booth has been allocated yet."""

    code = "booth_not_allocated"
    status = 409
    message = N_("You have no booth yet. The poster can be made as soon as the organiser has allocated one.")


class TooManyPhotos(AppError):
    """A product has as many photos as it may have."""

    code = "too_many_photos"
    status = 422
    message = N_("A product has at most {most} photos. Remove one first.")


class ContactMissing(AppError):
    """A lead without any way to answer it."""

    code = "lead_contact_missing"
    status = 422
    message = N_("Please give a phone number or a mail address, so that the exhibitor can answer.")


class ConsentMissing(AppError):
    """A lead without consent."""

    code = "consent_missing"
    status = 422
    message = N_("Without your agreement nothing can be passed on. Tick the box to send it.")


class PhotoNotFound(AppError):
    """There is no such photo at this product."""

    code = "photo_not_found"
    status = 404
    message = N_("There is no such photo at this product.")


class LeadNotFound(AppError):
    """There is no such contact, or it was left with somebody else."""

    code = "lead_not_found"
    status = 404
    message = N_("There is no such contact. It may have been removed.")


class NothingToLabel(AppError):
    """Labels were asked for, and no product is shown."""

    code = "nothing_to_label"
    status = 409
    message = N_("There are no products to label. Add some, and show them in the catalogue.")
