"""How the screening rules do, what they said, and what they would say of a text."""

from datetime import timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor
from resolvers.relay import encode_id
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.resolvers.test_screening import decide, write
from tests.screening_world import SCREENED
from tests.support import ProgrammeUnderTest

LISTED = "query ($filter: ScreeningFilter) { screenings(filter: $filter) { nodes { id verdict author { displayName } } } }"
STATISTICS = """query ($since: DateTime!, $until: DateTime!) { screeningStatistics(since: $since, until: $until) {
    rule refused held flagged upheld overturned overturnedShare } }"""
TRIED = """query ($input: ScreenTextInput!) { screenText(input: $input) { verdict rules { rule verdict outcome
    finding { found limit spots { part start end words } hosts likePost { title } } } } }"""

REHEARSED = """query ($rule: String!, $posts: Int! = 200) { rehearseScreening(rule: $rule, posts: $posts) { looked found
    examples { post { title } finding { rule spots { words } } } } }"""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The screened community with Ann and Bob in it."""
    club = await programme(SCREENED)
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    return club


async def refuse(graphql: GraphQL, club: ProgrammeUnderTest, name: str) -> None:
    """Let a member write what is refused."""
    stated = {"space": "square", "title": "x", "body": "jerk", "idempotencyKey": "refused"}
    await graphql.mutate(club.member_actor(name), "createPost", stated)


async def tried(graphql: GraphQL, actor: Actor, **stated: Any) -> dict[str, Any]:
    """What the rules would say of a text, and by rule."""
    found = await graphql.read(actor, TRIED, {"input": {"space": "square", **stated}})
    return {
        "verdict": found["screenText"]["verdict"],
        **{one["rule"]: one for one in found["screenText"]["rules"]},
    }


def period(club: ProgrammeUnderTest, days: float = 1) -> dict[str, str]:
    """From a day ago until `days` from now."""
    now = club.clock.now
    return {
        "since": (now - timedelta(days=1)).isoformat(),
        "until": (now + timedelta(days=days)).isoformat(),
    }


async def test_the_statistics_count_verdicts_and_what_became_of_them(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    await refuse(graphql, club, "ann")
    posts = [await write(graphql, ann, f"{number}0 yuan", str(number)) for number in range(1, 6)]
    for number, post in enumerate(posts[:4]):
        await decide(club, post, upheld=number == 0)
    await write(graphql, ann, "whatsapp, 99 yuan", "both")

    found = await graphql.read(club.moderator, STATISTICS, period(club))
    rules = {one.pop("rule"): one for one in found["screeningStatistics"]}
    assert list(rules) == [rule["key"] for rule in SCREENED["screening"] if rule["key"] != "planned"]
    zero = {"refused": 0, "held": 0, "flagged": 0, "upheld": 0, "overturned": 0, "overturnedShare": None}
    assert rules["insults"] == {**zero, "refused": 1}
    assert rules["contacts"] == {**zero, "held": 1}
    assert rules["money"] == {**zero, "flagged": 6, "upheld": 1, "overturned": 3, "overturnedShare": 0.75}
    assert rules["links"] == zero


async def test_the_statistics_are_of_a_stated_period(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await refuse(graphql, club, "ann")
    now = club.clock.now
    later = {"since": (now + timedelta(hours=1)).isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    found = await graphql.read(club.moderator, STATISTICS, later)
    assert sum(one["refused"] for one in found["screeningStatistics"]) == 0

    for days in (-2, 400):
        answer = await graphql(club.moderator, STATISTICS, period(club, days))
        refused(answer, "INVALID_INPUT")


async def test_what_the_rules_said_is_listed_latest_first(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    held = await write(graphql, ann, "whatsapp")
    club.clock.advance(timedelta(minutes=1))
    await write(graphql, bob, "50 yuan")
    club.clock.advance(timedelta(minutes=1))
    await refuse(graphql, club, "bob")

    async def listed(**wanted: Any) -> list[tuple[str, str]]:
        found = await graphql.read(club.moderator, LISTED, {"filter": wanted})
        return [(one["verdict"], one["author"]["displayName"]) for one in found["screenings"]["nodes"]]

    assert await listed() == [("REFUSE", "Bob"), ("FLAG", "Bob"), ("HOLD", "Ann")]
    assert await listed(rule="money") == [("FLAG", "Bob")]
    assert await listed(verdict="HOLD") == [("HOLD", "Ann")]
    assert await listed(waiting=True) == [("FLAG", "Bob"), ("HOLD", "Ann")]
    await decide(club, held, upheld=True)
    assert await listed(waiting=True) == [("FLAG", "Bob")]


async def test_a_screening_is_found_again_by_its_id(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await refuse(graphql, club, "ann")
    found = await graphql.read(club.moderator, LISTED, {})
    query = "query ($id: ID!) { node(id: $id) { ... on Screening { verdict kind space post { id } comment { id } decidedAt } } }"
    wanted = {"id": found["screenings"]["nodes"][0]["id"]}
    shown = await graphql.read(club.operator, query, wanted)

    assert shown["node"] == {
        "verdict": "REFUSE",
        "kind": "POST",
        "space": "square",
        "post": None,
        "comment": None,
        "decidedAt": None,
    }
    assert (await graphql.read(club.member_actor("ann"), query, wanted))["node"] is None
    missing = {"id": encode_id("Screening", b"x" * 12)}
    assert (await graphql.read(club.operator, query, missing))["node"] is None


async def test_members_learn_nothing_of_the_rules(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")

    refused(await graphql(ann, LISTED, {}), "FORBIDDEN")
    refused(await graphql(ann, STATISTICS, period(club)), "FORBIDDEN")
    refused(await graphql(ann, TRIED, {"input": {"space": "square", "body": "x"}}), "FORBIDDEN")
    refused(await graphql(ann, REHEARSED, {"rule": "money"}), "FORBIDDEN")


# -- trying a text


async def test_a_text_is_tried_without_being_posted(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    said = await tried(
        graphql,
        club.moderator,
        body="A j.e.r.k, [see](https://www.bad.example/), 5 yuan",
        title="Add 加微信",
        tags=["笨蛋"],
    )

    assert said["verdict"] == "REFUSE"
    assert said["insults"]["finding"]["spots"] == [
        {"part": "TEXT", "start": 2, "end": 9, "words": "j.e.r.k"},
        {"part": "TAGS", "start": 0, "end": 2, "words": "笨蛋"},
    ]
    hovered = await tried(graphql, club.moderator, body='[this](https://own.example "jerk")', title="Hello")
    assert hovered["insults"]["finding"]["spots"] == [{"part": "TEXT", "start": 5, "end": 9, "words": "jerk"}]
    assert said["hosts"]["finding"]["hosts"] == ["www.bad.example"]
    assert said["contacts"]["finding"]["spots"][0]["part"] == "TITLE"
    outcomes = {key: one["outcome"] for key, one in said.items() if key != "verdict"}
    assert outcomes == {
        **dict.fromkeys(("insults", "contacts", "money", "hosts"), "FOUND"),
        **dict.fromkeys(("links", "crowds"), "CLEAR"),
        **dict.fromkeys(("copies", "newcomers", "haste"), "ELSEWHERE"),
    }
    found = await graphql.read(club.moderator, LISTED, {})
    assert found["screenings"]["nodes"] == []
    posts = await graphql.read(club.moderator, "query { posts { nodes { id } } }", {})
    assert posts["posts"]["nodes"] == []


async def test_a_text_that_no_rule_minds_has_no_verdict(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    assert (await tried(graphql, club.operator, body="Fine"))["verdict"] is None


async def test_rules_on_what_was_written_before_are_tried_for_an_author(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.join("cyd", attributes={"trusted": True})
    ann = club.member_actor("ann")
    text = "The very best watches for the lowest price of all"
    await write(graphql, ann, text, "1", space="copying", title="Watches")
    for number in range(2):
        await write(graphql, ann, "Fine", f"h{number}", space="hasty")

    def outcome(said: dict[str, Any], rule: str) -> tuple[str, int | None]:
        return said[rule]["outcome"], (said[rule]["finding"] or {}).get("found")

    by_ann, by_cyd = {"authorId": member_gid(club, "ann")}, {"authorId": member_gid(club, "cyd")}
    copied = await tried(graphql, club.moderator, space="copying", body=text, title="Watches")
    assert outcome(copied, "copies") == ("FOUND", 100)
    assert copied["copies"]["finding"]["likePost"] == {"title": "Watches"}
    for stated, newcomers in (({}, ("UNTESTED", None)), (by_ann, ("CLEAR", None)), (by_cyd, ("FOUND", 0))):
        said = await tried(graphql, club.moderator, space="nursery", body="x", **stated)
        assert outcome(said, "newcomers") == newcomers
    for stated, haste in (({}, ("UNTESTED", None)), (by_ann, ("FOUND", 3)), (by_cyd, ("OTHERS", None))):
        said = await tried(graphql, club.moderator, space="hasty", body="x", **stated)
        assert outcome(said, "haste") == haste


async def test_drafts_are_tried_where_asked_for_and_do_not_count(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    with_drafts = await tried(graphql, club.operator, body="What comes next", drafts=True)

    assert (with_drafts["verdict"], with_drafts["planned"]["outcome"]) == (None, "FOUND")
    assert "planned" not in await tried(graphql, club.operator, body="What comes next")
    stated = {"input": {"space": "square", "body": "x", "drafts": True}}
    refused(await graphql(club.moderator, TRIED, stated), "FORBIDDEN")


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"space": "nowhere", "body": "x"}, "NOT_FOUND"),
        ({"space": "square", "body": ""}, "INVALID_INPUT"),
        ({"space": "square", "body": "x" * 20_001}, "TOO_LARGE"),
        ({"space": "square", "body": "x", "authorId": encode_id("Member", b"x" * 12)}, "NOT_FOUND"),
    ],
)
async def test_what_can_not_be_tried_says_why(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: dict[str, Any], code: str
) -> None:
    refused(await graphql(club.moderator, TRIED, {"input": stated}), code)


# -- what a rule would have said


async def test_a_draft_is_rehearsed_with_what_was_posted(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    for number, body in enumerate(("What comes next", "Fine", "n e x t!", "For 50 yuan")):
        club.clock.advance(timedelta(minutes=1))
        await write(graphql, ann, body, str(number), title=f"Post {number}")
    await write(graphql, ann, "next whatsapp", "held")
    await write(graphql, ann, "next", "draft", draft=True)

    found = await graphql.read(club.operator, REHEARSED, {"rule": "planned"})
    assert found["rehearseScreening"] == {
        "looked": 4,
        "found": 2,
        "examples": [
            {"post": {"title": title}, "finding": {"rule": "planned", "spots": [{"words": words}]}}
            for title, words in (("Post 2", "n e x t"), ("Post 0", "next"))
        ],
    }
    found = await graphql.read(club.operator, REHEARSED, {"rule": "planned", "posts": 2})
    assert (found["rehearseScreening"]["looked"], found["rehearseScreening"]["found"]) == (2, 1)
    found = await graphql.read(club.moderator, REHEARSED, {"rule": "money"})
    assert found["rehearseScreening"]["found"] == 1


async def test_a_rule_is_rehearsed_in_the_spaces_that_it_is_about(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await write(graphql, club.member_actor("ann"), "Fine")
    await write(graphql, club.member_actor("bob"), "Fine", space="hasty")
    rules = [{"key": "here", "verdict": "flag", "words": {"listed": ["fine"]}, "spaces": ["square"]}]
    await club.apply({**SCREENED, "screening": rules})

    found = await graphql.read(club.operator, REHEARSED, {"rule": "here"})
    assert (found["rehearseScreening"]["looked"], found["rehearseScreening"]["found"]) == (1, 1)


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"rule": "nothing"}, "NOT_FOUND"),
        ({"rule": "planned"}, "NOT_FOUND"),  # a draft, to a moderator
        ({"rule": "copies"}, "INVALID_INPUT"),
        ({"rule": "haste"}, "INVALID_INPUT"),
        ({"rule": "money", "posts": 0}, "INVALID_INPUT"),
        ({"rule": "money", "posts": 501}, "INVALID_INPUT"),
    ],
)
async def test_what_can_not_be_rehearsed_says_why(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: dict[str, Any], code: str
) -> None:
    refused(await graphql(club.moderator, REHEARSED, stated), code)
