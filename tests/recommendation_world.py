"""A club whose members recommend things to one another by what they do."""

from collections.abc import Sequence
from typing import Any

from community.posts.service import NewPost
from community.reactions.model import Target, TargetKind
from community.recommendations.model import Kind
from gamification.kit.actors import Actor
from gamification.programmes.definitions import PostKind
from resolvers.relay import encode_id
from tests.resolvers.harness import GraphQL
from tests.support import ProgrammeUnderTest

CLUB: dict[str, Any] = {
    "programme": {
        "name": {"en": "The club", "zh": "俱乐部"},
        "locale": "en",
        "community": {"reactions": ["like"]},
    },
    "units": [
        {"key": "points", "name": {"en": "points", "zh": "积分"}, "expires_after": "P60D"},
        {"key": "growth", "name": {"en": "growth", "zh": "成长值"}},
    ],
    "activity_types": [{"key": "visit"}, {"key": "study"}, {"key": "earn"}],
    "rules": [
        {
            "key": "visits",
            "on": ["visit"],
            "effects": [{"advance": {"task": "regular"}}, {"advance": {"task": "hidden"}}],
        },
        {"key": "studies", "on": ["study"], "effects": [{"advance": {"task": "scholar"}}]},
        {
            "key": "earning",
            "on": ["earn"],
            "effects": [
                {"points": {"unit": "points", "amount": 100}},
                {"points": {"unit": "growth", "amount": 90}},
            ],
        },
    ],
    "tasks": [
        {"key": "regular", "name": {"en": "Come four times", "zh": "到访四次"}, "goal": 4},
        {
            "key": "scholar",
            "name": {"en": "Study"},
            "goal": 2,
            "claim": "manual",
            "reward": [{"points": {"unit": "points", "amount": 1}}],
        },
        {"key": "hidden", "goal": 4, "when": "member.attributes.city == 'Shanghai'"},
        {"key": "next", "goal": 2, "status": "draft"},
        {"key": "advanced", "goal": 1, "requires": ["regular"]},
        {"key": "over", "goal": 1, "ends_at": "2020-01-01T00:00:00Z"},
        {
            "key": "climb",
            "goal": 5,
            "reward": [{"points": {"unit": "growth", "amount": 10}}],
        },
    ],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth"}],
            "tiers": [
                {"key": "basic"},
                {"key": "gold", "name": {"en": "Gold", "zh": "金卡"}, "requires": {"growth": 100}},
            ],
        }
    ],
    "rewards": [
        {
            "key": "tea",
            "name": {"en": "Tea", "zh": "茶"},
            "coupon": {"free_item": "TEA"},
            "price": {"unit": "points", "amount": 10},
            "caps": [{"count": 1}],
        },
        {
            "key": "mug",
            "name": {"en": "Mug", "zh": "杯子"},
            "coupon": {"free_item": "MUG"},
            "price": {"unit": "points", "amount": 20},
        },
        {
            "key": "car",
            "coupon": {"free_item": "CAR"},
            "price": {"unit": "points", "amount": 1_000_000},
        },
        {"key": "golden", "coupon": {"free_item": "G"}, "tier": {"ladder": "club", "least": "gold"}},
        {"key": "local", "coupon": {"free_item": "L"}, "when": "member.attributes.city == 'Shanghai'"},
        {"key": "past", "coupon": {"free_item": "P"}, "ends_at": "2020-01-01T00:00:00Z"},
        {"key": "given", "coupon": {"free_item": "N"}, "redeemable": False},
        {"key": "gone", "coupon": {"free_item": "O"}, "stock": 1},
        {"key": "planned", "coupon": {"free_item": "D"}, "status": "draft"},
    ],
    "spaces": [
        {"key": "square", "name": {"en": "The square"}, "kinds": ["discussion", "question"]},
        {"key": "circle", "access": "private", "admission": "added"},
        {"key": "makers", "name": {"en": "Makers"}, "access": "closed"},
        {"key": "salon", "access": "private"},
        {"key": "lounge", "name": {"en": "Lounge"}, "tier": {"ladder": "club", "least": "gold"}},
        {"key": "attic", "status": "archived"},
    ],
    "segments": [{"key": "insiders"}],
}
"""An `earn` is 100 points, which lapse after 60 days, and 90 growth of the 100 that gold takes."""

CROWD = tuple(f"m{number}" for number in range(8))
"""More than are needed for what others did to be told."""

SELECTION = """kind score targetId reason { code text } task { key } reward { key } campaign { key } post { id title }
    space { key } member { displayName }"""


async def learnt(club: ProgrammeUnderTest) -> int:
    """Let the worker do its daily round for the programme now, and what is due after; of how many members candidates were made."""
    done = await club.services.recommendations.recommending.run_daily(club.key)
    await club.catch_up("recommendations")
    return done


async def recommended(club: ProgrammeUnderTest, name: str) -> None:
    """Let there be candidates for a member of any programme, of which one was shown and one dismissed."""
    recommendations = club.services.recommendations
    await recommendations.recommending.run_daily(club.key)
    actor, member = club.member_actor(name), club.members[name]
    await recommendations.serving.recommendations(actor, member, None, 10, None)
    await recommendations.service.dismiss(club.service, member.id, Kind.TASK, "regular")


async def redeem(club: ProgrammeUnderTest, name: str, reward: str) -> None:
    """Let a member redeem a reward."""
    key = f"{name}-{reward}-{club.clock.now.isoformat()}"
    await club.services.redemptions.redeem(club.service, club.id_of(name), reward, None, key)


async def wrote(
    club: ProgrammeUnderTest, name: str, title: str, space: str = "square", *tags: str, question: bool = False
) -> bytes:
    """Let a member publish a post."""
    kind = PostKind.QUESTION if question else PostKind.DISCUSSION
    new = NewPost(space, kind, title, "Text", tags=tags)
    post, _ = await club.services.posts.create(club.service, club.id_of(name), new, f"{name}-{title}")
    return post.id


async def liked(club: ProgrammeUnderTest, post_id: bytes, *names: str) -> None:
    """Let members react to a post."""
    for name in names:
        target = Target(TargetKind.POST, post_id)
        await club.services.reactions.react(club.service, club.id_of(name), target, "like")


async def commented(club: ProgrammeUnderTest, post_id: bytes, name: str) -> None:
    """Let a member answer a post."""
    key = f"{name}-{post_id.hex()}"
    await club.services.comments.create(club.service, club.id_of(name), post_id, None, "Indeed", key)


async def shown(
    graphql: GraphQL,
    actor: Actor,
    *kinds: str,
    first: int = 50,
    whose: str | None = None,
    what: str = SELECTION,
) -> list[dict[str, Any]]:
    """What is recommended to the caller, or to the member of that global id."""
    field = f"recommendations(kinds: $kinds, first: $first) {{ {what} }}"
    variables: dict[str, Any] = {"kinds": list(kinds) or None, "first": first}
    head = "$kinds: [RecommendationKind!], $first: Int!"
    if whose is None:
        found = await graphql.read(actor, f"query ({head}) {{ me {{ {field} }} }}", variables)
        return list(found["me"]["recommendations"])
    found = await graphql.read(
        actor, f"query ({head}, $id: ID!) {{ member(id: $id) {{ {field} }} }}", {**variables, "id": whose}
    )
    return list(found["member"]["recommendations"])


async def keys(graphql: GraphQL, club: ProgrammeUnderTest, name: str, kind: str) -> set[str]:
    """The keys of what of that kind is recommended to a member, or titles and names."""
    found = await shown(graphql, club.member_actor(name), kind.upper())
    return {name_of(one) for one in found}


def name_of(one: dict[str, Any]) -> str:
    """What a recommended thing is called: its key, title or name."""
    thing = one[one["kind"].lower()]
    return str(next(thing[name] for name in ("key", "title", "displayName") if name in thing))


def why(found: Sequence[dict[str, Any]], name: str) -> tuple[str, str]:
    """The reason that one of these is shown for: (code, text)."""
    (one,) = [one for one in found if name_of(one) == name]
    return one["reason"]["code"], one["reason"]["text"]


def gid(kind: str, raw: bytes | str) -> str:
    """A global id."""
    return encode_id(kind, raw)
