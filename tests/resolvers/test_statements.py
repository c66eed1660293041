"""`Member.statement`, `balance(asOf:)` over long histories, the chain's hashes, and `liability`."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from gamification.ledger.model import Transfer
from gamification.ledger.reports import LedgerReports
from gamification.ledger.service import replay
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, member_gid, refused
from tests.support import ProgrammeUnderTest

LINE = "period startsAt opening earned deducted spent expired reversed adjusted closing entries moved { kind amount }"
NOVEMBER = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def shop(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Points lapse after 30 days; months begin in Shanghai."""
    units = [{"key": "points", "expires_after": "P30D"}, {"key": "gems"}]
    shop = await programme({**CLUB, "units": units}, time_zone="Asia/Shanghai", lateness="unlimited")
    await shop.join_all("ann", "bob")
    return shop


async def lived(shop: ProgrammeUnderTest) -> None:
    """In September 50 are bought; in October 20 of them spent, and the rest lapses; in November come 40 more, of
    which 10 are taken back, and 7 by hand."""
    shop.clock.now = datetime(2026, 9, 20, 12, tzinfo=UTC)
    await shop.do("buy", "ann", amount=50)
    shop.clock.now = datetime(2026, 10, 2, 12, tzinfo=UTC)
    await shop.services.points.spend(shop.member_actor("ann"), None, "points", 20, "tea", "s")
    shop.clock.now = datetime(2026, 11, 3, 12, tzinfo=UTC)
    while await shop.services.points.expire_lapsed(shop.clock.now):
        pass
    back = await shop.do("buy", "ann", amount=10)
    await shop.do("buy", "ann", amount=30)
    await shop.reverse(back)
    await shop.services.points.adjust(shop.operator, shop.id_of("ann"), "points", 7, "gift", "a")
    shop.clock.now = NOVEMBER


async def test_a_statement_is_what_moved_month_by_month(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    await lived(shop)
    document = f'{{ me {{ statement(unit: "points", from: "2026-08", through: "2026-11") {{ {LINE} }} }} }}'

    answer = await graphql.read(shop.member_actor("ann"), document)

    lines = answer["me"]["statement"]
    columns = (
        "period",
        "opening",
        "earned",
        "spent",
        "expired",
        "reversed",
        "adjusted",
        "closing",
        "entries",
    )
    assert [tuple(line[name] for name in columns) for line in lines] == [
        ("2026-08", 0, 0, 0, 0, 0, 0, 0, 0),
        ("2026-09", 0, 50, 0, 0, 0, 0, 50, 1),
        ("2026-10", 50, 0, -20, -30, 0, 0, 0, 2),
        ("2026-11", 0, 40, 0, 0, -10, 7, 37, 4),
    ]
    assert lines[3]["startsAt"] == "2026-10-31T16:00:00.000Z"
    assert lines[3]["moved"] == [
        {"kind": "EARNED", "amount": 40},
        {"kind": "ADJUSTED", "amount": 7},
        {"kind": "REVERSED", "amount": -10},
    ]


async def test_by_recording_a_late_expiry_is_in_the_month_that_noticed_it(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    await lived(shop)
    document = (
        '{ me { statement(unit: "points", from: "2026-10", by: RECORDED) { period expired closing } } }'
    )

    answer = await graphql.read(shop.member_actor("ann"), document)

    assert answer["me"]["statement"] == [
        {"period": "2026-10", "expired": 0, "closing": 30},
        {"period": "2026-11", "expired": -30, "closing": 37},
    ]


async def test_a_years_statement_closes_with_the_balance(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    await lived(shop)
    document = (
        '{ me { statement(unit: "points", cycle: YEARLY) { period opening earned closing }'
        ' balance(unit: "points") { active } none: statement(unit: "nope") { period } } }'
    )

    me = (await graphql.read(shop.member_actor("ann"), document))["me"]

    assert len(me["statement"]) == 12
    assert me["statement"][-1] == {"period": "2026", "opening": 0, "earned": 90, "closing": 37}
    assert me["balance"]["active"] == 37
    assert me["none"] is None


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ('from: "2026"', "INVALID_INPUT"),
        ('from: "2027-01"', "INVALID_INPUT"),
        ('from: "1999-01"', "TOO_LARGE"),
        ('through: "x"', "INVALID_INPUT"),
    ],
)
async def test_a_statement_of_periods_that_make_no_sense_is_refused(
    graphql: GraphQL, shop: ProgrammeUnderTest, stated: str, code: str
) -> None:
    shop.clock.now = NOVEMBER

    answer = await graphql(
        shop.member_actor("ann"), f'{{ me {{ statement(unit: "points", {stated}) {{ period }} }} }}'
    )

    refused(answer, code, at="me.statement")


async def test_only_the_owner_staff_and_services_read_a_statement(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    document = 'query ($id: ID!) { member(id: $id) { statement(unit: "points") { closing } } }'
    for actor in (shop.moderator, shop.operator, shop.service, shop.member_actor("bob")):
        answer = await graphql.read(actor, document, {"id": member_gid(shop, "bob")})
        assert len(answer["member"]["statement"]) == 12
    result = await graphql(shop.member_actor("ann"), document, {"id": member_gid(shop, "bob")})
    refused(result, "FORBIDDEN", at="member.statement")


async def test_every_past_balance_is_what_the_transfers_add_up_to(
    graphql: GraphQL, shop: ProgrammeUnderTest, mongo: Mongo
) -> None:
    await lived(shop)
    begin = shop.clock.now = datetime(2026, 12, 25, tzinfo=UTC)
    for number in range(40):
        shop.clock.now = begin + timedelta(hours=number)
        await shop.do("buy", "ann", amount=number % 3)
        if number % 7 == 6:
            await shop.services.points.spend(shop.member_actor("ann"), None, "points", 3, "tea", f"x{number}")
    transfers = await shop.transfers("ann", "points")
    instants = sorted({t.recorded_at for t in transfers})
    document = 'query ($at: DateTime!) { me { balance(unit: "points", asOf: $at) { active spent expired lifetime } } }'

    for at in [*instants, instants[0] - timedelta(days=1), instants[9] + timedelta(minutes=1)]:
        answer = await graphql.read(shop.member_actor("ann"), document, {"at": at.isoformat()})
        assert answer["me"]["balance"] == _replayed(transfers, at)

    # What was written before entries held their totals is added up.
    await mongo.collection("transfers").update_many({"programme_id": shop.key}, {"$unset": {"totals": 1}})
    for at in instants[::9]:
        answer = await graphql.read(shop.member_actor("ann"), document, {"at": at.isoformat()})
        assert answer["me"]["balance"] == _replayed(transfers, at)


def _replayed(transfers: list[Transfer], at: datetime) -> dict[str, int]:
    balance = replay("points", [t for t in transfers if t.recorded_at <= at])
    names = ("active", "spent", "expired", "lifetime")
    return {name: getattr(balance, name) for name in names}


async def test_a_past_balance_is_found_without_reading_what_lies_between(
    shop: ProgrammeUnderTest, mongo: Mongo
) -> None:
    begin = shop.clock.now = datetime(2026, 6, 1, tzinfo=UTC)
    for day in range(20):
        shop.clock.now = begin + timedelta(days=day)
        await shop.record(*(shop.activity("buy", "ann", amount=1) for _ in range(100)))
    account = await shop.account("ann", "points")
    assert account is not None
    before = await _documents_read(mongo)

    found = await LedgerReports(mongo).last_until(account.id, begin + timedelta(days=3, hours=1))

    assert found is not None
    assert (found.entry, found.balance_after) == (400, 400)
    assert await _documents_read(mongo) - before < 100


async def _documents_read(mongo: Mongo) -> int:
    answer = await mongo._client.admin.command("serverStatus")
    return int(answer["metrics"]["document"]["returned"])


async def test_entries_show_the_chain(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    for amount in (1, 2, 3):
        await shop.do("buy", "ann", amount=amount)

    answer = await graphql.read(
        shop.member_actor("ann"), '{ me { ledger(unit: "points") { nodes { entry previousHash hash } } } }'
    )

    newest, middle, first = answer["me"]["ledger"]["nodes"]
    assert [first["entry"], middle["entry"], newest["entry"]] == [1, 2, 3]
    assert first["previousHash"] == "0" * 64
    assert middle["previousHash"] == first["hash"]
    assert newest["previousHash"] == middle["hash"]
    assert len(bytes.fromhex(newest["hash"])) == hashlib.sha256().digest_size


LIABILITY = """query ($since: DateTime, $until: DateTime) { liability(since: $since, until: $until) {
    unit { key } outstanding holders expected { month amount }
    flow { issued spent expired takenBack breakage } } }"""


async def test_liability_is_what_is_outstanding_and_when_it_will_lapse(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    await lived(shop)
    shop.clock.now = datetime(2026, 11, 30, 17, tzinfo=UTC)  # December in Shanghai
    await shop.do("buy", "bob", amount=100)
    await shop.services.points.adjust(shop.operator, shop.id_of("bob"), "gems", 4, "gift", "g")

    answer = await graphql.read(
        shop.operator,
        LIABILITY,
        {"since": "2026-09-01T00:00:00Z", "until": "2026-11-30T17:00:00Z"},
    )

    assert answer["liability"] == [
        {
            "unit": {"key": "points"},
            "outstanding": 137,
            "holders": 2,
            "expected": [{"month": "2026-12", "amount": 137}],
            "flow": {"issued": 97, "spent": 20, "expired": 30, "takenBack": 10, "breakage": 0.6},
        },
        {
            "unit": {"key": "gems"},
            "outstanding": 4,
            "holders": 1,
            "expected": [{"month": None, "amount": 4}],
            "flow": {"issued": 0, "spent": 0, "expired": 0, "takenBack": 0, "breakage": None},
        },
    ]


async def test_points_that_last_to_a_months_end_are_expected_in_that_month(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    shop.clock.now = datetime(2026, 12, 1, 4, tzinfo=UTC)
    await shop.do("buy", "ann", amount=5)  # their last day is 31 December

    answer = await graphql.read(shop.operator, LIABILITY)

    assert answer["liability"][0]["expected"] == [{"month": "2026-12", "amount": 5}]
    assert answer["liability"][0]["flow"] is None


async def test_liability_is_the_operators(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    for actor in (shop.member_actor("ann"), shop.moderator, shop.service):
        refused(await graphql(actor, LIABILITY), "FORBIDDEN", at="liability")
    refused(await graphql(None, LIABILITY), "UNAUTHENTICATED", at="liability")


async def test_liability_over_a_time_that_makes_no_sense_is_refused(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    one = {"since": "2026-09-01T00:00:00Z"}
    refused(await graphql(shop.operator, LIABILITY, one), "INVALID_INPUT", at="liability")
    both = {**one, "until": "2026-09-01T00:00:00Z"}
    refused(await graphql(shop.operator, LIABILITY, both), "INVALID_INPUT", at="liability")
