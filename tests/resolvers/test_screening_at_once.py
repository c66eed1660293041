"""Screening of texts that come at the same time: each counts the others, whatever else is kept of them."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from community.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL
from tests.resolvers.test_screening import answer, write
from tests.screening_world import SCREENED
from tests.support import ProgrammeUnderTest

NOT_RECORDED: dict[str, Any] = {
    **SCREENED,
    "programme": {
        **SCREENED["programme"],
        "community": {
            name: stated
            for name, stated in SCREENED["programme"]["community"].items()
            if name != "activities"
        },
    },
}
"""Writing is no activity, so that two texts of one member have nothing else in common."""
COPY = "The very best watches for the lowest price of all, only here!"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(NOT_RECORDED)
    await club.join_all("ann", *(f"m{number}" for number in range(5)))
    return club


async def at_once(graphql: GraphQL, club: ProgrammeUnderTest, *texts: dict[str, Any]) -> Counter[str]:
    """Let all of these be posted at once: how many of each state, or each error."""
    answers = await asyncio.gather(
        *(
            graphql.mutate(
                club.member_actor(stated.pop("by")),
                "createPost",
                {"title": "Watches", "idempotencyKey": f"k{number}", **stated},
                "post { state }",
            )
            for number, stated in enumerate(texts)
        )
    )
    assert all(one.data for one in answers), [one.errors for one in answers]
    found = [one.data["createPost"] for one in answers if one.data]
    return Counter(one["post"]["state"] if "post" in one else one["__typename"] for one in found)


async def test_no_more_are_published_at_once_than_a_rate_lets(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    texts = [{"by": "ann", "space": "hasty", "body": f"Words {number}"} for number in range(8)]

    assert await at_once(graphql, club, *texts) == {"PUBLISHED": 2, "ScreenedError": 6}
    assert (await VerificationService(club.services).verify(club.key)).differences == []


@pytest.mark.parametrize("names", [["ann"] * 5, [f"m{number}" for number in range(5)]], ids=["one", "five"])
async def test_of_copies_written_at_once_one_is_published(
    graphql: GraphQL, club: ProgrammeUnderTest, names: list[str]
) -> None:
    texts = [{"by": name, "space": "copying", "body": COPY} for name in names]

    assert await at_once(graphql, club, *texts) == {"PUBLISHED": 1, "PENDING": 4}


async def test_comments_and_posts_at_once_count_together(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    post = await write(graphql, club.member_actor("m0"), "Fine", "post", space="hasty")
    stated = [
        ("createComment", {"postId": post["id"], "body": f"Words {number}", "idempotencyKey": f"c{number}"})
        for number in range(3)
    ]
    more = {"space": "hasty", "title": "Words", "body": "Words", "idempotencyKey": "p"}
    answers = await asyncio.gather(
        *(graphql.mutate(ann, field, one) for field, one in [*stated, ("createPost", more)])
    )
    kinds = Counter(one["__typename"] for found in answers if found.data for one in found.data.values())

    assert kinds["ScreenedError"] == 2
    assert (await answer(graphql, club.member_actor("m1"), post, "Words"))["state"] == "PUBLISHED"
