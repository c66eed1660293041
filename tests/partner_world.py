"""Two programmes with an agreement, and members who have an account in both."""

import asyncio
from typing import Any

from resolvers.relay import encode_id
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL
from tests.support import ProgrammeUnderTest

COFFEE: dict[str, Any] = {
    "programme": {"name": {"en": "Coffee", "zh": "咖啡"}},
    "units": [{"key": "beans"}, {"key": "cups"}],
    "activity_types": [{"key": "visit"}, {"key": "partner.joined"}],
    "rules": [
        {
            "key": "visits",
            "on": ["visit"],
            "campaign": "breakfast",
            "effects": [{"points": {"unit": "cups", "amount": 1}}],
        }
    ],
    "campaigns": [
        {
            "key": "breakfast",
            "kind": "social",
            "schedule": {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z"},
        }
    ],
}
BOOKS: dict[str, Any] = {
    "programme": {"name": {"en": "Books", "zh": "书店"}},
    "units": [{"key": "pages"}],
    "activity_types": [{"key": "read"}, {"key": "partner.joined"}],
    "rules": [
        {
            "key": "joined",
            "on": ["partner.joined"],
            "effects": [{"points": {"unit": "pages", "amount": 1000}}],
        }
    ],
}
WAY: dict[str, Any] = {
    "isOutgoing": True,
    "unitFrom": "beans",
    "unitTo": "pages",
    "take": 3,
    "give": 2,
    "price": 5,
    "perPoints": 10,
}
BACK: dict[str, Any] = {
    "isOutgoing": False,
    "unitFrom": "pages",
    "unitTo": "beans",
    "take": 1,
    "give": 1,
    "price": 1,
}
JOINT = {"isOutgoing": True, "campaign": "breakfast", "activity": "partner.joined"}


def terms(*ways: dict[str, Any], campaigns: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"ways": list(ways), "campaigns": list(campaigns)}


def proposal(stated: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Beans and pages", "timeZone": "UTC", "currency": "CNY", "terms": stated}


class Partnership:
    """Two programmes, here and there, with an agreement."""

    def __init__(self, here: ProgrammeUnderTest, there: ProgrammeUnderTest, agreement: str) -> None:
        self.here, self.there, self.agreement = here, there, agreement
        self.graphql = GraphQL(here.services)

    async def link(self, name: str = "ann", other: str = "ann-of-books", *, shares: bool = False) -> None:
        """Link a member's two accounts."""
        begun = await self.graphql.done(
            self.here.member_actor(name),
            "createLinkCode",
            {"agreementId": self.agreement, "sharesCampaigns": shares},
            "linkCode",
        )
        await self.graphql.done(
            self.there.member_actor(other),
            "linkPartner",
            {"code": begun["linkCode"], "sharesCampaigns": shares},
        )

    async def fund(self, name: str = "ann", beans: int = 100) -> None:
        """Give a member points here."""
        key = f"{name} {beans} {self.here.clock.now}"
        await self.here.services.points.adjust(
            self.here.operator, self.here.id_of(name), "beans", beans, "r", key
        )

    def stated(self, amount: int, key: str, unit: str = "beans") -> dict[str, Any]:
        return {"agreementId": self.agreement, "unit": unit, "amount": amount, "idempotencyKey": key}

    async def exchange(self, amount: int, key: str = "k", name: str = "ann") -> Any:
        """What an exchange answers."""
        return await self.graphql.mutate(
            self.here.member_actor(name),
            "exchangePoints",
            self.stated(amount, key),
            "given replayed transfer { id amount kind cause { agreementId } } balance { active }",
        )

    async def at_once(self, *amounts: int) -> list[Any]:
        """Exchanges that run at once."""
        return list(
            await asyncio.gather(*(self.exchange(one, f"at once {n}") for n, one in enumerate(amounts)))
        )


async def partnered(programme: MakeProgramme, *ways: dict[str, Any], joint: bool = False) -> Partnership:
    """Both consent, and Ann has an account in each."""
    here, there = await programme(COFFEE), await programme(BOOKS)
    for name in ("ann", "bob"):
        await here.join(name)
        await there.join(f"{name}-of-books")
    graphql = GraphQL(here.services)
    stated = proposal(terms(*(ways or (WAY,)), campaigns=(JOINT,) if joint else ()))
    proposed = await graphql.done(here.operator, "proposeAgreement", stated, "proposalCode agreement { id }")
    await graphql.done(there.operator, "acceptAgreement", {"code": proposed["proposalCode"]})
    return Partnership(here, there, proposed["agreement"]["id"])


def missing_agreement() -> str:
    return encode_id("PartnerAgreement", bytes(12))


PARTNERED: dict[str, dict[str, str]] = {}
"""By programme: ids of agreements (`active`; `offered`, whose other side offers terms) and codes (`proposal`; `link of ann` and `link of bob`: of
the first and the second member)."""


async def partnered_up(club: ProgrammeUnderTest, *names: str) -> None:
    """Give a programme a partner, to whom these members are linked, and an exchange of the first one's."""
    there = ProgrammeUnderTest(f"{club.key}-partner", club.services, club.clock)
    await there.apply({**BOOKS, "units": [{"key": "pages"}, {"key": "notes"}]})
    graphql, found = GraphQL(club.services), PARTNERED.setdefault(club.key, {})
    stated = proposal(terms(POINTS, PAGES, campaigns=(FESTIVAL,)))
    for label in ("active", "offered"):
        made = await graphql.done(club.operator, "proposeAgreement", stated, "proposalCode agreement { id }")
        await graphql.done(there.operator, "acceptAgreement", {"code": made["proposalCode"]})
        found[label] = made["agreement"]["id"]
    on = {"agreementId": found["active"]}
    for name, place in zip(names, ("ann", "bob"), strict=False):
        await there.join(name)
        code = await graphql.done(there.member_actor(name), "createLinkCode", on, "linkCode")
        linked = {"memberId": encode_id("Member", club.id_of(name)), "code": code["linkCode"]}
        await graphql.done(club.service, "linkPartner", linked)
        code = await graphql.done(
            there.member_actor(name), "createLinkCode", {"agreementId": found["offered"]}, "linkCode"
        )
        found[f"link of {place}"] = code["linkCode"]
    offered = terms({**POINTS, "isOutgoing": False, "give": 5})
    await graphql.done(there.operator, "offerTerms", {"agreementId": found["offered"], "terms": offered})
    back = proposal(terms({**POINTS, "unitFrom": "notes", "unitTo": "points"}))
    made = await graphql.done(there.operator, "proposeAgreement", back, "proposalCode")
    found["proposal"] = made["proposalCode"]
    exchanged = {"agreementId": found["active"], "unit": "points", "amount": 1, "idempotencyKey": "partner"}
    mine = {"memberId": encode_id("Member", club.id_of(names[0])), **exchanged}
    await graphql.done(club.service, "exchangePoints", mine)


POINTS: dict[str, Any] = {
    "isOutgoing": True,
    "unitFrom": "points",
    "unitTo": "pages",
    "take": 1,
    "give": 2,
    "perMember": 1000,
    "inAll": 100000,
    "price": 1,
}
PAGES: dict[str, Any] = {"isOutgoing": False, "unitFrom": "pages", "unitTo": "gems", "take": 1, "give": 1}
FESTIVAL = {"isOutgoing": True, "campaign": "festival", "activity": "partner.joined"}


def is_partnered(club: ProgrammeUnderTest) -> bool:
    return club.key in PARTNERED


def agreement_gid(club: ProgrammeUnderTest, label: str = "active") -> str:
    """The global id of an agreement of `partnered_up`."""
    return PARTNERED[club.key][label]


def offered_terms() -> dict[str, Any]:
    """What the partner offers, as this programme sees it."""
    return terms({**POINTS, "give": 5})


def partner_code(club: ProgrammeUnderTest, label: str = "proposal") -> str:
    """A code of `partnered_up`."""
    return PARTNERED[club.key][label]
