"""How soon cases, questions and complaints are answered, by when they came."""

from datetime import datetime, timedelta
from typing import Any

from tests.complaint_world import CATEGORIES
from tests.conftest import MakeProgramme
from tests.moderation_world import moderated
from tests.resolvers.harness import GraphQL, refused
from tests.resolvers.test_complaints import answer, filed
from tests.resolvers.test_questions import answered, asked, document
from tests.support import ProgrammeUnderTest

MONDAY = datetime.fromisoformat("2026-03-02T03:30:00+00:00")
READ = """query ($of: ResponseKind!, $from: Date!, $to: Date!, $by: InsightPeriodLength!) { insights {
    responseTimes(of: $of, from: $from, to: $to, by: $by) { came answered points { period { key } came answered answeredShare
        medianSeconds p90Seconds } } } }"""


async def told(
    graphql: GraphQL, club: ProgrammeUnderTest, of: str, by: str = "DAY", first: str = "2026-03-01"
) -> list[Any]:
    """(period, came, answered, median, nine of ten) of each period in which anything came."""
    wanted = {"of": of, "by": by, "from": first, "to": "2999-12-31"}
    found = (await graphql.read(club.operator, READ, wanted))["insights"]["responseTimes"]
    points = found["points"]
    assert found["came"] == sum(one["came"] for one in points)
    assert found["answered"] == sum(one["answered"] for one in points)
    assert all(
        one["answeredShare"] == (one["answered"] / one["came"] if one["came"] else None) for one in points
    )
    return [
        (one["period"]["key"], one["came"], one["answered"], one["medianSeconds"], one["p90Seconds"])
        for one in points
        if one["came"]
    ]


async def test_questions_by_the_day_they_were_asked_on(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(document(), time_zone="America/New_York")
    for name in ("ann", "bob", "cyd"):
        await club.join(name)
    club.clock.now = MONDAY  # Sunday evening in New York
    posts = [await asked(graphql, club, key=str(number)) for number in range(4)]
    for post, seconds in zip(posts[:3], (100, 60, 3600), strict=True):
        club.clock.advance(timedelta(seconds=seconds))
        await answered(graphql, club, "bob", post)
    await answered(graphql, club, "cyd", posts[0], "Late")
    club.clock.now = MONDAY + timedelta(hours=2)
    await asked(graphql, club, key="next day")
    removed = {"postId": posts[3], "reason": "r"}
    await graphql.done(club.moderator, "removePost", removed, "post { id }")

    assert await told(graphql, club, "QUESTIONS") == [
        ("2026-03-01", 3, 3, 160.0, 3760.0),
        ("2026-03-02", 1, 0, None, None),
    ]
    assert await told(graphql, club, "QUESTIONS", "WEEK") == [
        ("2026-W09", 3, 3, 160.0, 3760.0),
        ("2026-W10", 1, 0, None, None),
    ]
    assert await told(graphql, club, "QUESTIONS", first="2026-03-02") == [("2026-03-02", 1, 0, None, None)]


async def test_complaints_until_staff_answer_first(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme({"complaint_categories": CATEGORIES})
    await club.join("ann")
    club.clock.now = MONDAY
    ann = club.member_actor("ann")
    complaints = [await filed(graphql, ann, str(number)) for number in range(3)]
    for complaint, minutes in zip(complaints[:2], (5, 55), strict=True):
        club.clock.advance(timedelta(minutes=minutes))
        await answer(graphql, club.moderator, complaint, complaint["id"])

    assert await told(graphql, club, "COMPLAINTS") == [("2026-03-02", 3, 2, 300.0, 3600.0)]


async def test_cases_until_anybody_acts(graphql: GraphQL, programme: MakeProgramme) -> None:
    desk = await moderated(graphql, programme, "ann", "bob", "cyd")
    club = desk.club
    first, second = await desk.post("ann", "First"), await desk.post("ann", "Second")
    club.clock.now = club.clock.now + timedelta(minutes=1)
    began = club.clock.now
    for post in (first, second):
        await desk.report("bob", post)
    cases = {one["post"]["id"]: one for one in await desk.queue()}
    club.clock.now = began + timedelta(minutes=2)
    await desk.decide(cases[first], "REMOVE", reason="No")

    found = await told(graphql, club, "CASES", "MONTH", f"{began:%Y-%m-%d}")
    assert found == [(f"{began:%Y-%m}", 2, 1, 120.0, 120.0)]
    variables = {"of": "CASES", "by": "DAY", "from": "2026-03-01", "to": "2026-03-02"}
    refused(await graphql(club.moderator, READ, variables), "FORBIDDEN")
    wrong = {**variables, "from": "2020-01-01", "to": "2999-12-31"}
    refused(await graphql(club.operator, READ, wrong), "INVALID_INPUT")
