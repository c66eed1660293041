"""Totals of campaigns are what their members come to, whatever changes in whatever order, and are read without reading these."""

import asyncio
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gamification.campaigning.model import ArmTotals, Brought, CampaignMember, Stage, campaign_member_id
from gamification.campaigning.repository import CampaignMemberRepository
from gamification.campaigning.totals import Change, changed, nothing, place_of, together
from gamification.kit.records import evolve
from storage.mongo import Mongo
from tests.conftest import MakeProgramme

AT = datetime(2026, 3, 1, tzinfo=UTC)
counts = st.integers(0, 3)
kept = st.dictionaries(st.sampled_from(["points", "gems"]), st.integers(1, 50), max_size=2)
brought = st.builds(
    Brought,
    participations=counts,
    conversions=counts,
    spend=st.integers(-(10**9), 10**12),
    points=kept,
    rewards=kept,
    cost=st.integers(0, 10**6),
)


def member(number: int, variant: str, what: Brought, *stages: Stage, programme: str = "p") -> CampaignMember:
    member_id = number.to_bytes(12, "big")
    found = campaign_member_id(programme, "spring", "once", member_id)
    return CampaignMember(found, programme, "spring", "once", member_id, variant, AT, stages, what)


noted = st.builds(
    lambda number, variant, what, told: member(number, variant, what, *([Stage.STARTS] if told else [])),
    st.integers(0, 4),
    st.sampled_from(["", "a", "holdout"]),
    brought,
    st.booleans(),
)


def plainly(members: list[CampaignMember], variant: str) -> ArmTotals:
    """Added up in another way."""
    of = [one for one in members if one.variant == variant]
    spends = [one.brought.spend for one in of]

    def keyed(name: str) -> dict[str, int]:
        keys = sorted({key for one in of for key in getattr(one.brought, name)})
        return {key: sum(getattr(one.brought, name).get(key, 0) for one in of) for key in keys}

    return ArmTotals(
        variant,
        len(of),
        len([one for one in of if one.stages]),
        len([one for one in of if one.brought.participations]),
        len([one for one in of if one.brought.conversions]),
        sum(spends),
        sum(one * one for one in spends),
        sum(one * one * one for one in spends),
        keyed("points"),
        keyed("rewards"),
        sum(one.brought.cost for one in of),
    )


@given(st.lists(st.tuples(st.integers(0, 4), st.one_of(st.none(), noted)), max_size=30))
def test_totals_follow_every_change(steps: list[tuple[int, CampaignMember | None]]) -> None:
    there: dict[int, CampaignMember] = {}
    totals: dict[tuple[str, str, str], ArmTotals] = {}
    for number, after in steps:
        change: Change = (there.pop(number, None), after)
        if after is not None:
            there[number] = after
        totals |= changed(totals, [change])

    members = list(there.values())
    for variant in ("", "a", "holdout"):
        found = totals.get(("spring", "once", variant), nothing(variant))
        assert found == plainly(members, variant)


@given(st.lists(noted, max_size=12), st.lists(noted, max_size=12))
def test_times_are_added_to_each_other(first: list[CampaignMember], second: list[CampaignMember]) -> None:
    parts = [plainly(first, "a"), plainly(second, "a")]

    assert together("a", parts) == plainly([*first, *second], "a")


async def test_sums_of_a_million_large_purchases_are_exact(programme: MakeProgramme, mongo: Mongo) -> None:
    key = (await programme()).key
    repository, spend = CampaignMemberRepository(mongo), 10**12 + 1
    large = Brought(conversions=1, spend=spend)
    members = [member(number, "", large, programme=key) for number in range(3)]

    await mongo.transaction(lambda tx: repository.save(members, tx))

    (found,) = await repository.totals(key, "spring", None)
    assert (found.members, found.squares, found.cubes) == (3, 3 * spend**2, 3 * spend**3)
    assert found.cubes > 2**64


async def test_who_writes_at_once_is_counted_once(programme: MakeProgramme, mongo: Mongo) -> None:
    key = (await programme()).key
    repository = CampaignMemberRepository(mongo)

    async def note(number: int, spend: int) -> None:
        one = member(number, "a", Brought(conversions=1, spend=spend), Stage.STARTS, programme=key)
        await mongo.transaction(lambda tx: repository.save([one], tx))

    # Each of twelve members three times, all at once.
    await asyncio.gather(*(note(number, 100) for number in range(12) for _ in range(3)))

    (found,) = await repository.totals(key, "spring", "once")
    assert (found.members, found.reached, found.spend) == (12, 12, 1200)
    members = [one async for one in repository.stream(key)]
    assert found == plainly(members, "a")


async def test_a_report_reads_no_members(programme: MakeProgramme, mongo: Mongo) -> None:
    key = (await programme()).key
    repository = CampaignMemberRepository(mongo)
    members = [
        member(number, "a" if number % 2 else "holdout", Brought(), programme=key) for number in range(400)
    ]
    await mongo.transaction(lambda tx: repository.save(members, tx))

    query = {"programme_id": key, "campaign": "spring"}
    plan = await mongo.collection("campaign_totals").find(query).explain()

    assert plan["executionStats"]["totalDocsExamined"] == 2
    assert [one.members for one in await repository.totals(key, "spring", None)] == [200, 200]


async def test_a_merged_account_is_counted_as_the_survivor(programme: MakeProgramme, mongo: Mongo) -> None:
    key = (await programme()).key
    repository = CampaignMemberRepository(mongo)
    heir = member(1, "a", Brought(spend=5), Stage.STARTS, programme=key)
    both = member(2, "holdout", Brought(spend=7), Stage.WARM_UP, programme=key)
    alone = member(2, "b", Brought(spend=9), programme=key)
    alone = evolve(alone, occurrence="later", id=campaign_member_id(key, "spring", "later", alone.member_id))
    await mongo.transaction(lambda tx: repository.save([heir, both, alone], tx))

    await mongo.transaction(lambda tx: repository.hand_over(key, both.member_id, heir.member_id, tx))

    found = {one.variant: one for one in await repository.totals(key, "spring", None)}
    assert {variant: (one.members, one.reached, one.spend) for variant, one in found.items()} == {
        "a": (1, 1, 7),
        "b": (1, 0, 9),
    }
    stored = [one async for one in repository.stream(key)]
    assert {one.member_id for one in stored} == {heir.member_id}
    (once,) = (one for one in stored if one.occurrence == "once")
    assert (once.variant, once.stages, place_of(once)) == (
        "a",
        (Stage.STARTS, Stage.WARM_UP),
        ("spring", "once", "a"),
    )
