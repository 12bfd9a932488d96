"""Structured logs: one JSON object a line on standard error, with the request's id and no secrets."""

import contextvars
import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
#: Who asks, as ``person_id`` and ``device_id``; stands in every line of her request.
asker: contextvars.ContextVar[Mapping[str, int]] = contextvars.ContextVar("asker", default=MappingProxyType({}))

#: What concerns the safety of accounts: sign-ins, refusals, limits. Written whatever ``LOG_LEVEL`` says.
_security = logging.getLogger("fairground.security")

_SECRET_PATHS = re.compile(r"/(sign-in|take-over|pass|invite|P|p|pair|done|given|orders|link)/[^/\s?]+")
_EXTRAS = (
    *("method", "path", "status", "milliseconds", "job", "kind", "channel", "attempt"),
    *("way", "code", "limit", "person_id", "device_id", "sessions"),
)


def hide_secrets(path: str) -> str:
    """A path without the one-time tokens that some addresses carry."""
    return _SECRET_PATHS.sub(r"/\1/…", path.split("?", 1)[0])


def note_security(event: str, **extras: str | int | None) -> None:
    """Write down what concerns the safety of accounts, such as ``sign_in.failed``.

    Ids and names of ways only: no contact, no code, no token, no text that somebody typed.
    """
    _security.info(event, extra={name: value for name, value in extras.items() if value is not None})


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message and the known extras."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line.update(asker.get())
        line.update({name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logs(level: str) -> None:
    """Send all logs through one handler; called once per process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _security.setLevel(logging.INFO)
    for noisy in ("httpx", "httpcore", "aiosqlite", "asyncio", "_granian"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
