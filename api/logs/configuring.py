"""Structured logs on standard error, each line with the id of the request it belongs to.

Tokens, documents and variables are never logged: paths come without their query, errors without their input.
"""

import io
import logging
import random
import re
import sys
from typing import TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

from api.logs.access import ACCESS_LOG
from api.logs.repeats import ForeignRepeats, OwnRepeats, Repeats
from api.settings import Settings

REQUEST_ID_HEADER = "x-request-id"
_IDS = random.Random()  # noqa: S311 - an id to find lines by, not to guard anything
_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_QUIET = {
    # Both repeat what we log ourselves, and the first quotes what callers sent.
    "strawberry.execution": logging.CRITICAL,
    "uvicorn.access": logging.CRITICAL,
    "uvicorn.error": logging.WARNING,
    "strawberry.ws": logging.ERROR,
    "pymongo": logging.WARNING,
    "asyncio": logging.WARNING,
}


def configure_logging(settings: Settings, *, level: str | None = None) -> None:
    """Set up structlog, and bring the standard library's loggers into the same stream."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    wanted = logging.getLevelNamesMapping()[(level or settings.log_level).upper()]
    ACCESS_LOG.direct, ACCESS_LOG.wanted = as_json, wanted <= logging.INFO
    repeats = Repeats()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    rendering: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_serialise)]
        if as_json
        # Its default shows every local variable of a traceback, tokens among them.
        else [
            _harmless,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=_harmless_traceback
            ),
        ]
    )
    structlog.configure(
        processors=[OwnRepeats(repeats), *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(wanted),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(ForeignRepeats(repeats))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _named],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(wanted)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)


def request_id(given: str) -> str:
    """The caller's request id where it is a sane one, else a new one."""
    return given if _SANE_REQUEST_ID.fullmatch(given) else f"{_IDS.getrandbits(128):032x}"


def _named(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Say which library a foreign line comes from."""
    record = event.get("_record")
    if record is not None:
        event["logger"] = record.name
    return event


def _harmless(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Control characters, as a path may hold them, are shown and not sent to the terminal; JSON escapes its own."""
    return {
        name: _CONTROL.sub(_shown, value) if isinstance(value, str) else value
        for name, value in event.items()
    }


def _harmless_traceback(out: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    out.write("\n".join(_CONTROL.sub(_shown, line) for line in text.getvalue().split("\n")))


def _as_json(found: re.Match[str]) -> str:
    """What JSON may hold as it is, and a terminal may obey."""
    return f"\\u{ord(found[0]):04x}"


def _shown(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1]


def _serialise(event: EventDict, **_: object) -> str:
    text = orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    return _CONTROL.sub(_as_json, text)
