"""Draws as clients see them: drawing, buying, what is published before and after, and who may read what."""

import json
from datetime import timedelta
from typing import Any

import pytest

from gamification.lottery.checking import check_document
from tests.conftest import MakeProgramme
from tests.lottery_world import AFTER_CLOSE, CLOSES, NOON, RAFFLE, WHEEL, changed, fair
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

PLAY = """play { id nonce clientSeed prize prizeName streak isGuaranteed gone odds { prize weight } at
    draw { key } round { key state seedHash seed oddsHash } transfer { amount unit { key } cause { draw { key round } } } }
    replayed"""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The fair on a Sunday at noon; Ann and Bob have come four times each, and once."""
    club = await programme(fair(), lateness="unlimited")
    club.clock.now = NOON
    await club.join("ann", display_name="Ann")
    await club.join("bob", display_name="Bob")
    await club.record(*(club.activity("visit", name) for name in ("ann", "ann", "ann", "ann", "bob")))
    return club


async def draw(
    graphql: GraphQL, club: ProgrammeUnderTest, name: str, key: str, **stated: Any
) -> dict[str, Any]:
    stated = {"draw": "wheel", "idempotencyKey": key, **stated}
    return await graphql.done(club.member_actor(name), "drawTicket", stated, PLAY)


async def proof_of_day(graphql: GraphQL, club: ProgrammeUnderTest, name: str) -> Any:
    found = await graphql.read(
        club.member_actor(name), '{ me { drawProof(draw: "wheel", day: "2026-11-22") } }'
    )
    return found["me"]["drawProof"]


# -- instant draws


async def test_a_draw_takes_a_ticket_and_says_what_drew(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    found = await draw(graphql, club, "ann", "1", clientSeed="lucky")

    play = found["play"]
    assert found["replayed"] is False
    assert (play["nonce"], play["clientSeed"], play["streak"], play["gone"]) == (1, "lucky", 0, [])
    assert play["transfer"]["amount"] == -1
    assert play["transfer"]["unit"] == {"key": "spins"}
    assert play["transfer"]["cause"]["draw"] == {"key": "wheel", "round": "2026-11-22"}
    assert play["odds"] == [
        {"prize": "car", "weight": 1},
        {"prize": "gems", "weight": 30},
        {"prize": "star", "weight": 20},
        {"prize": None, "weight": 49},
    ]
    assert play["round"]["key"] == "2026-11-22"
    assert play["round"]["state"] == "OPEN"
    assert play["round"]["seed"] is None
    assert await club.balance("ann", "spins") == 8


async def test_the_same_key_draws_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    first = await draw(graphql, club, "ann", "1")
    again = await draw(graphql, club, "ann", "1")
    other = await graphql.mutate(
        club.member_actor("ann"), "drawTicket", {"draw": "wheel", "clientSeed": "x", "idempotencyKey": "1"}
    )

    assert (again["replayed"], again["play"]["id"]) == (True, first["play"]["id"])
    assert await club.balance("ann", "spins") == 8
    typed(other, "IdempotencyConflictError", "IDEMPOTENCY_CONFLICT")


async def test_prizes_are_given_with_their_cause(graphql: GraphQL, programme: MakeProgramme) -> None:
    _, gems, star = WHEEL["prizes"]
    club = await programme(
        fair(
            changed(WHEEL, prizes=[{**gems, "stock": 5}, {**star, "stock": 4}], blank=0, exhausted="others")
        ),
        lateness="unlimited",
    )
    club.clock.now = NOON
    await club.join("ann")
    await club.record(*(club.activity("visit", "ann") for _ in range(4)))
    prizes = [(await draw(graphql, club, "ann", str(number)))["play"]["prize"] for number in range(9)]

    wins = await graphql.read(
        club.member_actor("ann"),
        """{ me { drawWins { nodes { prize prizeName number givenAt draw { key } round { key }
            transfers { amount cause { draw { key round prize } } } awards { badge { key } } } }
            draws { draw { key } tickets drawnToday plays wins } } }""",
    )
    won = [win["prize"] for win in wins["me"]["drawWins"]["nodes"]]
    assert sorted(won) == sorted(prize for prize in prizes if prize)
    assert (won.count("gems"), won.count("star")) == (5, 4)
    for win in wins["me"]["drawWins"]["nodes"]:
        if win["prize"] == "gems":
            (transfer,) = win["transfers"]
            assert transfer["amount"] == 5
            assert transfer["cause"]["draw"] == {"key": "wheel", "round": "2026-11-22", "prize": "gems"}
    assert await club.balance("ann", "gems") == 5 * prizes.count("gems")
    wheel = next(one for one in wins["me"]["draws"] if one["draw"]["key"] == "wheel")
    assert wheel == {"draw": {"key": "wheel"}, "tickets": 0, "drawnToday": 9, "plays": 9, "wins": len(won)}


async def test_without_a_ticket_nothing_is_drawn(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await draw(graphql, club, "bob", "1")
    result = await graphql.mutate(
        club.member_actor("bob"), "drawTicket", {"draw": "wheel", "idempotencyKey": "2"}
    )

    error = typed(result, "InsufficientPointsError", "INSUFFICIENT_POINTS")
    assert (error["available"], error["requested"]) == (0, 1)


async def test_tickets_are_bought_for_points(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    stated = {"draw": "wheel", "count": 2, "idempotencyKey": "1"}
    selection = "spent { amount unit { key } } tickets { amount unit { key } kind } replayed"
    bought = await graphql.done(club.member_actor("bob"), "buyTickets", stated, selection)
    again = await graphql.done(club.member_actor("bob"), "buyTickets", stated, selection)
    more = await graphql.mutate(
        club.member_actor("bob"), "buyTickets", {"draw": "wheel", "count": 1, "idempotencyKey": "2"}
    )

    assert bought["spent"] == {"amount": -100, "unit": {"key": "points"}}
    assert bought["tickets"] == {"amount": 2, "unit": {"key": "spins"}, "kind": "ADJUSTED"}
    assert again == {**bought, "replayed": True}
    typed(more, "InsufficientPointsError")
    assert (await club.balance("bob", "points"), await club.balance("bob", "spins")) == (0, 3)


@pytest.mark.parametrize(
    ("field", "stated", "kind", "code", "path"),
    [
        ("drawTicket", {"draw": "none"}, "NotFoundError", "NOT_FOUND", "draw"),
        ("drawTicket", {"draw": "raffle"}, "InvalidInputError", "INVALID_INPUT", "draw"),
        ("drawTicket", {"clientSeed": "x" * 65}, "InvalidInputError", "INVALID_INPUT", "clientSeed"),
        ("buyTickets", {"draw": "none", "count": 1}, "NotFoundError", "NOT_FOUND", "draw"),
        ("buyTickets", {"draw": "raffle", "count": 1}, "InvalidInputError", "INVALID_INPUT", "draw"),
        ("buyTickets", {"count": 0}, "InvalidInputError", "INVALID_INPUT", "count"),
        ("buyTickets", {"count": 1001}, "InvalidInputError", "INVALID_INPUT", "count"),
    ],
)
async def test_refuses_what_it_cannot_take(
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    field: str,
    stated: dict[str, Any],
    kind: str,
    code: str,
    path: str,
) -> None:
    result = await graphql.mutate(
        club.member_actor("ann"), field, {"draw": "wheel", "idempotencyKey": "1", **stated}
    )
    typed(result, kind, code, path)


async def test_the_days_seed_is_committed_before_and_revealed_after(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.services.rounds.run_in(club.key)
    asked = """{ draw(key: "wheel") { round { key state seedHash committedAt odds oddsHash openedAt seed revealedAt }
        tomorrow: round(key: "2026-11-23") { state seedHash oddsHash seed } rounds { nodes { key } } } }"""
    before = (await graphql.read(club.member_actor("ann"), asked))["draw"]
    for number in range(9):
        await draw(graphql, club, "ann", str(number), clientSeed=f"ann {number}")
    open_proof = await proof_of_day(graphql, club, "ann")
    club.clock.now = NOON + timedelta(days=1)
    await club.services.rounds.run_in(club.key)
    proof = await proof_of_day(graphql, club, "ann")
    after = (await graphql.read(club.member_actor("ann"), asked))["draw"]

    assert (before["round"]["key"], before["round"]["state"], before["round"]["seed"]) == (
        "2026-11-22",
        "OPEN",
        None,
    )
    assert before["tomorrow"]["state"] == "COMMITTED"
    assert before["tomorrow"]["oddsHash"] is None
    assert [one["key"] for one in before["rounds"]["nodes"]] == ["2026-11-23", "2026-11-22"]
    assert after["round"]["seedHash"] == before["tomorrow"]["seedHash"]
    assert open_proof["seed"] is None
    verdict = check_document(open_proof)
    assert verdict.ok
    assert set(verdict.open) == {"seed", "prizes"}
    published = {"seed_hash": before["round"]["seedHash"], "odds_hash": before["round"]["oddsHash"]}
    verdict = check_document(json.loads(json.dumps(proof)), published)
    assert (verdict.wrong, verdict.open) == ([], [])
    assert "prizes" in verdict.checked
    assert len(proof["plays"]) == 9


async def test_what_changes_during_a_day_holds_from_the_next(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    # Without the car: once it is won its weight would be the blank's.
    prizes = WHEEL["prizes"][1:]
    await club.apply(fair(changed(WHEEL, prizes=prizes), RAFFLE), lateness="unlimited")
    club.clock.now = NOON + timedelta(days=1)
    await draw(graphql, club, "ann", "1")
    await club.apply(fair(changed(WHEEL, prizes=prizes, blank=999), RAFFLE), lateness="unlimited")
    today = await draw(graphql, club, "ann", "2")
    club.clock.now = NOON + timedelta(days=2)
    tomorrow = await draw(graphql, club, "ann", "3")

    assert today["play"]["odds"][-1] == {"prize": None, "weight": 49}
    assert tomorrow["play"]["odds"][-1] == {"prize": None, "weight": 999}


async def test_an_archived_draw_stops_at_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await draw(graphql, club, "ann", "1")
    await club.apply(fair(RAFFLE), lateness="unlimited")
    result = await graphql.mutate(
        club.member_actor("ann"), "drawTicket", {"draw": "wheel", "idempotencyKey": "2"}
    )
    typed(result, "ConflictError", "DRAW_CLOSED", "draw")
    replayed = await draw(graphql, club, "ann", "1")
    assert replayed["replayed"]


async def test_what_is_gone_is_recorded_and_its_odds_go_to_nothing(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    prizes = [{"key": "mug", "weight": 10, "stock": 2}, {"key": "pen", "weight": 5, "daily": 1}]
    wheel = changed(WHEEL, prizes=prizes, blank=0, ticket=None, free_daily=1000)
    club = await programme(fair(wheel))
    club.clock.now = NOON
    await club.join("ann")
    plays: list[dict[str, Any]] = []
    while True:
        stated = {"draw": "wheel", "idempotencyKey": str(len(plays))}
        result = await graphql.mutate(club.member_actor("ann"), "drawTicket", stated, PLAY)
        assert result.data is not None
        if "play" not in result.data["drawTicket"]:
            break
        plays.append(result.data["drawTicket"]["play"])
    asked = '{ draw(key: "wheel") { totalWeight prizes { key weight stock daily issued issuedToday isAvailable } } }'
    shown = await graphql.read(club.member_actor("ann"), asked)
    club.clock.now = NOON + timedelta(days=1)
    later = (await draw(graphql, club, "ann", "later"))["play"]
    await club.services.rounds.run_in(club.key)

    typed(result, "ConflictError", "DRAW_EXHAUSTED", "draw")
    assert sorted(play["prize"] for play in plays if play["prize"]) == ["mug", "mug", "pen"]
    assert plays[0]["gone"] == []
    for play in plays:
        assert sum(row["weight"] for row in play["odds"]) == 15
        assert {row["prize"] for row in play["odds"]}.isdisjoint(play["gone"])
    mug, pen = shown["draw"]["prizes"]
    assert mug == {"key": "mug", "weight": 10, "stock": 2, "daily": None, "issued": 2, "issuedToday": 2} | {
        "isAvailable": False
    }
    assert (pen["issued"], pen["isAvailable"]) == (1, False)
    assert later["gone"] == ["mug"]
    assert check_document(await proof_of_day(graphql, club, "ann")).wrong == []


async def test_free_draws_come_first_and_the_days_limit_holds(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(fair(changed(WHEEL, free_daily=1, daily_limit=2)), time_zone="Asia/Shanghai")
    club.clock.now = NOON
    await club.join("ann")
    free = await draw(graphql, club, "ann", "1")
    poor = await graphql.mutate(
        club.member_actor("ann"), "drawTicket", {"draw": "wheel", "idempotencyKey": "2"}
    )
    await club.record(*(club.activity("visit", "ann") for _ in range(2)))
    paid = await draw(graphql, club, "ann", "3")
    beyond = await graphql.mutate(
        club.member_actor("ann"), "drawTicket", {"draw": "wheel", "idempotencyKey": "4"}
    )
    standing = "{ me { draws { freeLeft drawnToday leftToday guaranteedIn } } }"
    today = await graphql.read(club.member_actor("ann"), standing)
    club.clock.now = NOON.replace(hour=16)  # midnight in Shanghai
    tomorrow = await graphql.read(club.member_actor("ann"), standing)
    again = await draw(graphql, club, "ann", "5")

    assert free["play"]["transfer"] is None
    typed(poor, "InsufficientPointsError")
    assert paid["play"]["transfer"] is not None
    assert typed(beyond, "ConflictError", "DRAW_LIMIT_REACHED")
    assert today["me"]["draws"] == [{"freeLeft": 0, "drawnToday": 2, "leftToday": 0, "guaranteedIn": None}]
    assert tomorrow["me"]["draws"] == [{"freeLeft": 1, "drawnToday": 0, "leftToday": 2, "guaranteedIn": None}]
    assert again["play"]["round"]["key"] == "2026-11-23"
    assert (again["play"]["nonce"], again["play"]["transfer"]) == (1, None)


async def test_a_win_is_guaranteed_after_so_many_draws_across_days(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    prizes = [{"key": "gem", "weight": 1, "stock": 5}, {"key": "pen", "weight": 1}]
    wheel = changed(
        WHEEL,
        prizes=prizes,
        blank=10**12,
        guarantee={"after": 3, "prizes": ["gem"]},
        ticket=None,
        free_daily=2,
    )
    club = await programme(fair(wheel))
    club.clock.now = NOON
    await club.join("ann")
    plays = []
    for number in range(6):
        club.clock.now = NOON + timedelta(days=number // 2)
        plays.append((await draw(graphql, club, "ann", str(number)))["play"])
    club.clock.now = NOON + timedelta(days=4)
    await club.services.rounds.run_in(club.key)

    assert [play["prize"] for play in plays] == [None, None, "gem"] * 2
    assert [play["isGuaranteed"] for play in plays] == [False, False, True] * 2
    assert [play["streak"] for play in plays] == [0, 1, 2] * 2
    assert plays[2]["odds"] == [{"prize": "gem", "weight": 1}]
    for day in ("2026-11-22", "2026-11-23", "2026-11-24"):
        found = await graphql.read(
            club.member_actor("ann"),
            'query ($day: String!) { me { drawProof(draw: "wheel", day: $day) } }',
            {"day": day},
        )
        assert check_document(found["me"]["drawProof"]).wrong == []


# -- scheduled draws


ROUND = """{ draw(key: "raffle") { kind entry wins beacon prizes { key stock issued } round(key: "november") { id key state
    opensAt closesAt seedHash odds oddsHash entrantCount chanceCount entrantsHash seed winnerCount beacon excluded { code
    reason } entrants { nodes { code chances } totalCount } winners { nodes { prize number code } } proof draw { key } } } }"""


async def ran(graphql: GraphQL, club: ProgrammeUnderTest, name: str = "ann") -> dict[str, Any]:
    await club.services.rounds.run_in(club.key)
    found: dict[str, Any] = (await graphql.read(club.member_actor(name), ROUND))["draw"]["round"]
    return found


async def test_a_round_is_published_step_by_step_and_computed_again(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    opened = await ran(graphql, club)
    club.clock.now = CLOSES + timedelta(minutes=1)
    waiting = await ran(graphql, club)
    club.clock.now = AFTER_CLOSE
    done = await ran(graphql, club)

    assert (opened["state"], opened["entrantCount"], opened["seed"]) == ("OPEN", 0, None)
    assert opened["odds"]["prizes"] == [["trip", 1], ["mug", 2]]
    assert (waiting["state"], waiting["entrants"]["nodes"]) == ("OPEN", [])
    assert (done["state"], done["entrantCount"], done["chanceCount"], done["winnerCount"]) == (
        "REVEALED",
        2,
        5,
        2,
    )
    assert (done["seedHash"], done["oddsHash"]) == (opened["seedHash"], opened["oddsHash"])
    assert sorted(one["chances"] for one in done["entrants"]["nodes"]) == [1, 4]
    assert [(won["prize"], won["number"]) for won in done["winners"]["nodes"]] == [("trip", 1), ("mug", 1)]
    verdict = check_document(
        json.loads(json.dumps(done["proof"])),
        {"seed_hash": opened["seedHash"], "odds_hash": opened["oddsHash"]},
    )
    assert (verdict.wrong, verdict.open) == ([], [])
    assert {"seed", "odds", "entrants", "winners"} <= set(verdict.checked)
    assert (await club.balance("ann", "entries"), await club.balance("bob", "entries")) == (0, 0)


async def test_entrants_and_winners_learn_it(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    watched = """subscription { myProgress { __typename ... on DrawEntered { entry { code salt chances round { key } } }
        ... on DrawPrizeWon { win { prize code transfers { amount } awards { badge { key } } } }
        ... on TicketDrawn { play { nonce } } } }"""
    club.clock.now = NOON
    await club.services.rounds.run_in(club.key)
    async with graphql.subscribe(club.member_actor("ann"), watched) as stream:
        assert (await stream.data())["__typename"] == "ProgressSnapshot"
        await draw(graphql, club, "ann", "1")
        club.clock.now = AFTER_CLOSE
        await club.services.rounds.run_in(club.key)
        told = await stream.until_quiet(1.0)

    kinds = [one["__typename"] for one in told]
    assert {"TicketDrawn", "DrawEntered", "DrawPrizeWon"} <= set(kinds)
    entered = next(one for one in told if one["__typename"] == "DrawEntered")["entry"]
    won = next(one for one in told if one["__typename"] == "DrawPrizeWon")["win"]
    assert (entered["chances"], entered["round"]["key"]) == (4, "november")
    assert won["code"] == entered["code"]
    own = await graphql.read(
        club.member_actor("ann"),
        "{ me { drawEntries { nodes { code salt chances transfer { amount } } } } }",
    )
    (entry,) = own["me"]["drawEntries"]["nodes"]
    assert (entry["code"], entry["transfer"]["amount"]) == (entered["code"], -4)


async def test_a_beacon_is_waited_for_and_taken_once(graphql: GraphQL, programme: MakeProgramme) -> None:
    source = "drand quicknet, round 30000000"
    club = await programme(fair(changed(RAFFLE, beacon=source)), lateness="unlimited")
    club.clock.now = NOON
    await club.join("ann")
    await club.do("visit", "ann")
    await club.services.rounds.run_in(club.key)
    stated = {"draw": "raffle", "round": "november", "value": "9f3a"}
    early = await graphql.mutate(club.operator, "publishBeacon", stated)
    club.clock.now = AFTER_CLOSE
    closed = await ran(graphql, club)
    taken = await graphql.done(club.operator, "publishBeacon", stated, "round { state beacon }")
    again = await graphql.done(club.service, "publishBeacon", stated, "round { beacon }")
    other = await graphql.mutate(club.operator, "publishBeacon", {**stated, "value": "0000"})
    wrong = await graphql.mutate(club.operator, "publishBeacon", {**stated, "value": "é"})
    nowhere = await graphql.mutate(club.operator, "publishBeacon", {**stated, "round": "none"})
    done = await ran(graphql, club)

    typed(early, "ConflictError", "CONFLICT", "round")
    assert (closed["state"], closed["seed"]) == ("CLOSED", None)
    assert check_document(closed["proof"]).open == ["seed", "winners"]
    assert taken["round"] == {"state": "CLOSED", "beacon": "9f3a"}
    assert again["round"] == {"beacon": "9f3a"}
    typed(other, "ConflictError", "CONFLICT", "round")
    typed(wrong, "InvalidInputError", "INVALID_INPUT", "value")
    typed(nowhere, "NotFoundError", "NOT_FOUND", "round")
    assert done["state"] == "REVEALED"
    assert (done["odds"]["beacon"], done["beacon"]) == (source, "9f3a")
    assert check_document(done["proof"]).wrong == []


async def test_a_visit_taken_back_before_the_close_is_no_ticket(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    visit = await club.do("visit", "bob")
    await club.services.rounds.run_in(club.key)
    await club.reverse(visit)
    club.clock.now = AFTER_CLOSE
    done = await ran(graphql, club)

    assert sorted(one["chances"] for one in done["entrants"]["nodes"]) == [1, 4]


async def test_a_visit_taken_back_after_the_draw_leaves_the_prize_and_records_what_is_owed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    visit = await club.do("visit", "bob")
    await club.services.rounds.run_in(club.key)
    club.clock.now = AFTER_CLOSE
    done = await ran(graphql, club)
    await club.reverse(visit)
    again = await ran(graphql, club)

    assert again == done
    assert await club.balance("bob", "entries") == 0
    account = await club.account("bob", "entries")
    assert account is not None
    assert account.owed == 1
    assert check_document(again["proof"]).wrong == []


# -- who may read what


async def test_what_is_a_members_own_is_not_shown_to_others(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await draw(graphql, club, "ann", "1")
    own = await graphql.read(club.member_actor("ann"), "{ me { drawPlays { nodes { id } } } }")
    (play,) = own["me"]["drawPlays"]["nodes"]
    fields = [
        "draws { plays }",
        *(f"{name} {{ nodes {{ id }} }}" for name in ("drawPlays", "drawWins", "drawEntries")),
    ]
    for field in (*fields, 'drawProof(draw: "wheel", day: "2026-11-22")'):
        asked = f"query ($id: ID!) {{ member(id: $id) {{ {field} }} }}"
        result = await graphql(club.member_actor("bob"), asked, {"id": member_gid(club, "ann")})
        refused(result, "FORBIDDEN")
        shown = await graphql.read(club.moderator, asked, {"id": member_gid(club, "ann")})
        assert next(iter(shown["member"].values())) is not None
    asked = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await graphql.read(club.member_actor("bob"), asked, play))["node"] is None
    assert (await graphql.read(club.member_actor("ann"), asked, play))["node"] == play


async def test_drafts_are_for_operators(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(fair(changed(WHEEL, status="draft"), RAFFLE))
    await club.join("ann")
    asked = '{ draw(key: "wheel") { key } draws { nodes { key } totalCount } }'
    ann = await graphql.read(club.member_actor("ann"), asked)
    operator = await graphql.read(club.operator, asked)
    result = await graphql.mutate(
        club.member_actor("ann"), "drawTicket", {"draw": "wheel", "idempotencyKey": "1"}
    )

    assert ann == {"draw": None, "draws": {"nodes": [{"key": "raffle"}], "totalCount": 1}}
    assert operator["draw"] == {"key": "wheel"}
    typed(result, "NotFoundError", "NOT_FOUND", "draw")


LADDER = {
    "key": "club",
    "measures": [{"key": "points", "unit": "points"}],
    "tiers": [{"key": "basic"}, {"key": "gold", "requires": {"points": 300}}],
}


async def test_higher_tiers_have_more_free_draws(graphql: GraphQL, programme: MakeProgramme) -> None:
    allowances = [{"ladder": "club", "least": "gold", "free_daily": 3}]
    wheel = changed(WHEEL, ticket=None, free_daily=1, free_by_tier=allowances)
    club = await programme(fair(wheel, ladders=[LADDER]), lateness="unlimited")
    club.clock.now = NOON
    await club.join("ann")
    await club.join("bob")
    await club.record(*(club.activity("visit", name) for name in ("ann", "ann", "ann", "bob")))
    standing = "{ me { draws { freeLeft draw { freeDaily freeByTier { ladder tier freeDaily } } } } }"
    ann = await graphql.read(club.member_actor("ann"), standing)
    bob = await graphql.read(club.member_actor("bob"), standing)
    for number in range(3):
        await draw(graphql, club, "ann", str(number))
    await draw(graphql, club, "bob", "1")
    stated = {"draw": "wheel", "idempotencyKey": "more"}
    beyond = [await graphql.mutate(club.member_actor(name), "drawTicket", stated) for name in ("ann", "bob")]

    assert [found["me"]["draws"][0]["freeLeft"] for found in (ann, bob)] == [3, 1]
    assert ann["me"]["draws"][0]["draw"] == {
        "freeDaily": 1,
        "freeByTier": [{"ladder": "club", "tier": "gold", "freeDaily": 3}],
    }
    for result in beyond:
        typed(result, "ConflictError", "DRAW_LIMIT_REACHED")


async def test_a_draw_can_be_for_a_tier_and_above(graphql: GraphQL, programme: MakeProgramme) -> None:
    gate = {"ladder": "club", "least": "gold"}
    document = fair(changed(WHEEL, tier=gate), changed(RAFFLE, tier=gate), ladders=[LADDER])
    club = await programme(document, lateness="unlimited")
    club.clock.now = NOON
    await club.join("ann")
    await club.join("bob")
    await club.record(*(club.activity("visit", name) for name in ("ann", "ann", "ann", "bob")))
    await draw(graphql, club, "ann", "1")
    result = await graphql.mutate(
        club.member_actor("bob"), "drawTicket", {"draw": "wheel", "idempotencyKey": "1"}
    )
    await club.services.rounds.run_in(club.key)
    club.clock.now = AFTER_CLOSE
    done = await ran(graphql, club)

    typed(result, "ConflictError", "NOT_ELIGIBLE", "draw")
    assert (done["entrantCount"], done["chanceCount"]) == (1, 3)
    assert (await club.balance("bob", "spins"), await club.balance("bob", "entries")) == (1, 1)
