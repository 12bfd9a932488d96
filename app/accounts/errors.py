"""What can go wrong with accounts."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class SignInFailed(AppError):
    """A wrong password, or a person that is not there: the same sentence for both."""

    code = "sign_in_failed"
    status = 403
    message = N_("That did not match. Check what you typed, or ask for a link or code.")


class LinkUsed(AppError):
    """A sign-in link or code that was used or is too old."""

    code = "sign_in_link_used"
    status = 410
    message = N_("This link or code was used already or is too old. Ask for a new one.")


class InviteNotValid(AppError):
    """A device card that was used, revoked or is too old."""

    code = "device_invite_not_valid"
    status = 410
    message = N_("This card was used on another device, was withdrawn, or is too old. Ask for a new one.")


class ContactMissing(AppError):
    """A person without phone and mail."""

    code = "contact_missing"
    status = 422
    message = N_("A phone number or a mail address is needed.")


class ContactUnchanged(AppError):
    """A new contact that is the one she has."""

    code = "contact_unchanged"
    status = 422
    message = N_("This is your phone number or mail address already.")


class ContactCodeWrong(AppError):
    """A code or link of a new contact that is wrong, too old, or was used, or of another browser or person."""

    code = "contact_code_wrong"
    status = 422
    message = N_(
        "This code or link is not right, is too old, or was used already. A code counts only in the browser in which "
        "you asked for it."
    )


class ContactOfAnother(AppError):
    """A new contact, shown to be hers, under which there is another record."""

    code = "contact_of_another"
    status = 409
    message = N_(
        "There is another account with this phone number or mail address, so nothing was changed. If both are yours, "
        "ask the organisers of your festival: they can make the two accounts one."
    )


class ContactTaken(AppError):
    """A phone number or mail address that belongs to somebody else."""

    code = "contact_taken"
    status = 409
    message = N_("This phone number or mail address belongs to somebody else already.")


class PasswordTooShort(AppError):
    """A new password that is too easy."""

    code = "password_too_short"
    status = 422
    message = N_("A password needs at least {limit} characters.")


class PasswordTooCommon(AppError):
    """A new password that many people have, or that was in a leak."""

    code = "password_too_common"
    status = 422
    message = N_(
        "This password is one of those that are tried first: many people have it, or it was in a leak. Choose another "
        "one, such as four words that have nothing to do with each other."
    )


class PasswordHoldsName(AppError):
    """A new password that holds what everybody knows."""

    code = "password_holds_name"
    status = 422
    message = N_(
        "A password must not hold your name, your phone number, your mail address, the name of a festival or the word "
        "fairground: they are tried first."
    )


class OldPasswordWrong(AppError):
    """The password that is to be changed does not match."""

    code = "old_password_wrong"
    status = 403
    message = N_("This is not your password. If you have forgotten it, sign in again with a link or a code.")


class SignInAgain(AppError):
    """Something that only a fresh sign-in may do."""

    code = "sign_in_again"
    status = 403
    message = N_("Please confirm that it is you: sign in again with a link or a code.")


class LastOwner(AppError):
    """The last owner of an edition cannot be erased."""

    code = "last_owner"
    status = 409
    message = N_("This is the last owner of a festival. Somebody else has to become its owner first.")


class NotOnlyYours(AppError):
    """A person of whom festivals of other organisers hold something, too."""

    code = "not_only_yours"
    status = 403
    message = N_("Other festivals know this person, too. She has to ask for it herself, on her page My data.")


class SecondCodeWrong(AppError):
    """A code of the second step that is wrong, too old, or was used."""

    code = "second_code_wrong"
    status = 422
    message = N_(
        "This code is not right, or was used already. Wait for the next code in your app, and check that the time on "
        "your phone is set automatically."
    )


class TwoStepOn(AppError):
    """A second step that counts already cannot be set up once more."""

    code = "two_step_on"
    status = 409
    message = N_("Two-step sign-in is on already.")


class TwoStepNotBegun(AppError):
    """No secret waits for its first code."""

    code = "two_step_not_begun"
    status = 409
    message = N_("Begin the set-up again and scan the new QR code.")


class TwoStepLocked(AppError):
    """The secret was sealed under another ``KEY_ENCRYPTION_KEY``."""

    code = "two_step_locked"
    status = 503
    message = N_("Codes cannot be checked at the moment. Use a recovery code, or ask whoever runs this service.")


class PersonUnknown(AppError):
    """Nobody has this phone number or mail address."""

    code = "person_unknown"
    status = 404
    message = N_("Nobody here has this phone number or mail address.")


class NotMergeable(AppError):
    """Records of which one is gone, was merged already, or which nothing says to be one."""

    code = "not_mergeable"
    status = 409
    message = N_(
        "These two cannot be merged: one of them was merged or erased already, or they are not alike any more."
    )


class MergeNotYours(AppError):
    """Records of which festivals of other organisers hold something, too."""

    code = "merge_not_yours"
    status = 403
    message = N_(
        "Another organiser's festival knows one of the two, too. Whoever owns all these festivals can merge them."
    )


class MergeOwnAccount(AppError):
    """Nobody merges accounts of her own: she would let herself into the other one."""

    code = "merge_own_account"
    status = 403
    message = N_("One of the two is your own account. Ask another owner of the festival to merge them.")


class MergeLosesTwoStep(AppError):
    """What two-step sign-in guards would lie open in an account without it."""

    code = "merge_loses_two_step"
    status = 409
    message = N_(
        "The account that would go has two-step sign-in, and the one that stays has none. Let the other one stay."
    )


class MergeUpsideDown(AppError):
    """One organisation stands above the other in the tree."""

    code = "merge_upside_down"
    status = 409
    message = N_("The organisation that would go stands above the other one. Let the upper one stay.")


class MergeNotLast(AppError):
    """A merge that another one was built upon."""

    code = "merge_not_last"
    status = 409
    message = N_("Another merge was made upon this one. Undo that one first.")


class FillingInNotAllowed(AppError):
    """Somebody for whom this officer may not fill in."""

    code = "filling_in_not_allowed"
    status = 403
    message = N_(
        "You may not fill in for this person: she has taken her account over, does not take part in this festival, or "
        "organises or judges herself. She can allow it on her page My account."
    )


class AlreadyHandedOver(AppError):
    """An account that is the person's own already."""

    code = "already_handed_over"
    status = 409
    message = N_("This account was handed over already.")


class HandOverCardNotValid(AppError):
    """A hand-over card that was used, withdrawn, is too old, or whose account was handed over otherwise."""

    code = "hand_over_card_not_valid"
    status = 410
    message = N_("This card was used already, was withdrawn, or is too old. Ask the officer who gave it to you.")


class HandOverCodeWrong(AppError):
    """A code for a contact that is wrong, was used, or is too old."""

    code = "hand_over_code_wrong"
    status = 422
    message = N_("This code is not right, or is too old. Check the message, or send a new one.")


class ContactUnreadable(AppError):
    """Neither a phone number nor a mail address."""

    code = "contact_unreadable"
    status = 422
    message = N_("Please write a phone number such as 0912 345 678, or a mail address.")


class LooksAlike(AppError):
    """Somebody is registered who looks like one who is there already."""

    code = "looks_alike"
    status = 409
    message = N_("Somebody like this is here already. Look at the list first.")


class OrganisationSpokenFor(AppError):
    """An organisation for which somebody speaks already, or that is not this festival's to give."""

    code = "organisation_spoken_for"
    status = 409
    message = N_("Somebody speaks for this organisation already, or another festival knows it.")


class MergeUndone(AppError):
    """A merge that was undone already, or of which a record was erased."""

    code = "merge_undone"
    status = 409
    message = N_("This merge was undone already, or the data were erased meanwhile.")
