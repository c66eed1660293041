"""The tables of hostile requests and of the socket protocol, as `make conformance` makes them."""

import pytest

from conformance import requests, sockets
from conformance.checks import Check, Level, Status, attempt_all
from conformance.target import Target

pytestmark = pytest.mark.xdist_group("conformance")


async def _failures(suite: str, checks: tuple[Check, ...], target: Target) -> list[str]:
    outcomes = await attempt_all(suite, checks, target, at_once=8)
    assert len(outcomes) == len(checks)
    return [
        f"{outcome.name}: {outcome.detail}"
        for outcome in outcomes
        if outcome.status is not Status.PASSED and outcome.level is Level.MUST
    ]


async def test_hostile_requests_are_answered_as_they_should(target: Target) -> None:
    assert await _failures("http", requests.CHECKS, target) == []


async def test_sockets_keep_to_the_protocol(target: Target) -> None:
    assert await _failures("sockets", sockets.CHECKS, target) == []
