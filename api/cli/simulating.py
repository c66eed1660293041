"""`starguild simulate`."""

import asyncio
import random
import time
from collections import Counter
from typing import Annotated

import typer

from api.bootstrap import Backend
from api.cli.backends import with_backend
from api.cli.options import JsonOption
from api.cli.report import BadInput, Exit, Report, reporting
from api.demo import ensure_demo
from api.demo_names import DEMO_PROGRAMME
from api.made_up import TYPES, ReadingClub
from gamification.activity.model import BATCH_MAX, ActivityOutcome, ActivityStatus
from gamification.kit.actors import system_actor
from gamification.programmes.catalogue import published

_TICK_SECONDS = 0.2


def simulate(
    rate: Annotated[float, typer.Option(min=0.1, max=2000, help="Activities a second.")],
    programme: Annotated[str, typer.Option(metavar="KEY", help="The programme's key.")] = DEMO_PROGRAMME,
    seconds: Annotated[float | None, typer.Option(min=0, help="How long; until Ctrl-C without.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let made-up members of the demo programme read, review, race and meet, so that the boards move."""
    with reporting(as_json=as_json) as report:
        counts: Counter[str] = Counter()
        try:
            with_backend(report, lambda backend: _simulate(backend, report, rate, programme, seconds, counts))
        except KeyboardInterrupt:
            report.say("Stopped.")
        report.show(f"{counts['recorded']} recorded, {counts['rejected']} rejected.")
        report.result(
            {"programme": programme, "recorded": counts["recorded"], "rejected": counts["rejected"]}
        )
        if counts["rejected"]:
            report.code = Exit.DIFFERENCES


async def _simulate(
    backend: Backend, report: Report, rate: float, programme: str, seconds: float | None, counts: Counter[str]
) -> None:
    services = backend.services
    await ensure_demo(services)
    catalogue = await services.programmes.catalogue(programme)
    missing = [kind for kind in TYPES if not published(catalogue.activity_types.get(kind))]
    if missing:
        raise BadInput(
            f"Programme {programme} has no activity type {missing[0]}: simulate plays the demo programme"
        )
    actor = system_actor(programme)
    club = ReadingClub(random.Random())  # noqa: S311 - a game
    await services.members.ensure(actor, club.members())
    report.say(
        f"{len(club.members())} members do {rate:g} things a second in programme {programme}; Ctrl-C stops it."
    )
    began = time.monotonic()
    done = 0
    while (elapsed := time.monotonic() - began) < (seconds if seconds is not None else float("inf")):
        # What is due by now, so that a slow batch is caught up with, but never more than one batch takes.
        due = min(int(elapsed * rate) + 1 - done, BATCH_MAX)
        if due > 0:
            batch = [club.next_activity(services.now()) for _ in range(due)]
            _count(await services.recording.record(actor, batch), counts, report)
            done += due
        await asyncio.sleep(max(_TICK_SECONDS, 1 / rate) if due <= 1 else _TICK_SECONDS)


def _count(outcomes: list[ActivityOutcome], counts: Counter[str], report: Report) -> None:
    for outcome in outcomes:
        counts[outcome.status.value] += 1
        if (
            outcome.status is ActivityStatus.REJECTED
            and counts["rejected"] == 1
            and outcome.error is not None
        ):
            report.say(f"rejected: {outcome.error.message}")
