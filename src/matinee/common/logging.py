"""JSON logs, one line an event, on standard error. Secrets never reach them: see `_REDACTED`."""

import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

# Fields that are never written out, whoever logs them.
_REDACTED = frozenset(
    {"password", "token", "access_token", "refresh_token", "authorization", "cookie", "secret", "dsn", "database_url"}
)
_encode = msgspec.json.Encoder(enc_hook=str).encode


def configure_logging(level: str) -> None:
    """Sends structlog and the standard library's logging through one JSON renderer."""
    structlog.configure(
        processors=[*_shared_processors(), structlog.processors.JSONRenderer(serializer=_to_json)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[json_handler()], level=logging.WARNING, force=True)


def json_handler() -> logging.Handler:
    """A handler of the standard library's logging that writes our JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_shared_processors()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=lambda event, **_: _to_json(event).decode()),
            ],
        )
    )
    return handler


def logging_of(logger: str) -> dict[str, Any]:
    """The configuration (for `logging.config`) of a library's logger that sets itself up: the same JSON lines."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {},
        "handlers": {"json": {"()": json_handler}},
        "loggers": {logger: {"handlers": ["json"], "propagate": False}},
    }


def _shared_processors() -> list[Any]:
    return [
        structlog.processors.add_log_level,
        _stamp,
        structlog.processors.format_exc_info,
        _redact,
    ]


def _stamp(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["timestamp"] = datetime.now(UTC)  # the JSON encoder writes it out; structlog's own stamp takes 10 µs
    return event


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in _REDACTED.intersection(event):
        event[name] = "[redacted]"
    return event


def _to_json(event: Any, **_: Any) -> bytes:
    return _encode(event)
