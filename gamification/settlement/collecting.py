"""Completing collections of badges, and taking a completion back: a function of the awards that stand.

Looked at once for all awards that a transaction changed, just before it is written; what a reward awards is looked at in
turn. Reward ids are derived from the state and the number of the completion, so a reward can't be given twice.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gamification.badges.model import BadgeAward, CollectionState, award_id, collection_id
from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Collection
from gamification.settlement.giving import Gift, Grounds, give_rewards, take_back_rewards
from gamification.settlement.needs import Needs, NeedsFinder
from gamification.settlement.workspace import Workspace

if TYPE_CHECKING:
    from gamification.settlement.unit import Unit


async def collect(work: "Unit") -> None:
    """Bring the collections of every member whose awards changed in line with what they hold."""
    space = work.space
    while changed := _collectable(space):
        member_ids = sorted({member_id for member_id, _ in changed})
        await work.load_collections(member_ids)
        members = await work.stores.members.by_ids(space.catalogue.programme_id, member_ids, work.tx)
        due = [(members[member_id], collection) for member_id, collection in sorted(_due(space, changed))]
        await work.load(Needs(awards={found for member, key in due for found in _parts(space, member, key)}))
        broken = [state for member, key in due if (state := _broken(space, member, key)) is not None]
        await _load_given(work, broken)
        finder = NeedsFinder(space.catalogue)
        completing = [
            (member, space.catalogue.collections[key])
            for member, key in due
            if _completes(space, member, key)
        ]
        for member, collection in completing:
            last = _last(space, member.id, collection)
            finder.add_rewards(member, last.awarded_at, collection.reward, "")
        await work.load(finder.needs)
        for state in broken:
            _break(space, members[state.member_id], state)
        for member, collection in completing:
            _complete(space, member, collection)


def grounds_of(state_id: bytes) -> str:
    """The ground on which a collection's reward stands."""
    return f"collection:{state_id.hex()}"


def _collectable(space: Workspace) -> set[tuple[bytes, str]]:
    """The (member, badge)s that were awarded or revoked since this was last asked, where the programme has
    collections at all."""
    changed, space.award_changes = space.award_changes, set()
    return changed if space.catalogue.document.collections else set()


def _due(space: Workspace, changed: Iterable[tuple[bytes, str]]) -> set[tuple[bytes, str]]:
    """The (member, collection)s to look at: those that have the badge now, and those completed by it."""
    catalogue = space.catalogue
    due = {
        (member_id, collection.key)
        for member_id, badge in changed
        for collection in catalogue.collected.get(badge, ())
    }
    changed = set(changed)
    for state in space.collections.values():
        if state.is_complete and any((state.member_id, badge) in changed for badge in state.badges):
            due.add((state.member_id, state.collection))
    return due


def _state(space: Workspace, member: Member, key: str) -> CollectionState | None:
    return space.collections.get(collection_id(space.catalogue.programme_id, member.id, key))


def _parts(space: Workspace, member: Member, key: str) -> list[bytes]:
    """The awards that decide on it."""
    state, collection = _state(space, member, key), space.catalogue.collections.get(key)
    badges = {*(state.badges if state else ()), *(collection.badges if collection else ())}
    return [award_id(space.catalogue.programme_id, member.id, badge, "") for badge in badges]


def _holds_all(space: Workspace, member_id: bytes, badges: Iterable[str]) -> bool:
    awards = (
        space.awards.get(award_id(space.catalogue.programme_id, member_id, badge, "")) for badge in badges
    )
    return all(award is not None and award.stands for award in awards)


def _broken(space: Workspace, member: Member, key: str) -> CollectionState | None:
    """The completion that does not hold any more."""
    state = _state(space, member, key)
    if state is None or not state.is_complete or _holds_all(space, member.id, state.badges):
        return None
    return state


def _completes(space: Workspace, member: Member, key: str) -> bool:
    state, collection = _state(space, member, key), space.catalogue.collections.get(key)
    if collection is None or not published(collection) or (state is not None and state.is_complete):
        return False
    return _holds_all(space, member.id, collection.badges)


def _last(space: Workspace, member_id: bytes, collection: Collection) -> BadgeAward:
    """The award that completed it."""
    programme_id = space.catalogue.programme_id
    parts = [space.awards[award_id(programme_id, member_id, key, "")] for key in collection.badges]
    return max(parts, key=lambda award: (award.awarded_at, award.sequence))


async def _load_given(work: "Unit", broken: Iterable[CollectionState]) -> None:
    """What these completions gave, as applied, with the states that taking it back touches."""
    await work.load_transfers([transfer for state in broken for transfer in state.transfers])
    await work.load(Needs(awards={award for state in broken for award in state.awards}))


def _complete(space: Workspace, member: Member, collection: Collection) -> None:
    catalogue = space.catalogue
    found = collection_id(catalogue.programme_id, member.id, collection.key)
    state = space.collections.get(found) or CollectionState(
        found, catalogue.programme_id, member.id, collection.key, collection.version
    )
    last = _last(space, member.id, collection)
    because = evolve(last.cause, collection=collection.key, programme_version=catalogue.version)
    completion = state.completions + 1
    gift = give_rewards(
        space,
        member,
        collection.reward,
        Grounds(because, grounds_of(found), "", last.awarded_at),
        lambda index: derived_id("collected", found, completion, index),
    )
    done = evolve(
        state,
        version=collection.version,
        badges=collection.badges,
        completions=completion,
        completed_at=last.awarded_at,
        cause=because,
        transfers=gift.transfers,
        awards=gift.awards,
    )
    _put(space, done, FeedKind.COLLECTION_COMPLETED)


def _break(space: Workspace, member: Member, state: CollectionState) -> None:
    """Take the reward back, for the reason for which the badge was."""
    because = evolve(_why(space, state), collection=state.collection)
    gift = Gift(state.transfers, (), state.awards)
    take_back_rewards(space, member, gift, grounds_of(state.id), because)
    open_again = evolve(state, badges=(), completed_at=None, cause=None, transfers=(), awards=())
    _put(space, open_again, FeedKind.COLLECTION_BROKEN)


def _why(space: Workspace, state: CollectionState) -> Cause:
    """The revocation of the badge that it broke with."""
    for badge in state.badges:
        award = space.awards.get(award_id(state.programme_id, state.member_id, badge, ""))
        if award is not None and award.revocation is not None:
            return award.revocation
    return Cause(programme_version=space.catalogue.version)


def _put(space: Workspace, state: CollectionState, kind: FeedKind) -> None:
    space.put_collection(evolve(state, sequence=space.sequence))
    space.tell(state.member_id, kind, {"collection": state.collection})
