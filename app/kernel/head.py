"""HEAD, wherever there is GET: the same answer without its content (RFC 9110, 9.3.2). Watchers of a service ask so."""

import anyio
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send


class AnswerHead:
    """ASGI layer that has HEAD answered as GET, and keeps the content back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        with anyio.CancelScope() as work:

            async def send_without_content(message: Message) -> None:
                if message["type"] == "http.response.body":
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    if message["more_body"]:  # a live page's would never end
                        work.cancel()
                else:
                    await send(message)

            scope["method"] = "GET"
            try:
                await self.app(scope, receive, send_without_content)
            finally:
                scope["method"] = "HEAD"  # for the log and the counts
