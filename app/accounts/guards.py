"""Guards: every route has exactly one. A test walks all routes and the matrix of routes × roles."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from app.accounts.actor import Actor
from app.accounts.enums import ORGANISER_ROLES, DeviceKind, RecordKind, Role
from app.accounts.queries import survivor_of
from app.accounts.tables import TwoStep
from app.kernel.errors import Moved, NotAllowed, NotFound, SignInNeeded, TwoStepNeeded
from app.kernel.settings import settings

LARGEST_ID = 2**31 - 1  # of a PostgreSQL serial; SQLite refuses numbers above 2**63 - 1 only

#: Of whom ``REQUIRE_TWO_STEP`` demands the second step.
GUARDED_ROLES = (Role.OWNER, Role.MANAGER, Role.FINANCE)
#: What they reach without it besides public pages: its set-up, and the fresh sign-in that the set-up asks for.
SET_UP = ("/account/two-step", "/account/two-step/begin", "/account/data/link")


async def owes_two_step(actor: Actor) -> bool:
    """Whether somebody must set up two-step sign-in before her roles count."""
    if not settings().require_two_step or not any(grant.role in GUARDED_ROLES for grant in actor.grants):
        return False
    return not await TwoStep.exists().where((TwoStep.person == actor.person_id) & TwoStep.confirmed_at.is_not_null())


@dataclass(frozen=True)
class Access:
    """Who may use a route: everybody, who is signed in, who holds a role, or a bound device."""

    kind: Literal["public", "signed_in", "roles", "device"]
    roles: tuple[Role, ...] = ()
    device: DeviceKind | None = None

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        """Let the request pass, or raise SignInNeeded or NotAllowed; NotFound for an id that no row can have.

        Raises TwoStepNeeded, and Moved where the path names an organisation whose record was merged into another.

        A coroutine, for others go through a thread.
        """
        if any(isinstance(value, int) and abs(value) > LARGEST_ID for value in connection.path_params.values()):
            raise NotFound
        actor = connection.scope.get("user") or Actor()
        if await owes_two_step(actor) and connection.scope["path"].rstrip("/") not in SET_UP:
            actor = replace(actor, grants=())  # on public pages and on the page of an error she is a visitor
            connection.scope["user"] = actor
            if self.kind in ("signed_in", "roles"):
                raise TwoStepNeeded
        self.check(actor, connection.path_params)
        organisation_id = connection.path_params.get("organisation_id")
        if organisation_id is not None:
            kept = await self._kept(actor, organisation_id)
            if kept != organisation_id:
                raise Moved(_path_of(connection, kept))

    async def _kept(self, actor: Actor, organisation_id: int) -> int:
        """The organisation that stands for the one of the path. Who works for it knows that by her roles."""
        if self.kind == "public":
            return await survivor_of(RecordKind.ORGANISATION, organisation_id)
        kept = (grant.kept_id for grant in actor.grants if grant.organisation_id == organisation_id and grant.kept_id)
        return next(kept, organisation_id)

    def check(self, actor: Actor, params: dict[str, Any]) -> None:
        """The rule itself. ``edition_id`` and ``organisation_id`` among the path's parameters narrow a role."""
        if self.kind == "public":
            return
        if self.kind == "device":
            if actor.device_id is None or actor.device_kind != self.device:
                raise SignInNeeded
            return
        if not actor.signed_in:
            raise SignInNeeded
        if self.kind == "signed_in":
            return
        allowed = actor.has(
            *self.roles, edition_id=params.get("edition_id"), organisation_id=params.get("organisation_id")
        )
        if not allowed:
            raise NotAllowed


def _path_of(connection: ASGIConnection[Any, Any, Any, Any], kept: int) -> str:
    """The same address with the organisation that stayed, where the route names one."""
    template = connection.scope["path_template"]
    values = {**connection.path_params, "organisation_id": kept}
    path = "/".join(
        str(values[part[1:-1].partition(":")[0]]) if part.startswith("{") else part for part in template.split("/")
    )
    return path + (f"?{connection.url.query}" if connection.url.query else "")


public = Access("public")
signed_in = Access("signed_in")
organiser = Access("roles", ORGANISER_ROLES)


def requires(*roles: Role) -> Access:
    """Only holders of one of the roles, in the edition and for the organisation that the path names."""
    return Access("roles", roles)


def device(kind: DeviceKind | str) -> Access:
    """Only a bound device of this kind."""
    return Access("device", device=DeviceKind(kind))
