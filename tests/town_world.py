"""A town in which members do all that there is to do in a community, for tests of merging. Ann and Bob are accounts of one
person, Cyd and Dan are others."""

from typing import Any

from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.contest_world import FABLE
from tests.merge_world import sound
from tests.moderation_world import MODERATED, Desk
from tests.resolvers.harness import GraphQL, member_gid
from tests.support import ProgrammeUnderTest
from tests.survey_world import QUESTIONS

ACTS = ("post", "comment", "liked", "accepted", "attended", "survey")
WORTH = {"post": 10, "comment": 1, "liked": 100, "accepted": 1000, "attended": 10_000, "survey": 100_000}
"""Points for each act, so that a balance says how often each was done."""
SQUARE = {
    **COMMUNITY["spaces"][0],
    "kinds": ["discussion", "question", "announcement", "poll", "proposal", "story"],
}
TOWN: dict[str, Any] = {
    **COMMUNITY,
    "programme": {
        "name": {"en": "The town"},
        "community": {
            **MODERATED["programme"]["community"],
            "activities": {act: f"community.{act}" for act in ACTS},
            "trust": {"levels": [{"texts": 2}, {"texts": 4}, {"texts": 100}], "daily": [20]},
            "proposals": {"support": 2, "answer_days": 7},
            "questions": {"bounty": {"unit": "growth", "most": 100, "reactions": 1}},
        },
    },
    "activity_types": [
        {"key": "study", "properties": {"type": "object", "properties": {"hours": {"type": "integer"}}}},
        *({"key": f"community.{act}", "properties": {"type": "object"}} for act in ACTS),
    ],
    "tasks": [{"key": "popular", "measure": "distinct", "goal": 10}, {"key": "writer", "goal": 100}],
    "leaderboards": [{"key": "talk"}],
    "badges": [{"key": "loved", "repeat": "per_key"}],
    "rules": [
        *(
            {
                "key": f"for-{act}",
                "on": [f"community.{act}"],
                "effects": [{"points": {"unit": "points", "amount": WORTH[act], "boards": ["talk"]}}],
            }
            for act in ACTS
        ),
        {
            "key": "growing",
            "on": ["study"],
            "effects": [{"points": {"unit": "growth", "amount": "activity.hours"}}],
        },
        {
            "key": "loving",
            "on": ["community.liked"],
            "effects": [
                {"advance": {"task": "popular", "value": "activity.by"}},
                {"award": {"badge": "loved", "occurrence": "activity.subject"}},
            ],
        },
        {"key": "writes", "on": ["community.post"], "effects": [{"advance": {"task": "writer"}}]},
    ],
    "spaces": [SQUARE, *COMMUNITY["spaces"][1:]],
    "contests": [{**FABLE, "votes": 2, "entries": 2}],
    "surveys": [
        {"key": "once", "questions": [QUESTIONS[0]]},
        {"key": "secret", "anonymous": True, "questions": [QUESTIONS[0]]},
        {"key": "often", "repeat": "P1D", "questions": [QUESTIONS[0]]},
    ],
    "screening": [
        {
            "key": "contacts",
            "verdict": "hold",
            "message": {"en": "We look at contacts first."},
            "words": {"listed": ["whatsapp"]},
        }
    ],
    "complaint_categories": [{"key": "delivery"}],
}
NAMES = ("ann", "bob", "cyd", "dan")


class Town(Desk):
    """What members do, by GraphQL; and merging."""

    document = TOWN

    async def act(self, name: str, field: str, selection: str = "__typename", **stated: Any) -> Any:
        """A member does something."""
        return await self.graphql.done(self.club.member_actor(name), field, stated, selection)

    async def merge(self, one: str = "ann", into: str = "bob") -> dict[str, Any]:
        """Make them one; everything adds up."""
        stated = {
            "from": self.gid(one),
            "into": self.gid(into),
            "reason": "one person",
            "idempotencyKey": self.key(),
        }
        counts = "merge { counts { posts comments reactions } points { unit active activeAfter } }"
        done = await self.graphql.done(self.club.operator, "mergeMembers", stated, counts)
        await sound_town(self)
        merge: dict[str, Any] = done["merge"]
        return merge

    def gid(self, name: str) -> str:
        """The global id of a member."""
        return member_gid(self.club, name)

    async def kind(self, name: str, kind: str, **more: Any) -> str:
        """The id of a post of that kind."""
        return await self.post(name, kind=kind.upper(), **more)

    async def points(self, *names: str) -> list[int]:
        """What each of them has."""
        return [await self.club.balance(name, "points") for name in names]

    async def look(self, name: str, document: str, **variables: Any) -> Any:
        """What a member reads."""
        return await self.graphql.read(self.club.member_actor(name), document, variables)

    async def about(self, name: str, post: str, fields: str) -> Any:
        """A post as a member reads it."""
        found = await self.look(name, f"query ($id: ID!) {{ post(id: $id) {{ {fields} }} }}", id=post)
        return found["post"]

    async def rows(self, collection: str, **query: Any) -> list[dict[str, Any]]:
        """What is stored of this programme."""
        found = self.services.stores.mongo.collection(collection).find(
            {"programme_id": self.club.key, **query}
        )
        return await found.to_list(None)


async def sound_town(town: Town) -> None:
    """Everything adds up, by the loyalty domain and by the community."""
    await sound(town.club)
    await town.sound()


async def town_of(graphql: GraphQL, programme: MakeProgramme) -> Town:
    """The town, in which nobody has done anything yet."""
    club: ProgrammeUnderTest = await programme(TOWN)
    for name in NAMES:
        await club.join(name, display_name=name.title())
    return Town(graphql, club)


def likes(post: dict[str, Any] | None) -> dict[str, int]:
    """How many reactions of each kind."""
    assert post is not None
    return {one["reaction"]: one["count"] for one in post["reactions"] if one["count"]}
