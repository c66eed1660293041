import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from api.logs.access import ACCESS_LOG
from api.logs.configuring import configure_logging, request_id
from api.settings import load_settings
from gamification.kit.actors import Role
from resolvers.documents.cache import digest_of
from tests.api.conftest import SECRET, MakeClient, MakeToken


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    kept = structlog.get_config()
    access = ACCESS_LOG.direct, ACCESS_LOG.wanted
    yield
    ACCESS_LOG.direct, ACCESS_LOG.wanted = access
    root.handlers, root.level = handlers, level
    structlog.configure(**kept)


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    out, err = captured.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_logs_are_json_on_standard_error_with_the_request_id(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(log_format="json"))
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger().info("done", count=3)
        logging.getLogger("some.library").warning("took %s s", 2)
    first, second = lines(capsys)
    assert (first["event"], first["count"], first["level"], first["request_id"]) == ("done", 3, "info", "r-1")
    assert (second["event"], second["logger"], second["request_id"]) == ("took 2 s", "some.library", "r-1")


def test_less_than_the_level_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(log_format="json", log_level="error"))
    structlog.get_logger().warning("no")
    logging.getLogger("some.library").warning("no")
    logging.getLogger("strawberry.execution").error("variables and all")
    assert lines(capsys) == []


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_no_variables(capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    configure_logging(load_settings(log_format=log_format))

    def fail(token: str) -> None:
        raise RuntimeError(f"a token of {len(token)} characters")

    try:
        fail("do-not-" + "show-this")
    except RuntimeError:
        structlog.get_logger().exception("failed")
    err = capsys.readouterr().err
    assert "RuntimeError: a token of 16 characters" in err
    assert "do-not-show-this" not in err


def test_the_format_follows_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_logging(load_settings())
    structlog.get_logger().info("piped")
    assert lines(capsys)[0]["event"] == "piped"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    configure_logging(load_settings())
    structlog.get_logger().info("seen")
    assert not capsys.readouterr().err.startswith("{")


@pytest.mark.parametrize("given", ["a", "order-7/1", "A" * 128, "00-4bf92f-00f067-01"])
def test_a_sane_request_id_is_kept(given: str) -> None:
    assert request_id(given) == given


@pytest.mark.parametrize("given", ["", "a b", "a\nb", "A" * 129, "<i>", "ü"])
def test_another_one_is_replaced(given: str) -> None:
    assert request_id(given) != given


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_callers_send_can_make_no_line_and_move_no_cursor(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    configure_logging(load_settings(log_format=log_format))
    evil = "/\x1b[2J\x1b]0;owned\x07\r\n2026-01-01 [info] forged\x00\x9b31m\u2028x"
    structlog.get_logger().info("request", path=evil, nested={"path": evil}, one="/\x1b[31m")
    logging.getLogger("some.library").warning("said %s", evil)

    def fail() -> None:
        raise RuntimeError(evil)

    try:
        fail()
    except RuntimeError:
        structlog.get_logger().exception("failed")
    err = capsys.readouterr().err
    assert not set(err) & {"\x1b", "\x07", "\r", "\x00", "\x9b", "\u2028"}
    assert "forged" in err
    if log_format == "json":
        assert len(err.splitlines()) == 3
    else:
        told = [line for line in err.splitlines() if line.startswith("2026-01-01")]
        assert len(told) <= 1  # in a traceback, which has lines of its own


async def test_a_request_is_one_line_of_what_it_was_and_cost(
    make_client: MakeClient, token: MakeToken, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(load_settings(jwt_secret=SECRET, log_format="json"))
    client = await make_client()
    secret = token(Role.MEMBER, "ada", "club")
    body = {
        "query": "query Mine($s: Boolean!) { me @include(if: $s) { id } }",
        "operationName": "Mine",
        "variables": {"s": True},
    }
    headers = {"authorization": f"Bearer {secret}", "x-request-id": "r-7"}

    await client.post("/graphql?x=hush", json=body, headers=headers)

    (line,) = [one for one in lines(capsys) if one["event"] == "request"]
    assert line["request_id"] == "r-7"
    assert (line["operation"], line["cost"], line["caller"]) == ("Mine", 2, "member 4 club ada")
    assert line["document"] == digest_of(str(body["query"]))[:16]
    assert (line["status"], line["level"], line["path"]) == (200, "info", "/graphql")
    assert not {"hush", secret} & set(map(str, line.values()))
