"""Moving scores: where only the merged account has one it is the survivor's as it is, closed standings too; where both
have, what both did is folded anew by the board's operator, and the merged one's is shown no more."""

from collections.abc import Mapping

from gamification.kit.records import evolve
from gamification.leaderboards.model import Final, Record, record_id
from gamification.members.model import Member
from gamification.settlement.needs import Needs
from gamification.settlement.unit import Unit


async def move_records(
    work: Unit, merged: Member, into: Member, awards: Mapping[bytes, bytes]
) -> tuple[int, bool]:
    """How many, and whether both have a place in standings that are final. Scores to be folded anew are left `stale`."""
    space = work.space
    found = await work.stores.records.of_member(merged.programme_id, merged.id, work.tx)
    theirs = {one.id: record_id(into.programme_id, one.board, one.period, into.id) for one in found}
    await work.load(Needs(records={*theirs, *theirs.values()}))
    both_final = False
    for one in found:
        known = space.records.get(theirs[one.id])
        if known is None:
            _take_over(work, one, theirs[one.id], into, awards)
            continue
        both_final = both_final or (one.final is not None and known.final is not None)
        # What is final was so with it: the place stays in the standings, shown to nobody.
        is_final = one.final is not None or one.group_final is not None
        frozen = one.ranked if is_final else None
        space.put_record(
            evolve(
                one,
                standing=None,
                frozen=frozen,
                listed=False,
                alias=None,
                attempts=0,
                version=space.sequence,
            )
        )
        space.put_record(evolve(known, granted=known.granted + one.granted, version=space.sequence))
        space.stale.add((into.id, one.board, one.period))
    return len(found), both_final


def _take_over(work: Unit, one: Record, found: bytes, into: Member, awards: Mapping[bytes, bytes]) -> None:
    """The whole record, with its final place and what that won, is the survivor's; the old one is empty."""
    space = work.space
    space.put_record(
        evolve(
            one,
            id=found,
            member_id=into.id,
            listed=into.is_listed,
            alias=into.alias,
            final=_final(one.final, awards),
            group_final=_final(one.group_final, awards),
            version=space.sequence,
        )
    )
    space.put_record(
        evolve(
            one,
            standing=None,
            frozen=None,
            final=None,
            group_final=None,
            listed=False,
            alias=None,
            attempts=0,
            granted=0,
            version=space.sequence,
        )
    )


def _final(final: Final | None, awards: Mapping[bytes, bytes]) -> Final | None:
    if final is None:
        return None
    return evolve(final, awards=tuple(awards.get(one, one) for one in final.awards))
