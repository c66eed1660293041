"""Giving a list of rewards and taking it back: the one way for all that rewards, pure operations on a workspace.

What was given is kept, as applied, with whatever it was given for, so that exactly that can be taken back.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from gamification.checkins.model import LostItems
from gamification.kit.causes import Cause
from gamification.kit.records import record
from gamification.leaderboards.model import Contribution
from gamification.ledger.model import Transfer
from gamification.members.model import Member
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Reward
from gamification.rewards.shelf import Lost
from gamification.settlement.check_ins import add_items
from gamification.settlement.issuing import give
from gamification.settlement.taking_back import take_back_points
from gamification.settlement.workspace import Given, Workspace


@record(frozen=True, slots=True)
class Grounds:
    """Why rewards are given: the `cause` that is kept with each, and the `ground` that awards stand on.
    `occurrence` is what a repeatable badge is awarded for; `at` decides the periods of boards."""

    cause: Cause
    ground: str
    occurrence: str
    at: datetime


@record(frozen=True, slots=True)
class Gift:
    """What rewards gave, as applied: ids of transfers and awards, and what was written to boards."""

    transfers: tuple[bytes, ...] = ()
    scores: tuple[Contribution, ...] = ()
    awards: tuple[bytes, ...] = ()
    redemptions: tuple[bytes, ...] = ()
    items: tuple[bytes, ...] = ()


def give_rewards(
    space: Workspace,
    member: Member,
    rewards: Sequence[Reward],
    grounds: Grounds,
    transfer_id: Callable[[int], bytes],
) -> Gift:
    """Give each reward whose target is published. `transfer_id` derives the id of the reward at an index, so that
    it can't be given twice. Raises: InvalidInput (NOT_EXACT)."""
    given, awards, redemptions, items = Given(), [], [], list[bytes]()
    catalogue = space.catalogue
    for index, part in enumerate(rewards):
        if part.points and published(catalogue.units[part.points.unit]):
            space.post(
                member,
                part.points.unit,
                part.points.amount,
                transfer_id(index),
                grounds.cause,
                grounds.at,
                given,
                boards=part.points.boards,
                budgets=part.points.budgets,
            )
        elif part.award and published(catalogue.badges[part.award.badge]):
            award, _ = space.award(
                member,
                part.award.badge,
                grounds.occurrence,
                grounds.ground,
                part.award.level or 0,
                grounds.cause,
                grounds.at,
            )
            awards.append(award.id)
        elif part.score and published(catalogue.leaderboards[part.score.board]):
            board = catalogue.leaderboards[part.score.board]
            space.score(member, board, part.score.value, 0, grounds.at, given)
        elif part.reward and published(catalogue.rewards[part.reward.reward]):
            reward = catalogue.rewards[part.reward.reward]
            issued = give(space, member, reward, transfer_id(index), grounds.ground, grounds.cause)
            redemptions.append(issued.id)
        elif part.check_in_item and published(catalogue.check_ins[part.check_in_item.check_in]):
            stated = part.check_in_item
            entry = add_items(
                space,
                member,
                catalogue.check_ins[stated.check_in],
                stated.item,
                stated.count,
                transfer_id(index),
                grounds.cause,
                grounds.ground,
            )
            items += [entry.id] if entry else []
    return Gift(tuple(given.transfers), tuple(given.scores), tuple(awards), tuple(redemptions), tuple(items))


def take_back_rewards(
    space: Workspace, member: Member, gift: Gift, ground: str, cause: Cause, keep: Iterable[bytes] = ()
) -> None:
    """Take a gift back; its transfers must be among the loaded ones, its awards loaded. Awards and redemptions
    in `keep` have the ground anew. Rewards of the catalogue are taken back when the unit of work is written. Boards are recomputed by the caller, from what still stands."""
    known = {transfer.id: transfer for transfer in (*space.loaded_transfers, *space.transfers)}
    for transfer_id in gift.transfers:
        take_back(space, member, known[transfer_id], cause)
    kept = set(keep)
    for award in list(space.awards.values()):
        if ground in award.grounds and award.id not in kept:
            space.withdraw(award, ground, cause)
    if space.catalogue.document.rewards:
        space.shelf.lost.append(Lost(member.id, ground, cause, frozenset(kept)))
    if space.catalogue.document.check_ins:
        space.lost_items.append(LostItems(member.id, ground, cause, frozenset(kept)))
    for score in gift.scores:
        space.stale.add((member.id, score.board, score.period))


def take_back(
    space: Workspace, member: Member, transfer: Transfer, cause: Cause, *, given: Given | None = None
) -> Transfer | None:
    """Post the opposite of a transfer, as applied; where the floor is in the way, the shortfall is recorded. What was
    pending at first is taken from where it is now."""
    return take_back_points(space, member, transfer, cause, given or Given())
