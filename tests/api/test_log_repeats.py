import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from api.logs.configuring import configure_logging
from api.logs.repeats import Repeats
from api.settings import load_settings
from community.services import Services
from tests.conftest import MakeProgramme


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, kept = root.handlers, root.level, structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**kept)


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def test_one_of_a_kind_passes_in_each_interval_and_says_how_many_did_not() -> None:
    at = Time()
    repeats = Repeats(interval_s=1.0, clock=at)
    assert [repeats.admit("a") for _ in range(4)] == [0, None, None, None]
    assert repeats.admit("b") == 0
    at.now += 0.99
    assert repeats.admit("a") is None
    at.now += 0.02
    assert [repeats.admit("a"), repeats.admit("a")] == [4, None]
    at.now += 60
    assert [repeats.admit("a"), repeats.admit("b")] == [1, 0]


def test_kinds_without_number_are_forgotten() -> None:
    repeats = Repeats(kinds_max=3, clock=Time())
    for number in range(100):
        assert repeats.admit(f"kind {number}") == 0
    assert len(repeats._seen) == 3
    assert repeats.admit("kind 99") is None
    assert repeats.admit("kind 0") == 0


def test_repeated_warnings_are_left_out_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(log_format="json"))
    log = structlog.get_logger()
    for number in range(50):
        log.warning("flood", number=number)
        log.error("failure", number=number)
        log.info("request", number=number)
        logging.getLogger("some.library").warning("Invalid %s.", number)
    found = lines(capsys)
    counts = {kind: sum(kind in line["event"] for line in found) for kind in ("flood", "failure", "request")}
    assert counts["failure"] == counts["request"] == 50
    assert 1 <= counts["flood"] < 50
    assert 1 <= sum("Invalid" in line["event"] for line in found) < 50


async def test_reads_while_redis_is_away_do_not_fill_the_log(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    programme: MakeProgramme,
    services_without_redis: Services,
) -> None:
    # One that was used before keeps to how logging was then.
    monkeypatch.setattr("gamification.leaderboards.service.log", structlog.get_logger())
    configure_logging(load_settings(log_format="json"))
    club = await programme({"leaderboards": [{"key": "total"}]})
    for _ in range(30):
        await club.page("total", services=services_without_redis)
    warned = [line for line in lines(capsys) if line["event"] == "board.read_from_truth"]
    assert 1 <= len(warned) < 30
