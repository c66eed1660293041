"""A draft rehearsed over a year of the CDNOW purchases: how long it takes, and how long it keeps others of its process waiting."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from api.importing import run_import
from api.programme_files import bundled
from bench.processor import ProcessorTime
from bench.report import Line
from bench.world import World
from gamification.importers.purchases import PurchaseFile
from gamification.kit.actors import Actor, Role
from gamification.rehearsal.model import RehearsalOrder, Span
from gamification.rehearsal.service import Draft

FILE = Path(__file__).parents[1] / "../shared/data/cdnow/CDNOW_master.txt"
KEY = "cdnow"
AIM_SECONDS = 60
_PAUSE_S = 0.01
YEAR = Span(datetime(1997, 1, 1, tzinfo=UTC), datetime(1998, 1, 1, tzinfo=UTC))


async def measure(world: World) -> list[Line]:
    """The file is imported first, untimed; the draft gives double points."""
    if not FILE.is_file():
        raise RuntimeError(f"{FILE} is not here")
    services = world.services
    await run_import(services, PurchaseFile(FILE), KEY, "purchases", lambda *_: None)
    document = bundled("purchases")
    document["rules"][0]["effects"][0]["points"]["amount"] = "2 * floor(activity.amount)"
    longest_ms = 0.0

    async def beside() -> None:
        nonlocal longest_ms
        while True:
            before = time.perf_counter()
            await asyncio.sleep(_PAUSE_S)
            longest_ms = max(longest_ms, (time.perf_counter() - before - _PAUSE_S) * 1000)

    neighbour = asyncio.create_task(beside())
    actor = Actor(KEY, "bench", Role.OPERATOR)
    processor, began = ProcessorTime.now(), time.perf_counter()
    _, found = await services.rehearsals.rehearse(actor, Draft(document), YEAR, RehearsalOrder.HAPPENED)
    took_s = time.perf_counter() - began
    each = ProcessorTime.now().since(processor, found.activities)
    neighbour.cancel()
    points = next(one for one in found.units if one.unit == "points")
    if points.given != 2 * points.was_given or not found.activities:
        raise RuntimeError("double points were not double")
    text = f"{took_s:.1f} s, {found.activities / took_s:,.0f} /s, {each}; others waited {longest_ms:.0f} ms at most"
    return [
        Line(
            f"a draft over {found.activities:,} purchases of {found.members:,} members, a year",
            text,
            f"{AIM_SECONDS} s, the aim",
            AIM_SECONDS / took_s,
            "≥ 1",
        )
    ]
