"""`programme`, `applyProgramme` and the mutations of one definition: all for operators, all or nothing."""

from typing import Any

import pytest

from tests.resolvers.harness import CLUB, GraphQL, refused, typed
from tests.support import ProgrammeUnderTest

CHANGED = "version dryRun changes { section key kind version fields }"
DEFINED = f"{CHANGED} definition {{ kind key status version body }}"
DEFINITIONS = "{ programme { version definitions { kind key status version } } }"


def document(club: ProgrammeUnderTest, **changed: Any) -> dict[str, Any]:
    return {**CLUB, "programme": {**CLUB["programme"], "key": club.key}, **changed}


async def version_of(graphql: GraphQL, club: ProgrammeUnderTest) -> int:
    answer = await graphql.read(club.operator, "{ programme { version } }")
    version: int = answer["programme"]["version"]
    return version


async def test_shows_the_programme(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    fields = "key name locale timeZone version units { key name floor expiresAfterDays }"

    answer = await graphql.read(
        club.member_actor("ann"), f"{{ programme {{ {fields} definitions {{ key }} }} }}"
    )

    assert answer["programme"] == {
        "key": club.key,
        "name": "The club",
        "locale": "en",
        "timeZone": "UTC",
        "version": 1,
        "units": [
            {"key": "points", "name": "Points", "floor": 0, "expiresAfterDays": None},
            {"key": "gems", "name": "gems", "floor": 1, "expiresAfterDays": None},
        ],
        "definitions": None,
    }


async def test_operators_see_every_definition(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    answer = await graphql.read(club.operator, DEFINITIONS)

    found = answer["programme"]["definitions"]
    assert {"kind": "RULE", "key": "visits", "status": "PUBLISHED", "version": 1} in found
    assert len(found) == sum(len(part) for name, part in CLUB.items() if name != "programme")


async def test_applies_a_document_and_says_what_changed(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    units = [{**CLUB["units"][0], "name": {"en": "Stars"}}, *CLUB["units"][1:], {"key": "new"}]
    changed = document(club, units=units, badges=CLUB["badges"][:3], collections=[])

    dry = await graphql.done(club.operator, "applyProgramme", {"document": changed, "dryRun": True}, CHANGED)
    assert await version_of(graphql, club) == 1
    done = await graphql.done(club.operator, "applyProgramme", {"document": changed}, CHANGED)
    same = await graphql.done(club.operator, "applyProgramme", {"document": changed}, CHANGED)

    assert (dry["dryRun"], done["dryRun"], same["changes"]) == (True, False, [])
    assert dry["changes"] == done["changes"]
    assert [(c["section"], c["key"], c["kind"], c["version"]) for c in done["changes"]] == [
        ("units", "points", "CHANGED", 2),
        ("units", "new", "ADDED", 1),
        ("badges", "champion", "ARCHIVED", 2),
        ("collections", "crowns", "ARCHIVED", 2),
    ]
    assert done["changes"][0]["fields"] == ["name"]
    assert (dry["version"], done["version"], same["version"]) == (2, 2, 2)


async def test_makes_a_programme_where_there_was_none(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    fresh = ProgrammeUnderTest(f"{club.key}b", club.services, club.clock)
    refused(await graphql(fresh.operator, "{ programme { key } }"), "NOT_FOUND")
    typed(
        await graphql.mutate(
            fresh.operator, "createDefinition", {"kind": "UNIT", "definition": {"key": "a"}}
        ),
        "NotFoundError",
    )

    done = await graphql.done(fresh.operator, "applyProgramme", {"document": document(fresh)}, "version")

    assert done["version"] == 1


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        ({"units": [{"key": "points"}], "tasks": []}, {"rules.visits.effects.1.advance.task", "rules.visits.effects.2.advance.task"}),
        ({"units": [{"key": "Bad Key"}]}, {"units.Bad Key.key"}),
        ({"nonsense": []}, {"nonsense"}),
        ({"units": "text"}, {"units"}),
        ({"programme": {}}, {"programme.key"}),
        (
            {"rules": [{"key": "r", "on": ["visit"], "when": "activity.", "effects": [{"award": {"badge": "newcomer"}}]}]},
            {"rules.r.when"},
        ),
    ],
)  # fmt: skip
async def test_names_every_fault_and_changes_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest, changed: dict[str, Any], places: set[str]
) -> None:
    answer = typed(
        await graphql.mutate(club.operator, "applyProgramme", {"document": document(club, **changed)}),
        "InvalidDocumentError", "INVALID_INPUT",
    )  # fmt: skip

    assert {fault["place"] for fault in answer["faults"]} >= places
    assert all(fault["message"] for fault in answer["faults"])
    assert await version_of(graphql, club) == 1


@pytest.mark.parametrize("nonsense", [[], "text", 5, {"programme": None}, {}])
async def test_refuses_what_is_no_document(graphql: GraphQL, club: ProgrammeUnderTest, nonsense: Any) -> None:
    typed(
        await graphql.mutate(club.operator, "applyProgramme", {"document": nonsense}), "InvalidDocumentError"
    )


async def test_refuses_another_programmes_document(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    stated = document(club, programme={"key": "other"})

    typed(
        await graphql.mutate(club.operator, "applyProgramme", {"document": stated}),
        "InvalidInputError", "INVALID_INPUT", "programme.key",
    )  # fmt: skip


DEEP: Any = {}
for _ in range(150):
    DEEP = {"properties": {"a": DEEP}}


@pytest.mark.parametrize(
    "schema", [{"maximum": float("nan")}, {"maximum": 2**70}, DEEP], ids=["nan", "huge", "deep"]
)
async def test_refuses_a_schema_that_cannot_be_stored(
    graphql: GraphQL, club: ProgrammeUnderTest, schema: Any
) -> None:
    stated = {
        "kind": "ACTIVITY_TYPE",
        "definition": {"key": "x", "properties": {"type": "object", "properties": {"a": schema}}},
    }

    typed(
        await graphql.mutate(club.operator, "createDefinition", stated),
        "InvalidDocumentError",
        "INVALID_INPUT",
    )

    assert await version_of(graphql, club) == 1


async def test_creates_updates_publishes_and_archives(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async def change(field: str, **stated: Any) -> dict[str, Any]:
        return await graphql.done(club.operator, field, {"kind": "BADGE", **stated}, DEFINED)

    created = await change("createDefinition", definition={"key": "early", "name": {"en": "Early"}})
    published = await change("publishDefinition", key="early")
    updated = await change("updateDefinition", definition={"key": "early", "name": {"en": "Early bird"}})
    archived = await change("archiveDefinition", key="early")

    steps = [created, published, updated, archived]
    assert [s["definition"]["status"] for s in steps] == ["DRAFT", "PUBLISHED", "PUBLISHED", "ARCHIVED"]
    assert [s["version"] for s in steps] == [2, 3, 4, 5]
    assert [s["changes"][0]["kind"] for s in steps] == ["ADDED", "CHANGED", "CHANGED", "ARCHIVED"]
    assert archived["changes"][0]["fields"] == ["status"]
    assert updated["definition"]["body"]["name"] == {"en": "Early bird"}
    assert (updated["definition"]["kind"], updated["definition"]["key"]) == ("BADGE", "early")


@pytest.mark.parametrize(
    ("field", "stated"),
    [
        ("createDefinition", {"kind": "BADGE", "definition": {"key": "early"}}),
        (
            "updateDefinition",
            {"kind": "BADGE", "definition": {"key": "newcomer", "repeat": "once", "name": {"en": "N"}}},
        ),
        ("publishDefinition", {"kind": "BADGE", "key": "newcomer"}),
        ("archiveDefinition", {"kind": "BADGE", "key": "champion"}),
    ],
)
async def test_a_dry_run_changes_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest, field: str, stated: dict[str, Any]
) -> None:
    before = await graphql.read(club.operator, DEFINITIONS)

    answer = await graphql.done(club.operator, field, {**stated, "dryRun": True}, DEFINED)

    assert answer["dryRun"] is True
    assert await graphql.read(club.operator, DEFINITIONS) == before


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("createDefinition", {"definition": {"key": "newcomer"}}, "ConflictError", "badges.newcomer"),
    ("createDefinition", {"definition": {"name": {"en": "No key"}}}, "InvalidDocumentError", "badges.key"),
    ("createDefinition", {"definition": {"key": "a", "levels": 3}}, "InvalidDocumentError", "badges.a.levels"),
    ("createDefinition", {"definition": ["a"]}, "InvalidInputError", "definition"),
    ("updateDefinition", {"definition": {"key": "nope"}}, "NotFoundError", "badges.nope"),
    ("updateDefinition", {"definition": "text"}, "InvalidInputError", "definition"),
    ("updateDefinition", {"definition": {"key": "liked", "repeat": "once"}}, "InvalidDocumentError", "rules.likes.effects.0.award"),
    ("publishDefinition", {"key": "nope"}, "NotFoundError", "badges.nope"),
    ("archiveDefinition", {"key": "nope"}, "NotFoundError", "badges.nope"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "stated", "kind", "path"), BAD)
async def test_refuses_a_definition_that_does_not_fit(
    graphql: GraphQL, club: ProgrammeUnderTest, field: str, stated: dict[str, Any], kind: str, path: str
) -> None:
    typed(await graphql.mutate(club.operator, field, {"kind": "BADGE", **stated}), kind, path=path)

    assert await version_of(graphql, club) == 1


async def test_only_operators_define(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for actor in (club.member_actor("ann"), club.moderator, club.service):
        refused(
            await graphql.mutate(actor, "applyProgramme", {"document": document(club, units=[])}), "FORBIDDEN"
        )
        refused(
            await graphql.mutate(actor, "archiveDefinition", {"kind": "BADGE", "key": "newcomer"}),
            "FORBIDDEN",
        )

    assert await version_of(graphql, club) == 1


async def test_an_archived_rule_counts_no_longer(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await graphql.done(club.operator, "archiveDefinition", {"kind": "RULE", "key": "visits"})
    await club.do("visit", "ann")

    assert await club.balance("ann", "points") == 5
