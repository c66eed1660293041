"""A rehearsal over real purchases finds what plain arithmetic on the file finds."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from math import floor
from pathlib import Path

import pytest

from api.importing import run_import
from api.programme_files import bundled
from community.services import Services
from gamification.importers.purchases import PurchaseFile
from gamification.kit.actors import Actor, Role
from gamification.rehearsal.model import RehearsalOrder
from gamification.rehearsal.service import Draft, span_of
from tests.conftest import MakeProgramme

MASTER = Path(__file__).parents[3] / "../shared/data/cdnow/CDNOW_master.txt"
LINES = 2_001
CAP, BIG = 120, 60
SINCE, UNTIL = datetime(1997, 3, 1, tzinfo=UTC), datetime(1998, 1, 1, tzinfo=UTC)


@pytest.mark.skipif(not MASTER.is_file(), reason="../shared/data/cdnow is not here")
async def test_a_draft_over_real_purchases(
    services: Services, programme: MakeProgramme, tmp_path: Path
) -> None:
    """Double points from March on, at most 120 of them a member and month, and a badge for big purchases."""
    key = (await programme({})).key
    document = bundled("purchases")
    document["programme"]["key"] = key
    operator = Actor(key, "ops", Role.OPERATOR)
    await services.programmes.apply(operator, document)
    file = tmp_path / "part.txt"
    lines = MASTER.read_text(encoding="ascii").splitlines()[:LINES]
    file.write_text("\n".join(lines) + "\n", encoding="ascii")
    await run_import(services, PurchaseFile(file), key, "purchases", lambda *_: None)
    rule = document["rules"][0]
    rule["effects"][0]["points"]["amount"] = "2 * floor(activity.amount)"
    rule["effects"].append({"when": f"activity.amount >= {BIG}.0", "award": {"badge": "big"}})
    document["badges"].append({"key": "big"})
    document["units"][0]["caps"] = [{"amount": CAP, "cycle": "monthly"}]
    document["rewards"] = [{"key": "sleeve", "goods": {}, "stock": 30, "cost": 125}]
    rule["effects"].append({"when": "activity.quantity >= 5", "reward": {"reward": "sleeve"}})

    _, found = await services.rehearsals.rehearse(
        operator, Draft(document), span_of(SINCE, UNTIL), RehearsalOrder.HAPPENED
    )

    # The same, from the lines alone.
    bought = sorted(
        (columns[1], number, columns[0], int(columns[2]), float(columns[3]))
        for number, line in enumerate(lines[1:])
        if (columns := line.split())
    )
    given: Counter[str] = Counter()
    was: Counter[str] = Counter()
    used: Counter[tuple[str, str]] = Counter()
    months: Counter[tuple[str, str]] = Counter()
    gains: defaultdict[str, int] = defaultdict(int)
    spent: Counter[str] = Counter()
    big, regular, sleeves, counted = set[str](), set[str](), 0, 0
    held: set[str] = set()
    costs: Counter[str] = Counter()
    for day, _, customer, quantity, amount in bought:
        months[customer, day[:6]] += 1
        counts = "19970301" <= day < "19980101"
        if day >= "19980101":
            continue
        if months[customer, day[:6]] == 3 and customer not in held:
            held.add(customer)
            if counts:
                regular.add(customer)
        plain = floor(amount)
        if not counts:
            spent[customer] += plain
            used[customer, day[:6]] += plain
            continue
        counted += 1
        applied = max(min(2 * plain, CAP - used[customer, day[:6]]), 0)
        used[customer, day[:6]] += applied
        spent[customer] += applied
        given[day] += applied
        was[day] += plain
        gains[customer] += applied - plain
        if amount >= BIG:
            big.add(customer)
        if quantity >= 5 and sleeves < 30:
            sleeves += 1
            costs[day] += 125

    points = next(one for one in found.units if one.unit == "points")
    assert found.activities == counted > 500
    assert (points.given, points.was_given) == (given.total(), was.total())
    by_day = {
        day.day.replace("-", ""): (one.given, one.was_given, day.cost)
        for day in found.days
        for one in day.units
        if one.unit == "points"
    }
    assert by_day == {day: (given[day], was[day], costs[day]) for day in was if given[day] or was[day]}
    assert {one.key: (one.count, one.was) for one in found.badges} == {
        "regular_customer": (len(regular), len(regular)),
        "big": (len(big), 0),
    }
    assert [(one.given, one.was_given) for one in found.rewards] == [(30, 0)] == [(sleeves, 0)]
    assert (found.cost, found.was_cost) == (30 * 125, 0)
    assert found.failed == 0
    members = await services.stores.members.by_ids(
        key,
        [one.member_id for one in (*found.gainers, *found.losers)]
        + [w.member_id for b in found.boards for w in b.winners],
    )
    names = {member.id: member.external_id for member in members.values()}
    assert found.changed == sum(gain != 0 for gain in gains.values())
    shown = {names[one.member_id]: one.points - one.was for one in found.gainers if one.unit == "points"}
    assert sorted(shown.values(), reverse=True) == sorted(gains.values(), reverse=True)[:10]
    assert all(gains[name] == gain for name, gain in shown.items())
    year = next(one for one in found.boards if one.period == "1997")
    assert [one.score for one in year.winners] == sorted(spent.values(), reverse=True)[:10]
    assert all(spent[names[one.member_id]] == one.score for one in year.winners)
