"""Guards: every route has exactly one. A test walks all routes and the matrix of routes × roles."""

from dataclasses import dataclass
from typing import Any, Literal

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from app.accounts.actor import Actor
from app.accounts.enums import ORGANISER_ROLES, DeviceKind, RecordKind, Role
from app.accounts.queries import survivor_of
from app.kernel.errors import Moved, NotAllowed, NotFound, SignInNeeded

LARGEST_ID = 2**31 - 1  # of a PostgreSQL serial; SQLite refuses numbers above 2**63 - 1 only


@dataclass(frozen=True)
class Access:
    """Who may use a route: everybody, who is signed in, who holds a role, or a bound device."""

    kind: Literal["public", "signed_in", "roles", "device"]
    roles: tuple[Role, ...] = ()
    device: DeviceKind | None = None

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        """Let the request pass, or raise SignInNeeded or NotAllowed; NotFound for an id that no row can have.

        Raises Moved where the path names an organisation whose record was merged into another.

        A coroutine, for others go through a thread.
        """
        if any(isinstance(value, int) and abs(value) > LARGEST_ID for value in connection.path_params.values()):
            raise NotFound
        actor = connection.scope.get("user") or Actor()
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
