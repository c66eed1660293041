"""Reading the catalogue and redemptions, wish lists, and filling pools of codes. What issues is in `settlement/`."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput, LimitExceeded, NotFound
from gamification.members.model import Member
from gamification.members.service import MemberService, may_see_private
from gamification.programmes.definitions import CatalogueReward, CodeSource, Status
from gamification.programmes.service import ProgrammeService
from gamification.rewards.limits import STOCK, stock_of
from gamification.rewards.model import (
    Coupon,
    CouponState,
    Redemption,
    RedemptionStatus,
    coupon_id,
    normalised,
)
from gamification.rewards.repository import RewardRepository
from gamification.rewards.wishes import WISHES_MAX, WishRepository
from storage.paging import Page, Window

CODES_MAX = 1000
CODE_LENGTH_LEAST = 6
CODE_LENGTH_MAX = 100


class RewardService:
    """The catalogue is open to everyone signed in; redemptions, privileges and wishes to the member, staff and services;
    a code to its holder alone."""

    def __init__(
        self,
        repository: RewardRepository,
        wishes: WishRepository,
        members: MemberService,
        programmes: ProgrammeService,
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._wishes = wishes
        self._members = members
        self._programmes = programmes
        self._now = now

    # -- the catalogue

    async def reward(self, actor: Actor, key: str) -> CatalogueReward | None:
        """A reward by key."""
        found = (await self._programmes.catalogue(actor.programme_id)).rewards.get(key)
        return found if found is not None and _visible(actor, found) else None

    async def rewards(self, actor: Actor) -> list[CatalogueReward]:
        """Every visible reward, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [reward for reward in catalogue.document.rewards if _visible(actor, reward)]

    async def left(self, actor: Actor, keys: Sequence[str]) -> dict[str, int]:
        """How many of each of these rewards are left; absent where nothing bounds them."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        tallies = {
            tally.reward: tally.taken
            for tally in await self._repository.tallies_of(actor.programme_id, keys)
            if tally.scope == STOCK
        }
        found: dict[str, int] = {}
        for key in keys:
            reward = catalogue.rewards[key]
            bounds = []
            if (stock := stock_of(actor.programme_id, reward)) is not None:
                bounds.append(max(stock.limit - tallies.get(key, 0), 0))
            if reward.coupon is not None and reward.coupon.codes.source is CodeSource.IMPORTED:
                bounds.append(await self._repository.pool_size(actor.programme_id, key))
            if bounds:
                found[key] = min(bounds)
        return found

    # -- redemptions

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Redemption]:
        """Redemptions by id, of this programme; whoever shows them looks at whose they are."""
        found = await self._repository.by_ids(ids)
        return {key: one for key, one in found.items() if one.programme_id == actor.programme_id}

    async def of_member(
        self, actor: Actor, member: Member, status: RedemptionStatus | None, window: Window
    ) -> Page[Redemption]:
        """A member's redemptions, newest first."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        query: dict[str, Any] = {"member_id": member.id}
        if status is not None:
            query["status"] = status.value
        return await self._repository.page(actor.programme_id, query, window)

    async def with_status(
        self, actor: Actor, status: RedemptionStatus, reward: str | None, window: Window
    ) -> Page[Redemption]:
        """Everybody's redemptions of that status, newest first, for those who fulfil them. Raises: Forbidden."""
        actor.require(Permission.REWARDS_FULFIL)
        query: dict[str, Any] = {"status": status.value}
        if reward is not None:
            query["reward"] = reward
        return await self._repository.page(actor.programme_id, query, window)

    async def coupons(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Coupon]:
        """Coupons by id, of this programme; whoever shows them looks at whose they are."""
        found = await self._repository.coupons(ids)
        return {key: one for key, one in found.items() if one.programme_id == actor.programme_id}

    async def privileges(self, actor: Actor, members: Iterable[Member]) -> dict[bytes, list[Redemption]]:
        """The privileges that these members have now, or will have, by member; nobody's whom the actor may not see."""
        readable = [member.id for member in members if may_see_private(actor, member)]
        found: dict[bytes, list[Redemption]] = {member_id: [] for member_id in readable}
        if readable:
            for one in await self._repository.privileges_of(readable, self._now()):
                found[one.member_id].append(one)
        return found

    # -- wishes

    async def wishes(self, actor: Actor, members: Iterable[Member]) -> dict[bytes, list[CatalogueReward]]:
        """What these members wish for of what is visible, by member."""
        readable = [member.id for member in members if may_see_private(actor, member)]
        found = await self._wishes.of_members(readable) if readable else {}
        rewards = {reward.key: reward for reward in await self.rewards(actor)}
        return {
            member_id: [rewards[key] for key in keys if key in rewards] for member_id, keys in found.items()
        }

    async def wish(self, actor: Actor, key: str, *, wished: bool) -> Member:
        """Put a reward on one's own wish list, or take it off. Raises: NotFound, Conflict where the list is full."""
        member = await self._members.me(actor)
        if member is None:
            raise NotFound("This token is no member's; join first.")
        self._members.refuse_banned(member)
        if not wished:
            await self._wishes.remove(member.id, key)
            return member
        if await self.reward(actor, key) is None:
            raise NotFound(f"There is no reward {key[:100]!r}.", path=["reward"])
        held = (await self._wishes.of_members([member.id]))[member.id]
        if len(held) >= WISHES_MAX and key not in held:
            raise Conflict(
                f"A wish list holds {WISHES_MAX}.", code=ErrorCode.CONFLICT, path=["reward"], limit=WISHES_MAX
            )
        await self._wishes.add(actor.programme_id, member.id, key, self._now())
        return member

    # -- pools of codes

    async def import_codes(
        self, actor: Actor, reward_key: str, codes: Sequence[str]
    ) -> tuple[CatalogueReward, int, int]:
        """Put codes into a coupon's pool: (the reward, how many were new, how many were there already, in whatever pool).
        Importing again changes nothing. Raises: Forbidden, NotFound, InvalidInput, LimitExceeded."""
        actor.require(Permission.COUPONS_IMPORT)
        reward = await self.reward(actor, reward_key)
        if reward is None:
            raise NotFound(f"There is no reward {reward_key[:100]!r}.", path=["reward"])
        if reward.coupon is None or reward.coupon.codes.source is not CodeSource.IMPORTED:
            raise InvalidInput("Its codes are not imported.", path=["reward"])
        if not 0 < len(codes) <= CODES_MAX:
            raise LimitExceeded(f"1 to {CODES_MAX} codes are taken.", path=["codes"], limit=CODES_MAX)
        coupons: dict[bytes, Coupon] = {}
        for index, code in enumerate(codes):
            stated = code.strip()
            if len(stated) > CODE_LENGTH_MAX or len(normalised(stated)) < CODE_LENGTH_LEAST:
                raise InvalidInput(
                    f"A code has {CODE_LENGTH_LEAST} to {CODE_LENGTH_MAX} characters.",
                    path=["codes", str(index)],
                    limit=CODE_LENGTH_MAX,
                )
            found = coupon_id(actor.programme_id, stated)
            made = Coupon(found, actor.programme_id, reward.key, stated, CouponState.AVAILABLE)
            coupons.setdefault(found, made)
        new = await self._repository.add_codes(list(coupons.values()))
        return reward, new, len(codes) - new


def _visible(actor: Actor, reward: CatalogueReward) -> bool:
    return reward.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
