"""Tables of accounts: people, organisations, roles, sign-in, devices, consent.

``edition_id`` is a plain number here: editions stand above accounts in the import order.
"""

from piccolo.columns import JSON, Boolean, Date, ForeignKey, Integer, OnDelete, Serial, Text, Timestamptz, Varchar
from piccolo.table import Table

from app.accounts.enums import (
    ConsentPurpose,
    ContactKind,
    DeviceKind,
    GivenThrough,
    OrganisationKind,
    RecordKind,
    Role,
    UnitLevel,
)


class Person(Table, tablename="person"):
    """Somebody: a phone number alone suffices, or a mail address. ``full_name`` has the given name last.

    One who was registered twice keeps both rows; ``merged_into`` of the one leads to the other, in one step.
    """

    id: Serial
    full_name = Varchar(length=200)
    sort_key = Varchar(length=400, index=True)
    search_text = Varchar(length=600, default="")
    phone = Varchar(length=20, default=None, null=True, unique=True)
    email = Varchar(length=254, default=None, null=True, unique=True)
    password_hash = Varchar(length=200, default=None, null=True)
    locale = Varchar(length=2, default="vi")
    locale_chosen = Boolean(default=False, help_text="Whether she chose it; else it is that of a form or a sheet")
    expertise = Varchar(length=200, default="")
    is_expert = Boolean(default=False)
    created_at = Timestamptz(default=None, null=True)
    erased_at = Timestamptz(default=None, null=True, help_text="When all that says who she is was erased")
    merged_into: ForeignKey["Person"] = ForeignKey(
        "self", default=None, null=True, index=True, on_delete=OnDelete.restrict
    )


class Organisation(Table, tablename="organisation"):
    """A business, cooperative or association; these form the tree province or city → ward or commune → branch."""

    id: Serial
    name = Varchar(length=200)
    sort_key = Varchar(length=400, index=True)
    search_text = Varchar(length=600, default="")
    kind = Varchar(length=20, choices=OrganisationKind, default=OrganisationKind.HOUSEHOLD)
    parent: ForeignKey["Organisation"] = ForeignKey("self", default=None, null=True)
    unit_level = Varchar(length=10, choices=UnitLevel, default=None, null=True)
    unit_code = Integer(default=None, null=True, help_text="Code of the administrative unit it serves")
    valid_from = Date(default=None, null=True)
    valid_to = Date(default=None, null=True)
    tax_number = Varchar(length=20, default=None, null=True, unique=True)
    phone = Varchar(length=20, default=None, null=True)
    email = Varchar(length=254, default=None, null=True)
    address = Varchar(length=300, default="")
    ward = Varchar(length=120, default="", help_text="Ward or commune as written")
    ward_code = Integer(default=None, null=True, index=True)
    ward_before = Varchar(length=120, default="", help_text="As it was written, where the ward has another name today")
    member_count = Integer(default=None, null=True)
    contact = ForeignKey(Person, default=None, null=True)
    created_at = Timestamptz(default=None, null=True)
    merged_into: ForeignKey["Organisation"] = ForeignKey(
        "self", default=None, null=True, index=True, on_delete=OnDelete.restrict
    )


class RecordMerge(Table, tablename="record_merge"):
    """Two records of one person or organisation made one, and all that it takes to make them two again.

    ``moved`` has, by ``table.column``, the ids of the rows that pointed at the ``merged`` record and point at the
    ``kept`` one since; ``renamed`` the values that gave way there, before and after; ``filled`` the columns that the
    kept record took over because it had none, with what they held before. Numbers and codes only: nobody is named.
    """

    id: Serial
    kind = Varchar(length=20, choices=RecordKind)
    kept = Integer(index=True)
    merged = Integer(index=True)
    edition_id = Integer(default=None, null=True, index=True)
    moved = JSON(default="{}")
    renamed = JSON(default="{}")
    filled = JSON(default="{}")
    merged_at = Timestamptz(default=None, null=True)
    merged_by = Integer(default=None, null=True)
    undone_at = Timestamptz(default=None, null=True)
    undone_by = Integer(default=None, null=True)


class NotTheSame(Table, tablename="not_the_same"):
    """Two records that look alike and are two: said once by an organiser. ``first`` is the lower id."""

    id: Serial
    kind = Varchar(length=20, choices=RecordKind)
    first = Integer()
    second = Integer()
    said_at = Timestamptz(default=None, null=True)
    said_by = Integer(default=None, null=True)


class RoleGrant(Table, tablename="role_grant"):
    """A role of a person, in one edition or (``edition_id`` empty) in every one, for one organisation where it fits."""

    id: Serial
    person = ForeignKey(Person, null=False, index=True)
    role = Varchar(length=20, choices=Role)
    edition_id = Integer(default=None, null=True, index=True)
    organisation = ForeignKey(Organisation, default=None, null=True)
    granted_by = Integer(default=None, null=True)
    granted_at = Timestamptz(default=None, null=True)
    revoked_at = Timestamptz(default=None, null=True)


class SignInToken(Table, tablename="sign_in_token"):
    """A one-time link and its six-digit code, stored hashed, good once and for minutes.

    ``asked_by`` is the browser (as ``browser_of`` tells it) that asked for the code, and the only one where it counts;
    empty for links in letters of the festival, whose code nobody is told.
    """

    id: Serial
    person = ForeignKey(Person, null=False, index=True)
    token_hash = Varchar(length=64, unique=True)
    code_hash = Varchar(length=64)
    next_path = Text(default="/")
    created_at = Timestamptz(default=None, null=True)
    expires_at = Timestamptz(default=None, null=True)
    used_at = Timestamptz(default=None, null=True)
    asked_by = Varchar(length=64, default=None, null=True)


class TwoStep(Table, tablename="two_step"):
    """The second step of somebody's sign-in: the secret that her phone shares, sealed and bound to her id.

    It counts once it was confirmed by a first code. ``last_step`` is the latest time step (30 s since 1970) whose code
    was taken; only later ones are.
    """

    id: Serial
    person = ForeignKey(Person, null=False, unique=True)
    secret_sealed = Text()
    last_step = Integer(default=0)
    created_at = Timestamptz(default=None, null=True)
    confirmed_at = Timestamptz(default=None, null=True)


class RecoveryCode(Table, tablename="recovery_code"):
    """A code on paper in place of the phone, stored hashed, good once."""

    id: Serial
    person = ForeignKey(Person, null=False, index=True)
    code_hash = Varchar(length=64, unique=True)
    created_at = Timestamptz(default=None, null=True)
    used_at = Timestamptz(default=None, null=True)


class HalfSignIn(Table, tablename="half_sign_in"):
    """Somebody who showed a link, code or password and still owes the second step; opens nothing but that step."""

    id: Serial
    token_hash = Varchar(length=64, unique=True)
    person = ForeignKey(Person, null=False, index=True)
    next_path = Text(default="/")
    created_at = Timestamptz(default=None, null=True)
    expires_at = Timestamptz(default=None, null=True)


class Session(Table, tablename="session"):
    """One signed-in browser; the cookie holds a random token, the table its hash.

    ``acting_for`` is whom an officer fills in for with it, in the edition ``acting_in``.
    """

    id: Serial
    token_hash = Varchar(length=64, unique=True)
    person = ForeignKey(Person, null=False, index=True)
    created_at = Timestamptz(default=None, null=True)
    last_seen_at = Timestamptz(default=None, null=True)
    expires_at = Timestamptz(default=None, null=True)
    browser = Varchar(length=120, default="")
    acting_for = ForeignKey(Person, default=None, null=True, index=True)
    acting_in = Integer(default=None, null=True)


class Assistance(Table, tablename="assistance"):
    """Whether officers may fill in for somebody, and whose hands her account is in.

    One row for each whom an officer registered, or who lets officers fill in for her. ``allowed_at`` empty means that
    they may not. The card and the code for ``contact`` are stored hashed; both are one-time.
    """

    id: Serial
    person = ForeignKey(Person, null=False, unique=True)
    edition_id = Integer(default=None, null=True, index=True, help_text="Where she was registered")
    registered_by = Integer(default=None, null=True)
    registered_at = Timestamptz(default=None, null=True)
    allowed_at = Timestamptz(default=None, null=True)
    handed_over_at = Timestamptz(default=None, null=True)
    taken_over_at = Timestamptz(default=None, null=True)
    card_hash = Varchar(length=64, default=None, null=True, unique=True)
    card_expires_at = Timestamptz(default=None, null=True)
    contact = Varchar(length=254, default=None, null=True, help_text="What the code was sent to")
    code_hash = Varchar(length=64, default=None, null=True)
    code_expires_at = Timestamptz(default=None, null=True)


class ContactChange(Table, tablename="contact_change"):
    """A new mail address or phone number of somebody that counts once she has shown that it is hers.

    Its code counts in the session in which it was asked for alone, and with that session it ends. There is one of each
    kind for a person: a later one takes the place of the earlier.
    """

    id: Serial
    person = ForeignKey(Person, null=False, index=True)
    session = ForeignKey(Session, null=False, index=True)
    kind = Varchar(length=10, choices=ContactKind)
    address = Varchar(length=254)
    token_hash = Varchar(length=64, unique=True)
    code_hash = Varchar(length=64)
    created_at = Timestamptz(default=None, null=True)
    expires_at = Timestamptz(default=None, null=True)


class Device(Table, tablename="device"):
    """A gate phone or a judge's tablet, bound by a printed QR card or a code on screen."""

    id: Serial
    kind = Varchar(length=10, choices=DeviceKind)
    edition_id = Integer(index=True)
    label = Varchar(length=120, default="")
    person = ForeignKey(Person, default=None, null=True)
    subject_id = Integer(default=None, null=True, help_text="What the device works for, such as a gate")
    may_search = Boolean(default=False, help_text="Whether a gate phone may search for people by name")
    replaces = Integer(default=None, null=True, help_text="The device that is shut out when this one is bound")
    invite_hash = Varchar(length=64, default=None, null=True, unique=True)
    invite_expires_at = Timestamptz(default=None, null=True)
    token_hash = Varchar(length=64, default=None, null=True, unique=True)
    created_at = Timestamptz(default=None, null=True)
    paired_at = Timestamptz(default=None, null=True)
    last_seen_at = Timestamptz(default=None, null=True)
    revoked_at = Timestamptz(default=None, null=True)


class Consent(Table, tablename="consent"):
    """A consent given or withdrawn by a person; rows are only ever added."""

    id: Serial
    person = ForeignKey(Person, null=False, index=True)
    purpose = Varchar(length=20, choices=ConsentPurpose)
    edition_id = Integer(default=None, null=True)
    given = Boolean()
    wording = Text(default="", help_text="The sentence that was agreed to")
    at = Timestamptz(default=None, null=True)
    given_through = Varchar(length=10, choices=GivenThrough, default=GivenThrough.HERSELF)
    given_to = Integer(default=None, null=True, help_text="The officer who wrote it down")


TABLES: list[type[Table]] = [
    Person,
    Organisation,
    RecordMerge,
    NotTheSame,
    RoleGrant,
    SignInToken,
    TwoStep,
    RecoveryCode,
    HalfSignIn,
    Session,
    Assistance,
    ContactChange,
    Device,
    Consent,
]
