"""Who acts: a person, a device, or nobody."""

from dataclasses import dataclass

from app.accounts.enums import ORGANISER_ROLES, Role


@dataclass(frozen=True)
class Grant:
    """One role in force; ``edition_id`` None means every edition.

    ``kept_id`` is the organisation that the one of the grant was merged into.
    """

    role: Role
    edition_id: int | None = None
    organisation_id: int | None = None
    kept_id: int | None = None


@dataclass(frozen=True)
class FillingIn:
    """An officer who fills in for somebody, in one edition and on the pages of an exhibitor alone."""

    person_id: int
    full_name: str
    edition_id: int
    officer_id: int
    officer_name: str


@dataclass(frozen=True)
class Actor:
    """The one on whose behalf a service works.

    ``filling_in`` is there on every page of an officer's browser while she fills in for somebody. Only on that person's
    own pages does the actor become her, too: see :attr:`acts_for_another`.
    """

    person_id: int | None = None
    full_name: str = ""
    locale: str = "vi"
    grants: tuple[Grant, ...] = ()
    session_id: int | None = None
    device_id: int | None = None
    device_kind: str | None = None
    edition_id: int | None = None
    subject_id: int | None = None
    may_search: bool = False
    filling_in: FillingIn | None = None

    @property
    def signed_in(self) -> bool:
        """Whether somebody (not only a device) is there."""
        return self.person_id is not None

    @property
    def acts_for_another(self) -> bool:
        """Whether this is an officer in somebody's place."""
        return self.filling_in is not None and self.filling_in.person_id == self.person_id

    @property
    def written_by(self) -> tuple[int | None, str]:
        """Whose hand it is: id and name of the officer where one fills in, else one's own."""
        if self.filling_in is not None and self.acts_for_another:
            return self.filling_in.officer_id, self.filling_in.officer_name
        return self.person_id, self.full_name

    @property
    def on_behalf_of(self) -> int | None:
        """For whom an officer does it; None for one's own doings."""
        return self.person_id if self.acts_for_another else None

    def has(self, *roles: Role, edition_id: int | None = None, organisation_id: int | None = None) -> bool:
        """Whether any of the roles is held in the edition (None: in any) and for the organisation (None: any).

        An owner holds every organiser's role of the edition.
        """
        for grant in self.grants:
            fits = grant.role in roles or (grant.role == Role.OWNER and any(role in ORGANISER_ROLES for role in roles))
            if not fits:
                continue
            if edition_id is not None and grant.edition_id not in (None, edition_id):
                continue
            wanted = organisation_id is not None and grant.role not in ORGANISER_ROLES
            if wanted and grant.organisation_id != organisation_id:
                continue
            return True
        return False

    def editions(self, *roles: Role) -> set[int | None]:
        """Editions in which any of the roles is held; None among them means every one."""
        wanted = set(roles) | ({Role.OWNER} if any(role in ORGANISER_ROLES for role in roles) else set())
        return {grant.edition_id for grant in self.grants if grant.role in wanted}

    def organisations(self, *roles: Role) -> set[int]:
        """Organisations for which any of the roles is held."""
        return {grant.organisation_id for grant in self.grants if grant.role in roles and grant.organisation_id}


ANONYMOUS = Actor()
SYSTEM = Actor(full_name="Fairground")
