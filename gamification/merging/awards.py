"""Moving badges and collections of badges: each is the survivor's, on the grounds of both."""

from collections.abc import Callable, Mapping

from gamification.badges.awarding import Outcome
from gamification.badges.model import BadgeAward, CollectionState, award_id, collection_id
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.merging import uniting
from gamification.merging.repository import MergeRepository
from gamification.settlement.needs import Needs
from gamification.settlement.unit import Unit

Renamed = Mapping[str, str]
"""New names of grounds, by the old ones: those that have an id in them which is another's now."""


async def move_awards(
    work: Unit, stored: MergeRepository, merged: Member, into: Member, renamed: Renamed
) -> dict[bytes, bytes]:
    """Make the merged account's awards the survivor's; the ids that they have now by those they had."""
    space = work.space
    ids = await stored.ids("badge_awards", {"member_id": merged.id}, work.tx)
    await work.load(Needs(awards=set(ids)))
    found = [space.awards.pop(one) for one in ids]
    new_ids = {one.id: award_id(into.programme_id, into.id, one.badge, one.occurrence) for one in found}
    await stored.delete("badge_awards", ids, work.tx)
    await stored.credentials(ids, work.tx)
    await work.load(Needs(awards=set(new_ids.values())))
    for one in found:
        theirs = evolve(one, id=new_ids[one.id], member_id=into.id, grounds=_renamed(one, renamed))
        known = space.awards.get(theirs.id)
        space.put_award(
            theirs if known is None else uniting.awards(known, theirs, space.now), Outcome.UNCHANGED
        )
        space.award_changes.add((into.id, one.badge))
    return new_ids


async def move_collections(
    work: Unit, stored: MergeRepository, merged: Member, into: Member, awards: Mapping[bytes, bytes]
) -> None:
    """Make completed collections the survivor's. Those that both together complete are completed as the transaction is
    written."""
    space = work.space
    await work.load_collections([merged.id, into.id])
    mine = [state for state in space.collections.values() if state.member_id == merged.id]
    for state in mine:
        del space.collections[state.id]
        found = collection_id(into.programme_id, into.id, state.collection)
        theirs = evolve(
            state,
            id=found,
            member_id=into.id,
            awards=tuple(awards.get(one, one) for one in state.awards),
        )
        known = space.collections.get(found)
        space.put_collection(theirs if known is None else uniting.collections(known, theirs))
    await stored.delete("badge_collections", [state.id for state in mine], work.tx)


async def grounds_of_collections(
    work: Unit, merged: Member, into: Member, name: Callable[[bytes], str]
) -> dict[str, str]:
    """The new names of what collections gave."""
    states: dict[bytes, CollectionState] = await work.stores.collections.of_members([merged.id], work.tx)
    return {
        name(state.id): name(collection_id(into.programme_id, into.id, state.collection))
        for state in states.values()
    }


async def reground(work: Unit, awards: list[bytes], old: str, new: str) -> None:
    """Let awards, of whomever, stand on a ground's new name."""
    await work.load(Needs(awards=set(awards)))
    for found in awards:
        award = work.space.awards.get(found)
        if award is not None and old in award.grounds:
            grounds = _renamed(award, {old: new})
            work.space.put_award(evolve(award, grounds=grounds), Outcome.UNCHANGED)
            work.space.touched.add(award.member_id)


def _renamed(award: BadgeAward, renamed: Renamed) -> dict[str, int]:
    return {renamed.get(ground, ground): level for ground, level in award.grounds.items()}
