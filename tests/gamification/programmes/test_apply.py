"""Programmes as stored: all or nothing, versioned, changed one definition at a time."""

import asyncio
from typing import Any

import pytest

from gamification.kit.actors import Actor, Role
from gamification.kit.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from gamification.programmes.definitions import Status
from gamification.programmes.document import Problem
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

DOCUMENT: dict[str, Any] = {
    "units": [{"key": "points", "name": {"en": "Points", "zh": "积分"}, "expires_after": "P1Y"}],
    "activity_types": [
        {
            "key": "play",
            "properties": {
                "type": "object",
                "$defs": {"n": {"type": "integer"}},
                "properties": {"v": {"$ref": "#/$defs/n"}, "a.b": {"type": "number"}},
            },
        }
    ],
    "rules": [{"key": "r", "on": ["play"], "effects": [{"points": {"unit": "points", "amount": 5}}]}],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await programme(DOCUMENT, lateness="unlimited", time_zone="Asia/Shanghai")


async def test_is_read_back_as_it_was_stated(club: ProgrammeUnderTest) -> None:
    from community import services as wiring

    stores = club.services.stores
    again = wiring.build(stores.mongo, club.services.rankings._redis, club.clock)

    stored, known = (
        await again.programmes.catalogue(club.key),
        await club.services.programmes.catalogue(club.key),
    )

    assert stored.document == known.document
    assert stored.version == 1
    assert stored.settings.lateness_or_none is None


async def test_the_same_again_makes_no_version(club: ProgrammeUnderTest) -> None:
    applied = await club.apply(DOCUMENT, lateness="unlimited", time_zone="Asia/Shanghai")

    assert (applied.changes, applied.version) == ([], 1)


async def test_a_dry_run_tells_and_changes_nothing(club: ProgrammeUnderTest) -> None:
    document = {"programme": {"key": club.key}, "units": [{"key": "coins"}]}

    applied = await club.services.programmes.apply(club.operator, document, dry_run=True)

    assert {(change.section, change.key, change.kind.value) for change in applied.changes} == {
        ("programme", club.key, "changed"),
        ("units", "coins", "added"),
        ("units", "points", "archived"),
        ("activity_types", "play", "archived"),
        ("rules", "r", "archived"),
    }
    assert applied.version == 2
    assert (await club.services.programmes.catalogue(club.key)).version == 1


async def test_a_fault_anywhere_changes_nothing(club: ProgrammeUnderTest) -> None:
    with pytest.raises(Problem):
        await club.apply(
            {**DOCUMENT, "units": [{"key": "points"}, {"key": "coins"}], "badges": [{"key": "X"}]}
        )

    assert (await club.services.programmes.catalogue(club.key)).version == 1


async def test_past_versions_stay(club: ProgrammeUnderTest) -> None:
    await club.apply({}, lateness="unlimited")
    programmes = club.services.programmes

    old, new = await programmes.catalogue(club.key, 1), await programmes.catalogue(club.key)

    assert (old.rules["r"].status, new.rules["r"].status) == (Status.PUBLISHED, Status.ARCHIVED)
    with pytest.raises(NotFound):
        await programmes.catalogue(club.key, 3)
    with pytest.raises(NotFound):
        await programmes.catalogue("no-such-programme")


async def test_what_is_granted_keeps_the_version_that_granted_it(club: ProgrammeUnderTest) -> None:
    await club.join("ann")
    await club.do("play", "ann")
    changed = {
        **DOCUMENT,
        "rules": [{**DOCUMENT["rules"][0], "effects": [{"points": {"unit": "points", "amount": 9}}]}],
    }
    await club.apply(changed)
    await club.do("play", "ann")

    causes = [
        (t.amount, t.cause.rule, t.cause.rule_version, t.cause.programme_version)
        for t in await club.transfers("ann")
    ]

    assert causes == [(5, "r", 1, 1), (9, "r", 2, 2)]


async def test_the_same_document_applied_by_many_at_once_is_one_version(programme: MakeProgramme) -> None:
    club = await programme()

    applied = await asyncio.gather(*(club.apply(DOCUMENT) for _ in range(6)))

    assert sorted(len(one.changes) > 0 for one in applied) == [False] * 5 + [True]
    assert {one.version for one in applied} == {2}


async def test_different_changes_at_once_both_stay(club: ProgrammeUnderTest) -> None:
    programmes = club.services.programmes

    await asyncio.gather(
        *(
            programmes.create(club.operator, "badges", {"key": f"b{n}", "status": "published"})
            for n in range(6)
        )
    )

    catalogue = await programmes.catalogue(club.key)
    assert set(catalogue.badges) == {f"b{n}" for n in range(6)}
    assert catalogue.version == 7


async def test_definitions_are_made_as_drafts_published_and_archived(club: ProgrammeUnderTest) -> None:
    programmes, ops = club.services.programmes, club.operator
    rule = {"key": "r2", "on": ["play"], "effects": [{"points": {"unit": "points", "amount": 100}}]}
    await club.join("ann")

    await programmes.create(ops, "rules", rule)
    await club.do("play", "ann")
    assert await club.balance("ann", "points") == 5
    await programmes.set_status(ops, "rules", "r2", Status.PUBLISHED)
    await club.do("play", "ann")
    assert await club.balance("ann", "points") == 110
    await programmes.update(ops, "rules", {**rule, "when": "false"})
    await club.do("play", "ann")
    assert await club.balance("ann", "points") == 115
    applied = await programmes.set_status(ops, "rules", "r2", Status.ARCHIVED)

    assert applied.catalogue.rules["r2"].version == 4
    assert (await programmes.catalogue(club.key)).version == applied.version


async def test_what_is_archived_does_not_stand_in_the_way_of_later_changes(programme: MakeProgramme) -> None:
    def document(properties: dict[str, Any], **sections: Any) -> dict[str, Any]:
        schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return {
            "units": [{"key": "points"}],
            "activity_types": [{"key": "play", "properties": schema}],
            **sections,
        }

    rule = {
        "key": "r",
        "on": ["play"],
        "when": "activity.old > 1",
        "effects": [{"award": {"badge": "b", "level": 2}}],
    }
    counter = {"key": "c", "on": ["play"], "add": "activity.old"}
    levels = [{"level": 1}, {"level": 2}]
    task = {"key": "t", "goal": 1, "reward": [{"award": {"badge": "b", "level": 2}}]}
    club = await programme(
        document(
            {"old": {"type": "integer"}},
            rules=[rule],
            counters=[counter],
            tasks=[task],
            badges=[{"key": "b", "levels": levels}],
        )
    )
    await club.apply(document({"new": {"type": "integer"}}, badges=[{"key": "b"}]))

    await club.services.programmes.create(club.operator, "badges", {"key": "another"})
    await club.services.programmes.set_status(club.operator, "units", "points", Status.ARCHIVED)

    with pytest.raises(Problem):
        await club.services.programmes.set_status(club.operator, "rules", "r", Status.PUBLISHED)


@pytest.mark.parametrize(
    ("section", "definition", "error"),
    [
        ("rules", {"key": "r", "on": ["play"], "effects": []}, Conflict),
        ("rules", {"key": "n", "on": ["play"], "effects": []}, Problem),
        ("rules", {"on": ["play"]}, Problem),
        ("nonsense", {"key": "x"}, DomainError),
        ("programme", {"key": "x"}, DomainError),
    ],
)
async def test_a_definition_that_does_not_fit_is_refused(
    club: ProgrammeUnderTest, section: str, definition: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await club.services.programmes.create(club.operator, section, definition)


async def test_what_is_not_there_is_not_changed(club: ProgrammeUnderTest) -> None:
    programmes = club.services.programmes

    with pytest.raises(NotFound):
        await programmes.update(club.operator, "units", {"key": "coins"})
    with pytest.raises(NotFound):
        await programmes.set_status(club.operator, "units", "coins", Status.ARCHIVED)
    with pytest.raises(InvalidInput):
        await programmes.set_status(club.operator, "nonsense", "coins", Status.ARCHIVED)
    with pytest.raises(NotFound):
        await programmes.create(Actor("no-such-programme", "ops", Role.OPERATOR), "units", {"key": "x"})


async def test_only_operators_define(club: ProgrammeUnderTest) -> None:
    for actor in (club.service, club.moderator, club.member_actor("ann")):
        with pytest.raises(Forbidden):
            await club.services.programmes.apply(actor, {"programme": {"key": club.key}})
        with pytest.raises(Forbidden):
            await club.services.programmes.set_status(actor, "rules", "r", Status.ARCHIVED)


async def test_a_document_for_another_programme_is_refused(club: ProgrammeUnderTest) -> None:
    with pytest.raises(InvalidInput, match="token"):
        await club.services.programmes.apply(club.operator, {"programme": {"key": "another"}})
