"""A programme with a catalogue, for tests of rewards."""

from typing import Any

from gamification.kit.actors import Actor
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid
from tests.support import ProgrammeUnderTest

MALL: dict[str, Any] = {
    "units": [{"key": "points", "expiry": {"after": "P1Y"}}, {"key": "gems"}],
    "activity_types": [
        {"key": "visit"},
        {"key": "buy", "properties": {"type": "object", "properties": {"amount": {"type": "integer"}}}},
    ],
    "rules": [
        {"key": "visits", "on": ["visit"], "effects": [{"advance": {"task": "regular"}}]},
        {
            "key": "buys",
            "on": ["buy"],
            "effects": [{"points": {"unit": "points", "amount": "activity.amount"}}],
        },
    ],
    "tasks": [{"key": "regular", "goal": 1, "cycle": "daily", "reward": [{"reward": {"reward": "gift"}}]}],
    "rewards": [
        {
            "key": "tenner",
            "name": {"en": "Ten off", "zh": "减十元"},
            "coupon": {"currency": "CNY", "off": 1000, "lasts": "P30D"},
            "price": {"unit": "points", "amount": 100},
        },
        {"key": "gift", "coupon": {"percent": 10, "codes": {"prefix": "GIFT"}}},
        {
            "key": "pool",
            "coupon": {"percent": 20, "codes": {"source": "imported"}},
            "price": {"unit": "points", "amount": 10},
        },
        {"key": "last", "coupon": {"percent": 50}, "stock": 1, "price": {"unit": "points", "amount": 10}},
        {
            "key": "mug",
            "goods": {"sku": "MUG-1"},
            "price": {"unit": "points", "amount": 60},
            "stock": 5,
            "caps": [{"count": 2}],
            "refunds": {"processing": {"points": 50, "stock": True, "caps": False}},
        },
        {
            "key": "luck",
            "red_packet": {"currency": "CNY", "total": 1000, "shares": 3, "minimum": 100},
            "price": {"unit": "points", "amount": 1},
        },
        {
            "key": "lounge",
            "privilege": {"flag": "lounge", "lasts": "P7D"},
            "price": {"unit": "points", "amount": 5},
            "remind": "P2D",
        },
        {"key": "spin", "ticket": {"unit": "gems", "count": 3}, "price": {"unit": "points", "amount": 30}},
        {"key": "secret", "content": {"text": {"en": "The recipe"}, "url": "https://club.example/secret"}},
        {
            "key": "vip",
            "privilege": {"flag": "vip"},
            "when": "member.attributes.vip == true",
            "starts_at": "2020-01-01T00:00:00Z",
        },
        {"key": "past", "content": {"text": {"en": "Gone"}}, "ends_at": "2020-01-01T00:00:00Z"},
        {"key": "daily", "content": {"text": {"en": "Tip"}}, "caps": [{"count": 1, "cycle": "daily"}]},
    ],
}
REDEMPTION = (
    "id status source kind amount currency flag startsAt expiresAt deliverTo isKept isCurrent "
    "reward { key } coupon { code maskedCode state uses usesMax expiresAt } "
    "payment { amount refunded isHeld unit { key } } steps { status note reference } content { text url }"
)


async def mall(
    programme: MakeProgramme, *members: str, points: int = 1000, **more: Any
) -> ProgrammeUnderTest:
    """The programme, with members who have so many points."""
    made = await programme({**MALL, **more})
    for name in members:
        await made.join(name)
        if points:
            await made.do("buy", name, amount=points)
    return made


async def redeem(graphql: GraphQL, actor: Actor, reward: str, key: str = "k", **more: Any) -> dict[str, Any]:
    """Redeem a reward; the redemption."""
    stated = {"reward": reward, "idempotencyKey": key, **more}
    answer = await graphql.done(actor, "redeemReward", stated, f"replayed redemption {{ {REDEMPTION} }}")
    redemption: dict[str, Any] = answer["redemption"]
    return redemption


def of(club: ProgrammeUnderTest, name: str) -> dict[str, str]:
    """The input by which a service acts for a member."""
    return {"memberId": member_gid(club, name)}
