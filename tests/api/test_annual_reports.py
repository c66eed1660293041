"""Members' years as pictures: for themselves over GraphQL, for others by links that expire, can be revoked and die with the member."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from api.app import create_app
from api.bootstrap import Backend
from api.settings import Settings
from community.services import Services
from resolvers.schema import schema
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.keyring import BASE_URL
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOSTILE = "</text><script>alert(1)</script>&\"'<image href='http://evil.example/x'/>\u202e"
CLUB: dict[str, Any] = {
    "programme": {"name": {"en": "The Club", "zh": "星会员"}, "time_zone": "Asia/Shanghai", "lateness": "unlimited"},
    "units": [{"key": "points", "name": {"en": "Stars", "zh": "星星"}}],
    "activity_types": [{"key": "run", "name": {"en": "Runs", "zh": "跑步"}}, {"key": "read"}],
    "badges": [{"key": "runner", "name": {"en": HOSTILE, "zh": "跑者"}}],
    "tasks": [{"key": "thrice", "goal": 3}],
    "leaderboards": [
        {"key": "best", "name": {"en": "Best", "zh": "风云榜"}, "cycle": "monthly", "settles_after": "P2D", "time_zone": "Asia/Shanghai"},
        {"key": "other", "cycle": "monthly", "settles_after": "P2D", "time_zone": "Asia/Shanghai"},
    ],
    "rules": [
        {
            "key": "runs",
            "on": ["run"],
            "effects": [
                {"points": {"unit": "points", "amount": 1500}},
                {"advance": {"task": "thrice"}},
                {"award": {"badge": "runner"}},
                {"score": {"board": "best", "value": 1}},
            ],
        },
        {"key": "reads", "on": ["read"], "effects": [{"score": {"board": "other", "value": 1}}]},
    ],
    "ladders": [
        {
            "key": "club",
            "name": {"en": "Club", "zh": "会员"},
            "measures": [{"key": "points", "unit": "points"}],
            "tiers": [
                {"key": "basic", "name": {"en": "Basic", "zh": "普通"}},
                {"key": "gold", "name": {"en": "Gold", "zh": "金卡"}, "requires": {"points": 3000}},
            ],
        }
    ],
}  # fmt: skip
CARD = "query ($id: ID!) { member(id: $id) { annualCard(year: 2026%s) } }"
SHARE = "address share { year name language expiresAt }"


@pytest.fixture
async def site(
    mongo: Mongo, redis_store: RedisStore, services: Services, settings: Settings
) -> AsyncIterator[httpx.AsyncClient]:
    built = create_app(settings, schema, Backend(mongo, redis_store, services), with_worker=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(built), base_url=BASE_URL) as client:
        yield client


@pytest.fixture
def graphql(services: Services) -> GraphQL:
    return GraphQL(services)


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(CLUB)
    club.clock.now = NOW
    await club.join("ann", display_name="Ann 安")
    await club.join("bob", display_name="Bob")
    for day in (1, 2, 3, 10):
        await club.do("run", "ann", at=datetime(2026, 5, day, 4, tzinfo=UTC))
    await club.do("read", "ann", at=datetime(2026, 5, 10, 5, tzinfo=UTC))
    await club.do("run", "ann", at=datetime(2025, 5, 9, 5, tzinfo=UTC))
    await club.catch_up()
    return club


def said(svg: str) -> list[str]:
    """The lines of a picture, in their order; it is XML that refers to nothing and runs nothing."""
    root = ET.fromstring(svg)  # noqa: S314 - made here
    for one in root.iter():
        name = one.tag.rpartition("}")[2]
        assert name in {"svg", "title", "desc", "rect", "text", "line"}
        assert not any("href" in key or key.startswith("on") for key in one.attrib)
        assert "url(" not in "".join(one.attrib.values())
    return [str(one.text) for one in root.iter() if one.tag.endswith("}text")]


async def card(graphql: GraphQL, club: ProgrammeUnderTest, name: str = "ann", more: str = "") -> str:
    found = await graphql.read(club.member_actor(name), CARD % more, {"id": member_gid(club, name)})
    return str(found["member"]["annualCard"])


async def shared(graphql: GraphQL, club: ProgrammeUnderTest, who: str = "ann", **more: Any) -> str:
    done = await graphql.done(club.member_actor(who), "shareAnnualReport", {"year": 2026, **more}, SHARE)
    return str(done["address"])


async def test_a_year_is_told_in_english_and_chinese(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    english = said(await card(graphql, club, more=", language: EN"))
    chinese = said(await card(graphql, club, more=", language: ZH"))

    # Four days of 2026, three of them in a row; five activities, of which four are runs of 1,500 stars.
    assert english[:10] == [
        *("My year 2026", "Ann 安", "4", "Active days", "3", "Longest streak"),
        *("5", "Activities", "1", "Tasks done"),
    ]
    pairs = dict(zip(english[10:-1:2], english[11:-1:2], strict=False))
    assert pairs["Points earned · Stars"] == "6,000"
    assert pairs["Most often · Runs"] == "× 4"
    assert pairs["Tier · Club"] in {"Basic → Gold", "Gold"}
    assert english[-1] == "The Club"
    assert chinese[:4] == ["2026 年度成长报告", "Ann 安", "4", "活跃天数"]
    assert "获得积分 · 星星" in chinese
    assert "最常参与 · 跑步" in chinese
    assert "跑者" not in " ".join(english)
    assert chinese[-1] == "星会员"


async def test_the_best_rank_at_which_a_board_closed_is_told(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.join("cyd", display_name="Cyd")
    club.clock.now = datetime(2026, 5, 20, 4, tzinfo=UTC)
    for kind, names in (("run", ("bob", "bob", "ann")), ("read", ("bob", "bob", "cyd", "cyd", "ann"))):
        for name in names:
            await club.do(kind, name)
    club.clock.now = NOW
    await club.do("run", "ann")
    await club.catch_up()
    await club.services.closing.close_in(club.key)

    # Of May Ann is second of the runners and last of the readers; of November, which is not over, the first.
    assert "最佳排名 · 风云榜 #2" in " ".join(said(await card(graphql, club, more=", language: ZH")))
    for _ in range(2):
        await club.do("run", "bob")
    # December's board closes in January, and counts to the year that it was of.
    club.clock.now = datetime(2026, 12, 30, 5, tzinfo=UTC)
    await club.do("read", "ann")
    await club.catch_up()
    club.clock.now = datetime(2027, 1, 10, tzinfo=UTC)
    await club.services.closing.close_in(club.key)
    assert "最佳排名 · other #1" in " ".join(said(await card(graphql, club, more=", language: ZH")))
    await graphql.done(club.member_actor("ann"), "setBoardPresence", {"presence": "ABSENT"})
    assert "最佳排名" not in await card(graphql, club, more=", language: ZH")


async def test_the_link_of_an_account_that_became_anothers_shows_nothing(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = await shared(graphql, club), await shared(graphql, club, "bob")
    stated = {"from": member_gid(club, "ann"), "into": member_gid(club, "bob")}
    more = {"reason": "one person", "idempotencyKey": "once"}
    await graphql.done(club.operator, "mergeMembers", {**stated, **more}, "merge { at }")

    assert (await site.get(ann)).status_code == 404
    await club.catch_up()
    lines = said((await site.get(bob)).text)
    # What was Ann's is Bob's year now.
    assert (lines[1], lines[2], lines[6]) == ("Bob", "4", "5")


async def test_names_stay_text_whatever_is_in_them(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.join("eve", display_name=HOSTILE[:60])
    await club.do("run", "eve", at=NOW - timedelta(days=1))
    own = await card(graphql, club, "eve", ", language: EN")
    other = (await site.get(await shared(graphql, club, "eve"))).text
    for svg in (own, other):
        assert any(line.startswith("</text><script>") for line in said(svg))
        assert "<script" not in svg
        assert "\u202e" not in svg


async def test_a_member_without_a_year_has_a_card_that_says_so(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    lines = said(await card(graphql, club, "bob", ", language: ZH"))
    assert lines[1] == "Bob"
    assert "0" in lines


async def test_whoever_has_the_link_sees_it_until_it_expires(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    path = await shared(graphql, club, days=7, language="ZH")

    answer = await site.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert said(answer.text)[0] == "2026 年度成长报告"
    club.clock.advance(timedelta(days=7) - timedelta(seconds=1))
    assert (await site.get(path)).status_code == 200
    club.clock.advance(timedelta(seconds=1))
    assert (await site.get(path)).status_code == 404


async def test_wrong_and_forged_links_show_nothing(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    path = await shared(graphql, club)
    token = path.removeprefix("/annual-reports/").removesuffix(".svg")
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
    for wrong in (
        flipped,
        token[:-1],
        token + "A",
        "x" * 5000,
        "%00",
        member_gid(club, "ann"),
        token.lower(),
    ):
        assert (await site.get(f"/annual-reports/{wrong}.svg")).status_code == 404, wrong
    assert (await site.post(path)).status_code == 405


async def test_revoked_and_replaced_links_show_nothing(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    first = await shared(graphql, club)
    second = await shared(graphql, club)
    earlier = await shared(graphql, club, year=2025)
    assert [(await site.get(path)).status_code for path in (first, second, earlier)] == [404, 200, 200]
    listed = "query ($id: ID!) { member(id: $id) { annualReportShares { year } } }"
    stated = {"id": member_gid(club, "ann")}
    found = await graphql.read(ann, listed, stated)
    assert found["member"]["annualReportShares"] == [{"year": 2026}, {"year": 2025}]

    one = await graphql.done(ann, "revokeAnnualReportShares", {"year": 2026}, "revoked")
    assert (one["revoked"], (await site.get(second)).status_code) == (1, 404)
    rest = await graphql.done(ann, "revokeAnnualReportShares", {}, "revoked")
    again = await graphql.done(ann, "revokeAnnualReportShares", {}, "revoked")
    assert (rest["revoked"], again["revoked"]) == (1, 0)
    assert (await site.get(earlier)).status_code == 404


async def test_of_two_links_made_at_once_one_is_good(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    paths = await asyncio.gather(*(shared(graphql, club) for _ in range(2)))
    assert sorted([(await site.get(path)).status_code for path in paths]) == [200, 404]


async def test_the_link_of_who_is_erased_or_banned_shows_nothing(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = await shared(graphql, club), await shared(graphql, club, "bob")
    stated = {"memberId": member_gid(club, "ann"), "confirmExternalId": "ann"}
    await graphql.done(club.service, "eraseMember", stated)
    assert (await site.get(ann)).status_code == 404
    await club.services.erasures.run_open()
    assert (await site.get(ann)).status_code == 404
    ban = {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "rude"}
    await graphql.done(club.operator, "setMemberStanding", ban)
    assert (await site.get(bob)).status_code == 404


async def test_a_member_is_called_as_they_choose(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    nobody = await shared(graphql, club, name="NOBODY")
    assert "Ann" not in (await site.get(nobody)).text
    refusal = await graphql.mutate(ann, "shareAnnualReport", {"year": 2026, "name": "PSEUDONYM"})
    typed(refusal, "InvalidInputError", "INVALID_INPUT", "name")
    choice = {"presence": "PSEUDONYM", "pseudonym": "Swift Fox"}
    await graphql.done(ann, "setBoardPresence", choice)
    # Who is on boards by another name is not called by their own unless they say so.
    text = (await site.get(await shared(graphql, club))).text
    assert "Swift Fox" in said(text)
    assert "Ann" not in text
    own = (await site.get(await shared(graphql, club, name="DISPLAY_NAME"))).text
    assert "Ann 安" in said(own)


async def test_others_neither_see_nor_share_a_year(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    bob, ann = club.member_actor("bob"), {"id": member_gid(club, "ann")}
    refused(await graphql(bob, CARD % "", ann), "FORBIDDEN")
    listed = "query ($id: ID!) { member(id: $id) { annualReportShares { year } } }"
    refused(await graphql(bob, listed, ann), "FORBIDDEN")
    stated = {"year": 2026, "memberId": ann["id"]}
    refused(await graphql.mutate(bob, "shareAnnualReport", stated), "FORBIDDEN")
    refused(await graphql.mutate(bob, "revokeAnnualReportShares", {"memberId": ann["id"]}), "FORBIDDEN")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"days": -(2**31)}, "days"),
        ({"year": 2027}, "year"),
        ({"year": 1969}, "year"),
    ],
)
async def test_links_are_to_years_that_there_are_and_for_a_year_at_most(
    graphql: GraphQL, club: ProgrammeUnderTest, given: dict[str, Any], field: str
) -> None:
    stated = {"year": 2026, **given}
    refusal = await graphql.mutate(club.member_actor("ann"), "shareAnnualReport", stated)
    typed(refusal, "InvalidInputError", "INVALID_INPUT", field)


async def test_addresses_are_not_logged(
    site: httpx.AsyncClient,
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = await shared(graphql, club)
    await site.get(path)

    told = capfd.readouterr()
    assert path.split("/")[-1].removesuffix(".svg") not in told.out + told.err
    assert "/annual-reports/" in told.out + told.err
