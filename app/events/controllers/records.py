"""What stands written about an edition: its devices, the log of changes, the messages that were sent."""

from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import DEVICE_KIND_NAMES, DEVICE_STATE_NAMES, DeviceKind, DeviceState, Role
from app.accounts.guards import requires
from app.accounts.lists import device_kind_of, devices_of, people_named
from app.accounts.services.devices import revoke_device
from app.events import queries
from app.events.pages import MOST_EXPORTED, PAGE_SIZE, download, offset_of, page_asked, pager_of, with_query
from app.events.queries import EditionInfo, Page
from app.kernel import audit, outbox
from app.kernel.audit_words import LogLine, action_label, kept_from, readable
from app.kernel.backup import last_backup_at
from app.kernel.clock import now
from app.kernel.enums import CHANNEL_NAMES, MESSAGE_STATE_NAMES, MessageState
from app.kernel.errors import AppError, NotFound
from app.kernel.i18n import _
from app.kernel.names import text_key
from app.kernel.sheets import write_xlsx
from app.kernel.waiting import all_waiting, in_words
from app.kernel.web import page, redirect

#: After this long without an attempt that worked, what waits is shown as late.
LATE = timedelta(minutes=5)

#: Whose devices are whose to see and to shut out; a manager's are all.
DEVICES_OF_ROLE = {Role.GATE_LEAD: DeviceKind.GATE, Role.JURY_CHAIR: DeviceKind.JUDGE}


def _chosen(kind: Any, text: str) -> Any:
    return kind(text) if text in set(kind) else None


def _own_kinds(actor: Actor, edition_id: int) -> list[DeviceKind]:
    if actor.has(Role.MANAGER, edition_id=edition_id):
        return list(DeviceKind)
    return [kind for role, kind in DEVICES_OF_ROLE.items() if actor.has(role, edition_id=edition_id)]


class DevicesController(Controller):
    """``/manage/{edition_id}/devices``: gate phones and judges' tablets."""

    path = "/manage/{edition_id:int}/devices"
    guards = [requires(Role.OWNER, Role.MANAGER, Role.GATE_LEAD, Role.JURY_CHAIR)]
    include_in_schema = False

    @get("/")
    async def devices(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[str]:
        """The devices that she looks after: bound, waiting, shut out."""
        edition = await queries.edition_by_id(edition_id)
        own = _own_kinds(request.user, edition_id)
        kind, state = _device_filters(request)
        offset = offset_of(page_asked(request))
        rows, total = await devices_of(
            edition_id,
            kinds=[kind] if kind in own else own,
            now=now(),
            search=q,
            state=state,
            offset=offset,
            limit=PAGE_SIZE,
        )
        return page(
            "events/office_devices.html",
            edition=edition,
            devices=rows,
            pager=pager_of(request, Page(rows, total, offset + 1, PAGE_SIZE)),
            kinds=[(one.value, _(DEVICE_KIND_NAMES[one])) for one in own],
            states=[(one.value, _(name)) for one, name in DEVICE_STATE_NAMES.items()],
            q=q,
            kind=kind or "",
            state=state or "",
            export=with_query(request, f"/manage/{edition_id}/devices/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The list as a sheet."""
        edition = await queries.edition_by_id(edition_id)
        own = _own_kinds(request.user, edition_id)
        kind, state = _device_filters(request)
        rows, _total = await devices_of(
            edition_id, kinds=[kind] if kind in own else own, now=now(), search=q, state=state, limit=MOST_EXPORTED
        )
        kind_names = {one.value: _(name) for one, name in DEVICE_KIND_NAMES.items()}
        state_names = {one.value: _(name) for one, name in DEVICE_STATE_NAMES.items()}
        headers = [_("Device"), _("Used for"), _("Person"), _("State"), _("Last seen")]
        table = [
            [
                row["label"],
                kind_names[row["kind"]],
                row["full_name"],
                state_names[row["state"]],
                row["last_seen_at"],
            ]
            for row in rows
        ]
        content = write_xlsx(_("Devices"), headers, table, timezone=edition.timezone)
        return download(content, f"devices-{edition.slug}.xlsx")

    @post("/{device_id:int}/revoke")
    async def revoke(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], device_id: FromPath[int]
    ) -> Response[Any]:
        """Shut a device out."""
        if await device_kind_of(device_id, edition_id) not in _own_kinds(request.user, edition_id):
            raise NotFound
        await revoke_device(device_id=device_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/devices", toast=_("The device was shut out."))


def _device_filters(request: Request[Any, Any, Any]) -> tuple[DeviceKind | None, DeviceState | None]:
    """Kind and state that the list is filtered by (``state`` is no name for a handler's parameter in Litestar)."""
    asked = request.query_params
    return _chosen(DeviceKind, asked.get("kind", "")), _chosen(DeviceState, asked.get("state", ""))


class LogController(Controller):
    """``/manage/{edition_id}/audit``: who did what, when, before and after."""

    path = "/manage/{edition_id:int}/audit"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def log(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        action: FromQuery[str] = "",
    ) -> Response[str]:
        """The list, the newest first."""
        edition = await queries.edition_by_id(edition_id)
        number = page_asked(request) or 1
        hidden = await kept_from(request.user, edition_id)
        lines, total = await _log_lines(edition, q, action, hidden, number, PAGE_SIZE)
        known = {one: action_label(one) for one in await audit.actions_of(edition_id) if one not in hidden}
        return page(
            "events/office_audit.html",
            edition=edition,
            lines=lines,
            pager=pager_of(request, Page(lines, total, offset_of(number) + 1, PAGE_SIZE)),
            actions=sorted(known.items(), key=lambda item: text_key(item[1])),
            action=action,
            q=q,
            export=with_query(request, f"/manage/{edition_id}/audit/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        action: FromQuery[str] = "",
    ) -> Response[bytes]:
        """The list as a sheet."""
        edition = await queries.edition_by_id(edition_id)
        hidden = await kept_from(request.user, edition_id)
        lines, _total = await _log_lines(edition, q, action, hidden, 1, MOST_EXPORTED)
        headers = [_("When"), _("Who"), _("For whom"), _("What"), _("On what"), _("Name"), _("Before and after")]
        table: list[list[Any]] = [
            [
                line.at,
                line.who,
                line.for_whom,
                line.what,
                line.subject,
                line.name,
                "; ".join(_change(*one) for one in line.changes),
            ]
            for line in lines
        ]
        content = write_xlsx(_("Log of changes"), headers, table, timezone=edition.timezone)
        return download(content, f"log-{edition.slug}.xlsx")


async def _log_lines(
    edition: EditionInfo, search: str, action: str, hidden: list[str], number: int, size: int
) -> tuple[list[LogLine], int]:
    rows, total = await audit.list_entries(
        edition_id=edition.id,
        action=action or None,
        who=search,
        who_ids=await people_named(search) if search else (),
        without=hidden,
        page=number,
        per_page=size,
    )
    return await readable(rows, timezone=edition.timezone, currency=edition.currency), total


def _change(label: str, before: str, after: str) -> str:
    return f"{label}: {before} → {after}" if before and after else f"{label}: {before or after}"


class MessagesController(Controller):
    """``/manage/{edition_id}/outbox``: messages of an edition and how they fare."""

    path = "/manage/{edition_id:int}/outbox"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def messages(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
        status: FromQuery[str] = "",
    ) -> Response[str]:
        """The list, the newest first."""
        edition = await queries.edition_by_id(edition_id)
        number = page_asked(request) or 1
        rows, total = await outbox.list_messages(
            edition_id=edition_id, state=_chosen(MessageState, status), search=q, page=number, per_page=PAGE_SIZE
        )
        return page(
            "events/office_outbox.html",
            edition=edition,
            messages=rows,
            pager=pager_of(request, Page(rows, total, offset_of(number) + 1, PAGE_SIZE)),
            states=[(key.value, _(name)) for key, name in MESSAGE_STATE_NAMES.items()],
            state_names=MESSAGE_STATE_NAMES,
            channel_names=CHANNEL_NAMES,
            q=q,
            chosen=status,
            export=with_query(request, f"/manage/{edition_id}/outbox/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(
        self, edition_id: FromPath[int], q: FromQuery[str] = "", status: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The list as a sheet, without what was written."""
        edition = await queries.edition_by_id(edition_id)
        rows, _total = await outbox.list_messages(
            edition_id=edition_id, state=_chosen(MessageState, status), search=q, per_page=MOST_EXPORTED
        )
        channels = {one.value: _(name) for one, name in CHANNEL_NAMES.items()}
        states = {one.value: _(name) for one, name in MESSAGE_STATE_NAMES.items()}
        headers = [_("Subject"), _("To"), _("Channel"), _("State"), _("Written"), _("Sent")]
        table = [
            [
                row["subject"],
                row["to_address"],
                channels[row["channel"]],
                states[row["state"]],
                row["created_at"],
                row["sent_at"],
            ]
            for row in rows
        ]
        content = write_xlsx(_("Messages"), headers, table, timezone=edition.timezone)
        return download(content, f"messages-{edition.slug}.xlsx")

    @post("/{message_id:int}/retry")
    async def retry(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], message_id: FromPath[int]
    ) -> Response[Any]:
        """Try a failed message again."""
        message = await outbox.get_message(message_id)
        if message is None or message["edition_id"] != edition_id:
            raise NotFound
        try:
            await outbox.retry(message_id, actor=request.user, now=now())
        except AppError as error:
            return redirect(f"/manage/{edition_id}/outbox", toast=error.sentence())
        return redirect(f"/manage/{edition_id}/outbox", toast=_("It will be tried again now."))


class StatusController(Controller):
    """``/manage/{edition_id}/status``: whether everything runs, in the organiser's words."""

    path = "/manage/{edition_id:int}/status"
    guards = [requires(Role.OWNER, Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def status(self, edition_id: FromPath[int]) -> Response[str]:
        """What waits and since when, what failed, and when the last backup was made."""
        edition = await queries.edition_by_id(edition_id)
        present = now()
        lines = [
            {
                "text": in_words(waiting),
                "failed": waiting.failed,
                "since": waiting.since,
                "late": waiting.since is not None and present - waiting.since > LATE,
                "today": waiting.since is not None and edition.today(waiting.since) == edition.today(present),
            }
            for waiting in await all_waiting(present)
            if waiting.count
        ]
        return page("events/office_status.html", edition=edition, lines=lines, backup=await last_backup_at())
