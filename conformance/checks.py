"""What a check is, and what became of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.target import Target


class Level(StrEnum):
    """How binding a check is, in the words of RFC 2119; a MUST that fails fails the run."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Status(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Failure(Exception):
    """What a server did instead of what was expected of it."""


class Skipped(Exception):
    """Why a check could not be made here."""


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation. `run` raises Failure or Skipped; `name` is unique in its suite."""

    name: str
    run: Callable[[Target], Awaitable[None]]
    level: Level = Level.MUST
    seconds_max: float = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the report."""

    suite: str
    name: str
    level: Level
    status: Status
    detail: str = ""
    seconds: float = 0.0


def expect(holds: object, otherwise: str) -> None:
    """Raises: Failure with `otherwise` unless it holds."""
    if not holds:
        raise Failure(otherwise)


async def attempt(suite: str, check: Check, target: Target) -> Outcome:
    """Make one check. Whatever it raises is its outcome, a lost connection too."""
    began = time.perf_counter()
    status, detail = Status.PASSED, ""
    try:
        async with asyncio.timeout(check.seconds_max):
            await check.run(target)
    except Skipped as reason:
        status, detail = Status.SKIPPED, str(reason)
    except Failure as failure:
        status, detail = Status.FAILED, str(failure)
    except TimeoutError:
        status, detail = Status.FAILED, f"no answer within {check.seconds_max:g} s"
    except Exception as error:  # noqa: BLE001 - any surprise is this check's outcome, not the run's end
        status, detail = Status.FAILED, f"{type(error).__name__}: {error}"
    return Outcome(suite, check.name, check.level, status, detail, time.perf_counter() - began)


async def attempt_all(
    suite: str, checks: Sequence[Check], target: Target, *, at_once: int = 1
) -> list[Outcome]:
    """Make all checks, so many at once; the outcomes in the order of the checks."""
    gate = asyncio.Semaphore(at_once)

    async def one(check: Check) -> Outcome:
        async with gate:
            return await attempt(suite, check, target)

    return list(await asyncio.gather(*map(one, checks)))


def distinct(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The checks; two of one name are a mistake in the table."""
    found = tuple(checks)
    names = [check.name for check in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two checks of one name: {', '.join(sorted(twice))}")
    return found
