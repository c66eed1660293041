"""Rewards: what the member can redeem at this moment with the points they have."""

from collections.abc import Mapping, Sequence

from community.recommendations.model import Code, Kind
from community.recommendations.sources import Offer, Person
from community.recommendations.wording import Reason
from community.spaces.service import as_member
from gamification.ledger.model import Account, Lot
from gamification.ledger.repository import LedgerRepository
from gamification.members.facts import member_facts
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import CatalogueReward
from gamification.programmes.gating import lets_in
from gamification.rewards.limits import caps_of
from gamification.rewards.repository import RewardRepository
from gamification.rewards.service import RewardService
from gamification.tiers.service import TierService

SOON_DAYS = 30
"""Points that lapse so soon are a reason to spend them."""


class RewardSource:
    """Of the programme's rewards all are looked at: by the same gates, stocks and caps as redeeming looks at."""

    kind = Kind.REWARD

    def __init__(
        self,
        rewards: RewardService,
        repository: RewardRepository,
        ledger: LedgerRepository,
        tiers: TierService,
    ) -> None:
        self._rewards = rewards
        self._repository = repository
        self._ledger = ledger
        self._tiers = tiers

    async def offers(self, person: Person, items: Sequence[str]) -> Mapping[str, Offer]:
        """Those that can be redeemed now."""
        member, catalogue = person.member, person.catalogue
        open_now = [
            one
            for one in catalogue.document.rewards
            if published(one) and one.redeemable and one.is_open(person.now)
        ]
        if not open_now:
            return {}
        is_tiered = any(one.tier is not None for one in open_now)
        tiers = await self._held(person) if is_tiered else {}
        facts = member_facts(member)
        accounts = {
            one.unit: one for one in await self._ledger.accounts_of(catalogue.programme_id, [member.id])
        }
        able = [
            one
            for one in open_now
            if lets_in(catalogue, one, facts, tiers) and _affords(person, accounts, one)
        ]
        able = await self._left(person, able)
        wished = (await self._rewards.wishes(as_member(member), [member]))[member.id]
        on_list = {one.key for one in wished}
        return {one.key: _offer(person, accounts, one, is_wished=one.key in on_list) for one in able}

    async def names(self, person: Person, items: Sequence[str]) -> Mapping[str, str]:
        """The catalogue is everybody's to see."""
        rewards = person.catalogue.rewards
        return {
            key: person.label(rewards[key]) for key in items if key in rewards and published(rewards[key])
        }

    async def _held(self, person: Person) -> dict[str, str | None]:
        standings = await self._tiers.standings(as_member(person.member), [person.member])
        return {one.ladder.key: one.state.tier for one in standings[person.member.id]}

    async def _left(self, person: Person, able: Sequence[CatalogueReward]) -> list[CatalogueReward]:
        """Those of which there are some left, and that the member and all together may redeem once more."""
        zone, programme = person.catalogue.settings.time_zone, person.catalogue.programme_id
        left = await self._rewards.left(as_member(person.member), [one.key for one in able])
        bounds = {one.key: caps_of(programme, one, person.member.id, person.now, zone) for one in able}
        tallies = await self._repository.tallies(
            {bound.tally.id for some in bounds.values() for bound in some}
        )
        return [
            one
            for one in able
            if left.get(one.key, 1) > 0
            and all(tallies.get(bound.tally.id, bound.tally).taken < bound.limit for bound in bounds[one.key])
        ]


def _standing(person: Person, account: Account) -> list[Lot]:
    """The lots that have not lapsed, whoever has taken away yet those that have."""
    return [one for one in account.lots if one.expires_at is None or one.expires_at > person.now]


def _affords(person: Person, accounts: Mapping[str, Account], reward: CatalogueReward) -> bool:
    if reward.price is None:
        return True
    account, unit = accounts.get(reward.price.unit), person.catalogue.units.get(reward.price.unit)
    if account is None or unit is None:
        return False
    lapsed = sum(one.amount for one in account.lots) - sum(one.amount for one in _standing(person, account))
    return account.active - lapsed - unit.spending_floor >= reward.price.amount


def _offer(
    person: Person, accounts: Mapping[str, Account], reward: CatalogueReward, *, is_wished: bool
) -> Offer:
    plain = Reason(Code.AFFORDABLE, {})
    price = reward.price
    if is_wished:
        return Offer(reward, Reason(Code.WISHED, {}), 1.0, plain)
    if price is not None:
        lots = [one for one in _standing(person, accounts[price.unit]) if one.expires_at is not None]
        if lots and (lots[0].expires_at - person.now).days < SOON_DAYS:  # type: ignore[operator]
            values = {
                "points": lots[0].amount,
                "unit": person.label(person.catalogue.units[price.unit]),
                "lapses_at": lots[0].expires_at,
                "price": price.amount,
            }
            return Offer(reward, Reason(Code.POINTS_LAPSE, values), 0.7, plain)
    return Offer(reward, plain=plain)
