"""Forms of money that come back refused."""

from typing import Any

from litestar import Request

from app.accounts.actor import Actor
from app.events.pages import form_again
from app.kernel.errors import AppError
from app.kernel.forms import Form


async def sent_again(request: Request[Actor, Any, Any], field: str | None, error: AppError) -> Form:
    """A form of money that was refused, with the reason at a field; sent once more it is about what the page shows."""
    form = await form_again(request, {field: error.sentence()} if field else {})
    form.values.pop("stood", None)
    return form
