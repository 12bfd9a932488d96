"""Words of accounts."""

from enum import StrEnum

from app.kernel.i18n import N_


class ContactKind(StrEnum):
    """A way to reach a person: the column of ``person`` of the same name."""

    EMAIL = "email"
    PHONE = "phone"


class Role(StrEnum):
    """What somebody may do, mostly within one edition."""

    OWNER = "owner"
    MANAGER = "manager"
    FINANCE = "finance"
    FLOOR = "floor"
    GATE_LEAD = "gate_lead"
    JURY_CHAIR = "jury_chair"
    JUDGE = "judge"
    EXHIBITOR_OWNER = "exhibitor_owner"
    EXHIBITOR_MEMBER = "exhibitor_member"
    TEAM_MEMBER = "team_member"


ROLE_NAMES = {
    Role.OWNER: N_("Owner"),
    Role.MANAGER: N_("Manager"),
    Role.FINANCE: N_("Finance"),
    Role.FLOOR: N_("Floor"),
    Role.GATE_LEAD: N_("Gate lead"),
    Role.JURY_CHAIR: N_("Jury chair"),
    Role.JUDGE: N_("Judge"),
    Role.EXHIBITOR_OWNER: N_("Exhibitor"),
    Role.EXHIBITOR_MEMBER: N_("Exhibitor's staff"),
    Role.TEAM_MEMBER: N_("Team member"),
}

ORGANISER_ROLES = (Role.OWNER, Role.MANAGER, Role.FINANCE, Role.FLOOR, Role.GATE_LEAD, Role.JURY_CHAIR)
#: Who registers people and fills in for them: those who write applications down that come on paper, too.
OFFICER_ROLES = (Role.OWNER, Role.MANAGER, Role.FLOOR)
EXHIBITOR_ROLES = (Role.EXHIBITOR_OWNER, Role.EXHIBITOR_MEMBER)


class OrganisationKind(StrEnum):
    """What an organisation is."""

    HOUSEHOLD = "household"
    ARTISAN = "artisan"
    COOPERATIVE = "cooperative"
    COMPANY = "company"
    ASSOCIATION = "association"


ORGANISATION_KIND_NAMES = {
    OrganisationKind.HOUSEHOLD: N_("Household business"),
    OrganisationKind.ARTISAN: N_("Artisan"),
    OrganisationKind.COOPERATIVE: N_("Cooperative"),
    OrganisationKind.COMPANY: N_("Company"),
    OrganisationKind.ASSOCIATION: N_("Association"),
}


class UnitLevel(StrEnum):
    """Where an association stands in the tree: two administrative tiers since July 2025, and branches below."""

    PROVINCE = "province"
    WARD = "ward"
    BRANCH = "branch"


UNIT_LEVEL_NAMES = {
    UnitLevel.PROVINCE: N_("Province or city"),
    UnitLevel.WARD: N_("Ward or commune"),
    UnitLevel.BRANCH: N_("Branch"),
}


class InForce(StrEnum):
    """Which organisations a list shows: those of today (the usual), those that ended, or all that ever were."""

    NOW = ""
    ENDED = "ended"
    EVER = "all"


IN_FORCE_NAMES = {
    InForce.NOW: N_("In force today"),
    InForce.ENDED: N_("Ended"),
    InForce.EVER: N_("All, ended ones too"),
}


class DeviceKind(StrEnum):
    """What a bound device is used as."""

    GATE = "gate"
    JUDGE = "judge"


DEVICE_KIND_NAMES = {DeviceKind.GATE: N_("Gate"), DeviceKind.JUDGE: N_("Judging")}


class DeviceState(StrEnum):
    """Where a device stands: its card waits, was used, grew too old; or it was shut out."""

    INVITED = "invited"
    BOUND = "bound"
    EXPIRED = "expired"
    REVOKED = "revoked"


DEVICE_STATE_NAMES = {
    DeviceState.INVITED: N_("Card not used yet"),
    DeviceState.BOUND: N_("Bound"),
    DeviceState.EXPIRED: N_("Card too old"),
    DeviceState.REVOKED: N_("Shut out"),
}


class ConsentPurpose(StrEnum):
    """What a person may consent to."""

    CONTACT = "contact"
    PHOTO = "photo"
    INTRODUCTION = "introduction"
    REGISTRATION = "registration"


PURPOSE_NAMES = {
    ConsentPurpose.CONTACT: N_("Contact details shown to visitors"),
    ConsentPurpose.PHOTO: N_("Photos"),
    ConsentPurpose.INTRODUCTION: N_("Introductions to experts and buyers"),
    ConsentPurpose.REGISTRATION: N_("Being registered by an officer"),
}


class GivenThrough(StrEnum):
    """How a consent reached the ledger: pressed by herself, or told or signed to an officer who wrote it down."""

    HERSELF = "herself"
    IN_PERSON = "in_person"
    PAPER = "paper"


GIVEN_THROUGH_NAMES = {
    GivenThrough.HERSELF: N_("By herself"),
    GivenThrough.IN_PERSON: N_("In person, to the officer"),
    GivenThrough.PAPER: N_("On paper, to the officer"),
}


class HandOver(StrEnum):
    """How an account came into the hands of the person whom an officer had registered."""

    CARD = "card"
    CODE = "code"
    SIGN_IN = "sign_in"


HAND_OVER_NAMES = {
    HandOver.CARD: N_("By her card"),
    HandOver.CODE: N_("By a code sent to her"),
    HandOver.SIGN_IN: N_("She signed in herself"),
}


class AccountState(StrEnum):
    """Whose hands the account of somebody is in whom an officer registered."""

    REGISTERED = "registered"
    CARD = "card"
    HANDED_OVER = "handed_over"
    TAKEN_OVER = "taken_over"


ACCOUNT_STATE_NAMES = {
    AccountState.REGISTERED: N_("With the officers"),
    AccountState.CARD: N_("Card made, not used yet"),
    AccountState.HANDED_OVER: N_("Handed over"),
    AccountState.TAKEN_OVER: N_("Taken over by her"),
}


class Asked(StrEnum):
    """How somebody asked to be erased."""

    HERSELF = "herself"
    PHONE = "phone"
    PAPER = "paper"
    IN_PERSON = "in_person"


ASKED_NAMES = {
    Asked.HERSELF: N_("On her own page"),
    Asked.PHONE: N_("By phone"),
    Asked.PAPER: N_("On paper"),
    Asked.IN_PERSON: N_("In person"),
}


class RecordKind(StrEnum):
    """Of what two records may be one."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Likeness(StrEnum):
    """Why two records look like one."""

    PHONE = "phone"
    NUMBER = "number"
    NAME_AND_WARD = "name_and_ward"


LIKENESS_NAMES = {
    Likeness.PHONE: N_("Same phone number"),
    Likeness.NUMBER: N_("Same tax or personal number"),
    Likeness.NAME_AND_WARD: N_("Same name in the same ward"),
}
