"""The catalogue of `CLUB`, and a member who has one of everything in it."""

from typing import Any

from gamification.flashsale.model import reservation_id
from gamification.kit.identifiers import derived_id
from gamification.rewards.model import RedemptionStatus
from tests.support import ProgrammeUnderTest

_ALWAYS = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z"}
REWARDS: list[dict[str, Any]] = [
    {
        "key": "tenner",
        "name": {"en": "Ten off", "zh": "减十元"},
        "description": {"en": "A reward"},
        "terms_text": {"en": "The small print"},
        "image_url": "https://pictures.example/reward",
        "coupon": {"currency": "CNY", "off": 1000, "minimum": 5000, "lasts": "P30D", "category": "cash"},
        "price": {"unit": "points", "amount": 1},
        "stock": 1000,
        "caps": [{"count": 100}],
        **_ALWAYS,
    },
    {
        "key": "fifth",
        "coupon": {"currency": "CNY", "percent": 20, "off_max": 100, "until": "2100-01-01T00:00:00Z"},
    },
    {"key": "tea", "coupon": {"free_item": "TEA", "codes": {"source": "imported"}}},
    {"key": "parcel", "goods": {}, "price": {"unit": "points", "amount": 1}},
    {"key": "luck", "red_packet": {"currency": "CNY", "total": 1000, "shares": 10, "minimum": 5}},
    {
        "key": "lounge",
        "privilege": {"flag": "lounge", "lasts": "P7D"},
        "tier": {"ladder": "club", "least": "basic"},
    },
    {"key": "spin", "ticket": {"unit": "gems", "count": 2}},
    {"key": "beta", "privilege": {"flag": "beta", "until": "2100-01-01T00:00:00Z"}},
    {"key": "letter", "content": {"text": {"en": "A letter"}, "url": "https://club.example/letter"}},
]
SALES: list[dict[str, Any]] = [
    {
        "key": "rush",
        "description": {"en": "A sale"},
        "reward": "parcel",
        "stock": 100,
        "per_member": 3,
        "reserve": "PT1H",
        "price": {"unit": "points", "amount": 1},
        **_ALWAYS,
    }
]
TEA = {"ann": "TEA-FOR-ANN", "bob": "TEA-FOR-BOB"}


def redemption_of(club: ProgrammeUnderTest, name: str, reward: str) -> bytes:
    """The id of what `rewarded` redeemed."""
    return derived_id("redemption", club.key, club.service.role, club.service.subject, f"{reward}-{name}")


def reservation_of(club: ProgrammeUnderTest, name: str) -> bytes:
    """The id of what `rewarded` reserved."""
    claim = derived_id("claim", club.key, club.service.role, club.service.subject, f"rush-{name}").hex()
    return reservation_id(club.key, "rush", claim)


async def redeemed(club: ProgrammeUnderTest, name: str, reward: str, deliver_to: str | None = None) -> bytes:
    """Redeem a reward for a member; its id."""
    redemption, _ = await club.services.redemptions.redeem(
        club.service, club.id_of(name), reward, deliver_to, f"{reward}-{name}"
    )
    return redemption.id


async def reserved(club: ProgrammeUnderTest, name: str) -> bytes:
    """Reserve a piece of the sale for a member; the reservation's id."""
    reservation, _ = await club.services.flash_claims.reserve(
        club.service, club.id_of(name), "rush", f"rush-{name}"
    )
    return reservation.id


async def rewarded(club: ProgrammeUnderTest, name: str) -> None:
    """One of everything for a member, with every text of theirs."""
    services = club.services
    for reward in ("tenner", "luck", "lounge", "beta", "letter", "spin"):
        await redeemed(club, name, reward)
    parcel = await redeemed(club, name, "parcel", "secret-address")
    shipped = (RedemptionStatus.SHIPPED, "secret-note", "secret-parcel")
    await services.redemptions.advance(club.operator, parcel, *shipped, f"shipping-{name}")
    bought = await reserved(club, name)
    await services.flash_claims.buy(club.service, bought, "secret-address", f"buying-{name}")
    await services.rewards.wish(club.member_actor(name), "tenner", wished=True)
