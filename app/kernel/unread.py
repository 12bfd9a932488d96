"""What is left of a request's body when its answer stands: it is read and thrown away.

A server ends a connection whose request was not read to its end, and says so nowhere: the next request on it is lost, a
phone's or a proxy's. Most refusals (a guard, a form without its token) stand before a body is looked at.
"""

import asyncio
from typing import cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send

#: Somebody who sends slower than this is told that the connection ends.
SECONDS = 5.0
ENDS = (b"connection", b"close")


class ReadToTheEnd:
    """ASGI layer around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and leave nothing of it unread."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in headers:
            await self.app(scope, receive, send)
            return
        unread = True

        async def receive_and_note() -> HTTPReceiveMessage:
            nonlocal unread
            message = cast("HTTPReceiveMessage", await receive())
            unread = message["type"] == "http.request" and message["more_body"]
            return message

        async def read_to_the_end() -> None:
            while unread:
                await receive_and_note()

        async def send_when_read(message: Message) -> None:
            if unread and message["type"] == "http.response.start":
                try:
                    # Who asks first whether to send a body at all (RFC 9110, 10.1.1) need not send it.
                    await asyncio.wait_for(read_to_the_end(), 0 if b"expect" in headers else SECONDS)
                except TimeoutError:
                    message["headers"] = [*message.get("headers", []), ENDS]
            await send(message)

        await self.app(scope, receive_and_note, send_when_read)
