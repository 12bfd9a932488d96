"""A real mail server and a real HTTP gateway in the test's own loop, which do what a test tells them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP

OK = "250 OK"


@dataclass
class MailServer:
    """Answers each recipient and each mail with the next of ``rcpt`` and ``data``, then with yes."""

    port: int = 0
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    delay: float = 0.0
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        """Take the recipient, or say the next refusal."""
        answer = self.rcpt.pop(0) if self.rcpt else OK
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:
        """Keep the mail, or say the next refusal; ``drop`` closes the connection after having kept it."""
        await asyncio.sleep(self.delay)
        answer = self.data.pop(0) if self.data else OK
        if answer in (OK, "drop"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
        if answer == "drop":
            server.transport.abort()
        return answer


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """Run a mail server on a free port."""
    handler = MailServer()
    loop = asyncio.get_running_loop()
    sessions: list[SMTP] = []

    def session() -> SMTP:
        sessions.append(SMTP(handler, hostname="mail.test", enable_SMTPUTF8=True, loop=loop))
        return sessions[-1]

    server = await loop.create_server(session, "127.0.0.1", 0)
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()
        await asyncio.sleep(0.01)  # what was accepted last becomes a session
        for one in sessions:
            if one.transport is not None:
                one.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0.01)  # sockets are closed in the loop's next turn


@dataclass
class Gateway:
    """Answers each request with the next of ``answers`` (a status, or ``drop``), then with 200."""

    url: str = ""
    answers: list[int | str] = field(default_factory=list)
    delay: float = 0.0
    requests: list[dict[str, Any]] = field(default_factory=list)
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        task = asyncio.ensure_future(self.answer(reader, writer))
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        try:
            await asyncio.wait([task])
        finally:
            writer.transport.abort()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a request and give the next answer."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _colon, value in (one.partition(": ") for one in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append({"line": line, "headers": headers, "body": json.loads(body)})
        await asyncio.sleep(self.delay)
        answer = self.answers.pop(0) if self.answers else 200
        if answer != "drop":
            writer.write(f"HTTP/1.1 {answer} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
            await writer.drain()


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    """Run an HTTP gateway on a free port."""
    made = Gateway()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send"
    try:
        yield made
    finally:
        server.close()
        for task in list(made.serving):
            task.cancel()
        await server.wait_closed()
        await asyncio.sleep(0.01)
