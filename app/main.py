"""The application: the one place that knows every module and joins them."""

import asyncio
import gc
import inspect
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.config.csrf import CSRFConfig
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from app.accounts.api_errors import describe_errors
from app.accounts.identity import Identity
from app.accounts.personal import registry as personal
from app.accounts.personal.kernel import DATA as KERNEL_DATA
from app.accounts.plugin import module as accounts
from app.events.plugin import module as events
from app.judging.plugin import module as judging
from app.kernel.api_docs import DocsPage
from app.kernel.audit_words import register_words
from app.kernel.backup import WORDS as BACKUP_WORDS
from app.kernel.cookies import CSRF_COOKIE, CSRF_HEADER, cookie_name
from app.kernel.database import close_database, open_database
from app.kernel.handlers import EXCEPTION_HANDLERS, healthz, readyz, static_routers, take_json_alone
from app.kernel.head import AnswerHead
from app.kernel.help import help_index, help_page
from app.kernel.images import media_handler
from app.kernel.jobs import register as register_job
from app.kernel.live import make_channels
from app.kernel.logs import configure_logs
from app.kernel.metrics import metrics
from app.kernel.module import Module
from app.kernel.page_cache import PageCache
from app.kernel.request_context import RequestContext
from app.kernel.resealing import register_sealed
from app.kernel.settings import secret_key, settings
from app.kernel.sheets import apart, register_kind
from app.kernel.sheets.log import WORDS as SHEET_WORDS
from app.kernel.showcase import components_page, outbox_page
from app.kernel.unread import ReadToTheEnd
from app.kernel.waiting import KERNEL_WORDS, add_waiting, kernel_waiting
from app.kernel.worker import register_jobs, run_worker
from app.payments.plugin import module as payments
from booths.allocation.plugin import module as allocation
from booths.catalogue.plugin import module as catalogue
from booths.floorplan.plugin import module as floorplan
from ticketing.checkin.plugin import module as checkin
from ticketing.sales.plugin import module as sales

MODULES: tuple[Module, ...] = (
    accounts,
    events,
    payments,
    floorplan,
    allocation,
    catalogue,
    sales,
    checkin,
    judging,
)


LIFE_SIGN = Path(tempfile.gettempdir()) / "fairground-worker"


def register_modules() -> None:
    """Make jobs, sheets, words of the log and what is held of people known; doing it again changes nothing."""
    register_jobs(MODULES)
    register_job(apart.JOB, apart.work)
    register_words(SHEET_WORDS)
    register_words(BACKUP_WORDS)
    add_waiting(kernel_waiting, KERNEL_WORDS)
    personal.register("kernel", KERNEL_DATA)
    for module in MODULES:
        register_words(module.log)
        register_sealed(module.sealed)
        if module.personal is not None:
            personal.register(module.name, module.personal)
        for sheet_kind in module.sheet_kinds:
            register_kind(sheet_kind)


async def start_modules() -> None:
    """Run each module's start, in the order of imports."""
    for module in MODULES:
        if module.startup is not None:
            result = module.startup()
            if inspect.isawaitable(result):
                await result


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """Open the database, run each module's start and the background work, and close again."""
    await open_database(had_before=True)  # whoever starts this process has migrated it
    stop = asyncio.Event()
    worker: asyncio.Task[None] | None = None
    try:
        await start_modules()
        if settings().jobs_inline:
            worker = asyncio.create_task(run_worker(stop))
        gc.freeze()  # what is there by now stays: no request waits for it to be looked through
        yield
    finally:
        stop.set()
        if worker is not None:
            await worker
        await close_database()


async def run_worker_process() -> None:
    """Do background work until SIGTERM or SIGINT: ``fairground worker``, over an open database."""
    configure_logs(settings().log_level)
    register_modules()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await start_modules()
    alive = asyncio.create_task(_show_life())
    try:
        await run_worker(stop)
    finally:
        alive.cancel()


async def _show_life() -> None:
    """Touch a file every ten seconds: a health check reads from its age that the worker's loop goes round."""
    while True:
        await asyncio.to_thread(LIFE_SIGN.touch)
        await asyncio.sleep(10)


def create_app() -> Litestar:
    """The whole service as an ASGI application."""
    configure_logs(settings().log_level)
    handlers: list[Any] = [
        healthz,
        readyz,
        metrics,
        *static_routers(),
        components_page,
        outbox_page,
        help_index,
        help_page,
        media_handler,
    ]
    for module in MODULES:
        handlers.extend(module.route_handlers)
    register_modules()
    app = Litestar(
        route_handlers=handlers,
        lifespan=[lifespan],
        plugins=[make_channels()],
        middleware=[PageCache],
        before_request=take_json_alone,
        exception_handlers=EXCEPTION_HANDLERS,
        csrf_config=CSRFConfig(
            secret=secret_key().decode(),
            cookie_secure=settings().secure_cookies,
            cookie_httponly=True,
            cookie_name=cookie_name(CSRF_COOKIE),
            header_name=CSRF_HEADER,
            exclude_from_csrf_key="no_csrf",
        ),
        openapi_config=OpenAPIConfig(
            title="Fairground",
            version="1",
            path="/api/docs",
            render_plugins=[DocsPage(), JsonRenderPlugin()],
        ),
        compression_config=CompressionConfig(
            backend="gzip",
            gzip_compress_level=4,
            minimum_size=1000,
            exclude=["^/live/", "^/media/", "^/api/v1/gate/", "^/api/v1/checkin/redeem"],
        ),
        request_max_body_size=32 * 1024 * 1024,
        pdb_on_exception=False,
        logging_config=None,
    )
    describe_errors(app.routes)
    # Whoever asks is known where there is no route, too.
    app.asgi_handler = ReadToTheEnd(RequestContext(AnswerHead(Identity(app.asgi_handler))))
    return app
