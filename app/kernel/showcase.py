"""Pages of the demo only: every component of the design system, and the messages that would have been sent."""

from litestar import get
from litestar.params import FromQuery
from litestar.response import Response

from app.kernel.documents.qr import qr_svg
from app.kernel.enums import CHANNEL_NAMES, MESSAGE_STATE_NAMES
from app.kernel.errors import NotFound
from app.kernel.forms import Form
from app.kernel.outbox import list_messages
from app.kernel.paging import page_number
from app.kernel.settings import settings
from app.kernel.web import asset, page

PER_PAGE = 20
_SAMPLE = Form(
    {"full_name": "Nguyễn Thị Hảo", "phone": "09123", "ticket": "day", "needs": ["power"]},
    {"phone": "Số này thiếu chữ số. Viết đủ mười số, chẳng hạn 0912 345 678."},
)


@get("/dev/components", opt={"public": True}, include_in_schema=False)
async def components_page() -> Response[str]:
    """Every component as it looks, with sample content. Raises NotFound outside the demo."""
    if not settings().demo:
        raise NotFound()
    code = qr_svg("HTTPS://EXAMPLE.ORG/P/" + "A" * 135)
    return page("web/components_page.html", form=_SAMPLE, qr=code, photo=asset("icon.svg"))


@get("/dev/outbox", opt={"public": True}, include_in_schema=False)
async def outbox_page(q: FromQuery[str] = "", number: FromQuery[int] = 1) -> Response[str]:
    """Messages as their readers would get them, newest first. Raises NotFound outside the demo."""
    if not settings().demo:
        raise NotFound()
    messages, total = await list_messages(search=q, page=page_number(number), per_page=PER_PAGE)
    return page(
        "web/outbox_page.html",
        messages=messages,
        total=total,
        q=q,
        number=page_number(number),
        per_page=PER_PAGE,
        channel_names=CHANNEL_NAMES,
        state_names=MESSAGE_STATE_NAMES,
    )
