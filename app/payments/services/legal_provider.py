"""Providers of legal e-invoices: what is asked of one, and one that is asked over HTTP with JSON.

Another provider is another class with these three methods. Each is asked under the document's own number, and asked
again under it when nobody knows whether it answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from app.kernel.database import in_transaction
from app.kernel.names import clean_text
from app.kernel.settings import settings
from app.payments.enums_legal import LegalFileKind
from app.payments.errors_legal import ProviderNotReached, ProviderRefused

SECONDS = 20.0
MOST_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Issued:
    """What names an e-invoice at its provider, and the code by which anybody looks it up there."""

    series: str
    number: str
    lookup: str


class Provider(Protocol):
    """Whoever issues e-invoices."""

    @property
    def name(self) -> str:
        """What it is called on pages and papers."""

    async def find(self, key: str) -> Issued | None:
        """What it issued under a number of ours, if it did. Raises ProviderNotReached."""

    async def issue(self, order: Mapping[str, Any]) -> Issued:
        """Issue an e-invoice over what ``order`` says (``legal_issuing.order_of``), once for its ``key``.

        Raises ProviderRefused, ProviderNotReached.
        """

    async def file(self, key: str, kind: LegalFileKind) -> bytes | None:
        """The file of what it issued under a number of ours; None while there is none. Raises ProviderNotReached."""


class HttpProvider:
    """A provider that speaks JSON.

    ``POST /invoices`` with the order, the header ``Idempotency-Key`` and a bearer token answers 2xx with ``series``,
    ``number`` and ``lookup``; 409 says that the key is known, and ``GET /invoices/KEY`` then gives the same. Another
    4xx refuses, with ``error``. ``GET /invoices/KEY/file.pdf`` (or ``.xml``) gives the file. 404 is "none".
    """

    def __init__(self, url: str, token: str, name: str) -> None:
        self._url, self._token, self._name = url.rstrip("/"), token, name

    @property
    def name(self) -> str:
        """What it is called on pages and papers."""
        return self._name

    async def find(self, key: str) -> Issued | None:
        """What it issued under a number of ours, if it did. Raises ProviderNotReached."""
        status, content = await self._ask("GET", f"/invoices/{quote(key, safe='')}")
        if status == 404:
            return None
        if status >= 300:
            raise ProviderNotReached
        return _issued(content)

    async def issue(self, order: Mapping[str, Any]) -> Issued:
        """Issue an e-invoice, once for the order's ``key``. Raises ProviderRefused, ProviderNotReached."""
        key = str(order["key"])
        status, content = await self._ask("POST", "/invoices", json=dict(order), key=key)
        if status < 300:
            return _issued(content)
        if status == 409 and (known := await self.find(key)):
            return known
        if 400 <= status < 500 and status not in (401, 403, 408, 425, 429):
            raise ProviderRefused(reason=_reason(content) or str(status))
        raise ProviderNotReached

    async def file(self, key: str, kind: LegalFileKind) -> bytes | None:
        """The file of what it issued; None while there is none. Raises ProviderNotReached."""
        status, content = await self._ask("GET", f"/invoices/{quote(key, safe='')}/file.{kind.value}")
        if status == 404:
            return None
        if status >= 300:
            raise ProviderNotReached
        return content

    async def _ask(self, method: str, path: str, *, json: Any = None, key: str = "") -> tuple[int, bytes]:
        """Status and content of an answer, of which no more than a file may have is read. Raises ProviderNotReached."""
        if in_transaction():
            raise RuntimeError("a provider is asked before or after a transaction, not inside it")
        import httpx  # here, since it takes a twentieth of the start, and most installations have no provider

        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if key:
            headers["Idempotency-Key"] = key
        content = b""
        try:
            async with (
                httpx.AsyncClient(timeout=SECONDS, follow_redirects=False) as client,
                client.stream(method, f"{self._url}{path}", json=json, headers=headers) as answer,
            ):
                async for piece in answer.aiter_bytes():
                    content += piece
                    if len(content) > MOST_BYTES:
                        raise ProviderNotReached
        except httpx.HTTPError as error:
            raise ProviderNotReached from error
        return answer.status_code, content


def provider() -> Provider | None:
    """The provider that is set up here; None where e-invoices are noted by hand."""
    known = settings()
    return (
        HttpProvider(known.einvoice_url, known.einvoice_token, known.einvoice_provider) if known.einvoice_url else None
    )


def _issued(content: bytes) -> Issued:
    told = _object(content)
    values = {name: clean_text(str(told.get(name) or "")) for name in ("series", "number", "lookup")}
    if not values["number"] or len(values["series"]) > 20 or len(values["number"]) > 20 or len(values["lookup"]) > 120:
        raise ProviderNotReached
    return Issued(**values)


def _reason(content: bytes) -> str:
    try:
        return clean_text(str(_object(content).get("error") or ""))[:250]
    except ProviderNotReached:
        return ""


def _object(content: bytes) -> Mapping[str, Any]:
    import json

    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ProviderNotReached from error
    if not isinstance(found, dict):
        raise ProviderNotReached
    return found
